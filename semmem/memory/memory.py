"""An open memory: the way to each place in it."""

from collections.abc import Callable
from dataclasses import replace

from semmem.domain.checks import check_is, check_optional_id
from semmem.domain.drift import Drift
from semmem.domain.health import Installation
from semmem.domain.schema import State
from semmem.domain.scope import Branch, Scope
from semmem.memory.place import Opened, check_reindex, reconciler_of
from semmem.memory.scoped import ScopedMemory


class Memory:
    """An open memory; `scope` is the way to anything in it."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def scope(
        self,
        *,
        tenant: str,
        user: str | None = None,
        workspace: str | None = None,
        state: type[State] | None = None,
    ) -> ScopedMemory:
        """The memory of one user or of one workspace of a tenant. Raises InvalidInput unless exactly one is named.

        `state` is the class of what agents share there besides events, which `update` needs.
        """
        return self.at(Branch(Scope.one_of(tenant, user=user, workspace=workspace)), state=state)

    def at(self, place: Branch, *, state: type[State] | None = None) -> ScopedMemory:
        """The memory of a place that `branches` named."""
        check_is("place", place, Branch)
        return ScopedMemory(place, self._opened, state=state)

    async def reindex(
        self, *, tenant: str | None = None, dry_run: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Drift:
        """As ScopedMemory.reindex, for all that a tenant has, or with None for everything that Qdrant holds.

        This finds points of scopes, and with None of tenants, that do not exist any more as well.
        """
        check_optional_id("tenant", tenant)
        check_reindex(dry_run, progress)
        return await reconciler_of(self._opened.parts).tenant(tenant, dry_run=dry_run, progress=progress)

    async def health(self, *, timeout: float | None = None) -> Installation:
        """How the installation does: who works and what waits, by counts and times of all tenants."""
        parts = self._opened.parts
        async with parts.calls.read(timeout):
            found = await parts.health.read()
        return replace(found, local_log=await parts.keeping.counts()) if parts.keeping else found

    def close(self) -> None:
        """Refuses every later call; semmem.open() closes the stores themselves."""
        self._opened.close()
