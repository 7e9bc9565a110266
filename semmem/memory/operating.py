"""What a worker has yet to do for a place, what it could not do, and what it cost."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from semmem.domain.checks import check_callable, check_each, check_flag, check_is, check_seconds
from semmem.domain.extraction import Usage
from semmem.domain.health import CONTEXT_BUDGET, Health
from semmem.domain.hit import check_page
from semmem.domain.scope import View
from semmem.domain.settings import ScopeSettings
from semmem.domain.waiting import Waiting
from semmem.errors import NotSettled
from semmem.memory.health import health_of
from semmem.memory.place import Place
from semmem.memory.sharing import SharedPlace
from semmem.retrieval.budget import check_budget
from semmem.stores.postgres.ledger import DeadLetter

SETTLE_POLL = 0.05
POLLS_A_COUNT = 10  # progress is told less often than asked for: counting is work too
MAX_REPLAYED = 100_000  # dead letters in one call


class OperatedPlace(SharedPlace):
    """A place that a worker works for."""

    async def settled(
        self,
        *,
        also: Sequence[Place] = (),
        facts: bool = True,
        timeout: float = 60.0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Waits until accepted events are extracted and indexed, and forgotten ones gone; for scripts and tests.

        Without `facts` it waits for the index alone: recall finds the events then, and their facts later. `progress`
        is told how many events wait. Raises NotSettled after `timeout` seconds.
        """
        check_flag("facts", facts)
        check_seconds("timeout", timeout)
        check_callable("progress", progress)
        view = self.view(also)
        try:
            async with asyncio.timeout(timeout):
                polls = 0
                while await self._is_waiting(view, facts=facts):
                    if progress and polls % POLLS_A_COUNT == 0:
                        progress(max(await self._parts.events.count_waiting(view)))
                    await asyncio.sleep(SETTLE_POLL)
                    polls += 1
        except TimeoutError:
            raise NotSettled(
                f"work is left after {timeout:g} s; is a worker running, and its model reachable?"
            ) from None

    async def _is_waiting(self, view: View, *, facts: bool) -> bool:
        async with self._parts.calls.read():
            waits = await self._parts.events.waiting(view, facts=facts)
            if waits and facts:
                await self._parts.events.hurry(view)
        return waits

    async def waiting(self, *, also: Sequence[Place] = (), timeout: float | None = None) -> Waiting:
        """What still waits for a worker here, and for how long; recall and context name only what waits too long."""
        view = self.view(also)
        async with self._parts.calls.read(timeout):
            return await self._parts.health.backlog(view, self._parts.clock())

    async def health(self, *, budget: int = CONTEXT_BUDGET, timeout: float | None = None) -> Health:
        """How this place does: its log, state, groups and checkpoints, what waits and what was given up.

        `budget` is the smallest that agents ask a context with. An agent's memory shows the fields that it may read.
        """
        check_budget(budget)
        await self._know_role(timeout)
        async with self._parts.calls.read(timeout):
            return await health_of(self._parts, self.scope, self._role, budget)

    async def settings(self, *, timeout: float | None = None) -> ScopeSettings:
        """What is settled about this place, and nothing where nobody has settled anything."""
        async with self._parts.calls.read(timeout):
            return await self._parts.settings.read(self.scope)

    async def configure(self, settings: ScopeSettings, *, timeout: float | None = None) -> None:
        """Settles all of it anew: change what `settings` answers with by `dataclasses.replace`.

        Another zone counts for what is remembered from then on. Raises InvalidInput for a zone that Postgres lacks.
        """
        check_is("settings", settings, ScopeSettings)
        async with self._parts.calls.write(timeout):
            await self._parts.settings.write(self.place, settings, self._parts.clock())

    async def dead_letters(
        self, *, replayed: bool = False, before: UUID | None = None, limit: int = 100, timeout: float | None = None
    ) -> list[DeadLetter]:
        """What could not be extracted or was refused, newest first; `before` is the id to go on from."""
        check_page(before, limit)
        check_flag("replayed", replayed)
        async with self._parts.calls.read(timeout):
            return await self._parts.ledger.dead_letters(self.scope, replayed=replayed, before=before, limit=limit)

    async def replay(self, ids: Sequence[UUID] | None = None, *, timeout: float | None = None) -> int:
        """Lets the events of these dead letters (all, if None) be extracted or embedded again; how many letters."""
        if ids is not None:
            ids = check_each("ids", ids, UUID, most=MAX_REPLAYED)
        async with self._parts.calls.write(timeout):
            return await self._parts.ledger.replay(self.scope, ids, self._parts.clock())

    async def usage(self, *, timeout: float | None = None) -> Usage:
        """Model calls and tokens that this scope's extraction has cost."""
        async with self._parts.calls.read(timeout):
            return await self._parts.ledger.usage(self.scope)
