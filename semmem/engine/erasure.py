"""forget: effective at its commit, then carried to every store, with a receipt."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from semmem.domain.receipt import Receipt, Selection
from semmem.domain.scope import Branch, Scope
from semmem.errors import NotFound, StoreUnavailable
from semmem.ports import Clock, RecentCache
from semmem.stores.postgres.branches import BranchStore
from semmem.stores.postgres.erasure import Eraser


class Erasure:
    def __init__(self, eraser: Eraser, branches: BranchStore, cache: RecentCache | None, clock: Clock) -> None:
        self._eraser, self._branches, self._cache, self._clock = eraser, branches, cache, clock

    async def forget(self, place: Branch, selection: Selection, *, dry_run: bool) -> Receipt:
        """Everything of a place takes along all that lies below it."""
        below = await self._branches.kept_below(place) if selection.everything else []
        if dry_run:
            return await self._counted([*below, place], selection)
        if below:
            receipt = await self._eraser.erase_whole(place, below, self._clock())
        else:
            receipt = await self._eraser.erase(place, selection, self._clock())
        for each in (*below, place):
            await self.forget_cached(each.scope)
        return receipt

    async def _counted(self, places: Sequence[Branch], selection: Selection) -> Receipt:
        counts = Counter[str]()
        for place in places:
            counts.update(await self._eraser.count(place.scope, selection))
        told = dict(counts) | ({"branches": len(places) - 1} if len(places) > 1 else {})
        return Receipt(id=None, scope=places[-1].scope, counts=told, committed_at=None, stores={})

    async def forget_cached(self, scope: Scope) -> None:
        """If the cache is away: its entries are of an older epoch now, and the worker comes back for them."""
        if self._cache:
            with suppress(StoreUnavailable):
                await self._cache.forget(scope)

    async def expire(self, scope: Scope) -> None:
        """Forgets the records whose time is over."""
        if await self._eraser.erase_expired(scope, self._clock()):
            await self.forget_cached(scope)

    async def receipt(self, scope: Scope, id: UUID) -> Receipt:
        found = await self._eraser.receipt(scope, id)
        if found is None:
            raise NotFound(f"no receipt {id} in this scope")
        return found

    async def receipts(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Receipt]:
        return await self._eraser.receipts(scope, before=before, limit=limit)

    async def finish_cached(self, scope: Scope) -> None:
        """Lets the cache follow; raises StoreUnavailable, and leaves the receipts open, where it is down."""
        if receipts := await self._eraser.open_receipts(scope, "redis"):
            if self._cache:
                await self._cache.forget(scope)
            await self._eraser.close_receipts(scope, "redis", receipts, self._clock())

    async def unmirrored(self, scope: Scope) -> list[UUID]:
        """The receipts of what the mirror has yet to follow; read before it is brought up to date."""
        return await self._eraser.open_receipts(scope, "qdrant")

    async def finish_mirrored(self, scope: Scope, receipts: Sequence[UUID]) -> None:
        if receipts:
            await self._eraser.close_receipts(scope, "qdrant", receipts, self._clock())
