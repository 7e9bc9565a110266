"""Compares the mirror with Postgres, point by point, and mends what differs.

Postgres says what should be there, page by page, and the mirror is asked for these points; then all that the mirror
holds is gone through for points that no row owns. What seems to differ is looked at once more while nobody carries
anything there for its scope: what changed meanwhile, or waits to be carried, is no drift. Writers wait for none of it.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from semmem.domain.drift import Drift, DriftKind
from semmem.domain.scope import Scope
from semmem.engine.mirroring import MirrorKeeper
from semmem.ports import Held, Mirror
from semmem.stores.postgres.mirror import MirrorStore
from semmem.stores.postgres.points import IndexWork
from semmem.stores.postgres.pool import Postgres

PAGE = 200  # points with their vectors: some 2 MB of JSON, read in one turn of the loop

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    postgres: Postgres
    work: IndexWork
    store: MirrorStore
    mirror: Mirror
    keeper: MirrorKeeper

    async def scopes(
        self, scopes: Sequence[Scope], *, dry_run: bool = False, progress: Progress | None = None
    ) -> Drift:
        """Compares the points of these scopes. Raises StoreUnavailable; what was mended until then stays so."""
        return await _Run(self, scopes, None, dry_run, progress).drift()

    async def tenant(self, tenant: str | None, *, dry_run: bool = False, progress: Progress | None = None) -> Drift:
        """Compares all points of a tenant, or with None all that the collection holds."""
        return await _Run(self, None, tenant, dry_run, progress).drift()

    async def queued(self) -> int:
        """The number of the last change that waits to be carried; `waiting` counts down to it."""
        return await self.store.last_change()

    async def waiting(self, through: int) -> int:
        """How many of the changes up to this one are still to be carried."""
        return await self.store.waiting(through)


class _Run:
    """One comparison, of these scopes, or else of a tenant, or else of everything."""

    def __init__(
        self,
        of: Reconciler,
        scopes: Sequence[Scope] | None,
        tenant: str | None,
        dry_run: bool,
        progress: Progress | None,
    ) -> None:
        self._postgres, self._work, self._store = of.postgres, of.work, of.store
        self._mirror, self._keeper = of.mirror, of.keeper
        self._scopes, self._tenant, self._dry_run = scopes, tenant, dry_run
        self._progress = progress
        self._compared, self._found = 0, Counter[DriftKind]()

    async def drift(self) -> Drift:
        if not await self._mirror.sized():
            return Drift()  # no vector was ever made
        await self._keeper.check()
        if not self._keeper.whole:
            return Drift(filling=True)
        total = await self._store.size(self._tenant, self._scopes) if self._progress else 0
        async for scope in self._places():
            after: UUID | None = None
            while points := await self._work.page(scope, after, PAGE):
                if suspects := await self._mirror.compare(points):
                    await self._mend(scope, list(suspects))
                after = points[-1].id
                self._compared += len(points)
                if self._progress:
                    self._progress(self._compared, max(total, self._compared))
        for place in self._scopes if self._scopes is not None else [self._tenant]:
            async for page in self._mirror.held(place):
                await self._search_strangers(page)
        return Drift.of(self._compared, self._found)

    async def _places(self) -> AsyncIterator[Scope]:
        if self._scopes is None:
            async for scope in self._store.scopes(self._tenant):
                yield scope
        for scope in self._scopes or ():
            yield scope

    async def _mend(self, scope: Scope, suspects: Sequence[UUID]) -> None:
        """Counts those that differ indeed, and has them carried again."""
        async with self._postgres.exclusively("mirror", scope):
            points = await self._work.settled(scope, suspects)
            found = await self._mirror.compare(points)
            self._found.update(found.values())
            if not self._dry_run:
                await self._work.add(scope, list(found))

    async def _search_strangers(self, page: Sequence[Held]) -> None:
        at_home = await self._work.at_home(page)
        if not (others := [held for held in page if held.id not in at_home]):
            return
        homes = await self._work.homes(_uuids(others))
        strangers, misfiled = defaultdict[Scope | None, list[UUID | int]](list), defaultdict[Scope, list[UUID]](list)
        for held in others:
            home = homes.get(held.id) if isinstance(held.id, UUID) else None
            if home is None:
                strangers[held.scope].append(held.id)
            elif not self._covers(home) and isinstance(held.id, UUID):
                misfiled[home].append(held.id)  # one whose home is compared was found there
        for home, ids in misfiled.items():
            await self._mend(home, ids)
        for scope, own in strangers.items():
            await self._remove(scope, own)

    def _covers(self, scope: Scope) -> bool:
        if self._scopes is not None:
            return scope in self._scopes
        return self._tenant in (None, scope.tenant)

    async def _remove(self, scope: Scope | None, ids: Collection[UUID | int]) -> None:
        """Takes out what no row owns, and counts it; where the point says a scope, under the scope's lock."""
        async with nullcontext() if scope is None else self._postgres.exclusively("mirror", scope):
            held = [each for each in await self._mirror.look_up(ids) if each.scope == scope]
            homes = await self._work.homes(_uuids(held))
            strangers = [each.id for each in held if each.id not in homes]
            self._found["stranger"] += len(strangers)
            if strangers and not self._dry_run:
                await self._mirror.remove(scope, strangers)


def _uuids(held: Sequence[Held]) -> list[UUID]:
    return [each.id for each in held if isinstance(each.id, UUID)]
