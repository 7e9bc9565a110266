"""forget: effective at its commit, then carried to every store, with a receipt."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from semmem.domain.receipt import Receipt, Selection
from semmem.domain.scope import Branch, Scope
from semmem.domain.stores import QDRANT, redis_named
from semmem.errors import NotFound, StoreUnavailable
from semmem.ports import Clock, RecentCache
from semmem.runtime import failpoints
from semmem.stores.postgres.branches import BranchStore
from semmem.stores.postgres.erasure import Eraser
from semmem.stores.postgres.receipts import ReceiptStore


class Erasure:
    def __init__(
        self, eraser: Eraser, receipts: ReceiptStore, branches: BranchStore, cache: RecentCache | None, clock: Clock
    ) -> None:
        self._eraser, self._receipts, self._branches = eraser, receipts, branches
        self._cache, self._clock = cache, clock

    async def forget(self, place: Branch, selection: Selection, *, dry_run: bool) -> Receipt:
        """Everything of a place takes along all that lies below it."""
        below = await self._branches.kept_below(place) if selection.everything else []
        if dry_run:
            counts = Counter[str]()
            for each in (*below, place):
                counts.update(await self._eraser.count(each.scope, selection))
            if below:
                counts["branches"] = len(below)
            return Receipt(id=None, scope=place.scope, counts=dict(counts), committed_at=None, stores={})
        if below:
            receipt = await self._eraser.erase_whole(place, below, self._clock())
        else:
            receipt = await self._eraser.erase(place, selection, self._clock())
        for each in (*below, place):
            await self.forget_cached(each.scope)
        return receipt

    async def forget_cached(self, scope: Scope) -> None:
        """If the cache is away: its entries are of an older epoch now, and the worker comes back for them."""
        if self._cache:
            with suppress(StoreUnavailable):
                await self._cache.forget(scope)

    async def expire(self, scope: Scope) -> None:
        """Forgets the records whose time is over, and events that are older than the scope keeps them."""
        now = self._clock()
        expired, aged = await self._eraser.erase_expired(scope, now), await self._eraser.erase_aged(scope, now)
        if expired or aged:
            await self.forget_cached(scope)

    async def receipt(self, scope: Scope, id: UUID) -> Receipt:
        found = await self._receipts.receipt(scope, id)
        if found is None:
            raise NotFound(f"no receipt {id} in this scope")
        return found

    async def receipts(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Receipt]:
        return await self._receipts.receipts(scope, before=before, limit=limit)

    async def finish_cached(self, scope: Scope) -> None:
        """Lets this process's cache follow, where it has one; other caches are others' to see to.

        Raises StoreUnavailable, and leaves the receipts open, where it is down.
        """
        if self._cache is None:
            return
        store = redis_named(self._cache.prefix)
        if receipts := await self._receipts.waiting(scope, store):
            await self._cache.forget(scope)
            failpoints.reach("cache-followed")
            await self._receipts.close(scope, store, receipts, self._clock())

    async def unmirrored(self, scope: Scope) -> list[UUID]:
        """The receipts of what the mirror has yet to follow; read before it is brought up to date."""
        return await self._receipts.waiting(scope, QDRANT)

    async def finish_mirrored(self, scope: Scope, receipts: Sequence[UUID]) -> None:
        if receipts:
            failpoints.reach("mirror-followed")
            await self._receipts.close(scope, QDRANT, receipts, self._clock())
