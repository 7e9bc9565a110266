"""Knows a mirror that was lost, emptied, exchanged or put back to an earlier state, and has it filled again.

The mark in the mirror and a row in Postgres name the same filling. The mark is written first, and called whole when
everything was carried; from then on it gets another stamp after each sweep in which something changed, so that an
earlier state of either side is known by its stamp. It only ever takes the place of the mark that was looked at: one put
into a mirror that was emptied in between would call nothing whole.
"""

import asyncio
import logging
from uuid import UUID, uuid4

from semmem.errors import IndexMismatch
from semmem.ports import Mark, Mirror
from semmem.runtime import failpoints
from semmem.stores.postgres.mirror import Filling, MirrorStore

log = logging.getLogger(__name__)


class MirrorKeeper:
    """`due` is set whenever `keep` has something to do before the next sweep."""

    def __init__(self, store: MirrorStore, mirror: Mirror) -> None:
        self._store, self._mirror = store, mirror
        self.whole = False  # as far as this process knows
        self.due = asyncio.Event()

    async def check(self) -> None:
        """Makes the mirror if it is missing, and begins to fill one that is not what Postgres filled. In a few calls.

        Raises StoreUnavailable, and IndexMismatch where another model's stands in its place, or another prefix is used.
        """
        if not await self._mirror.sized():
            return
        await self._check_prefix()
        made = await self._mirror.ensure()
        if made or not await self._is_right():
            async with self._store.alone() as mine:
                if mine and not await self._is_right():
                    await self._check_prefix()
                    await self._begin(fresh=made)

    async def keep(self) -> None:
        """Checks, and takes the next step: queues what has to be carried, calls the mirror whole, or stamps it."""
        self.due.clear()
        await self.check()
        async with self._store.alone() as mine:
            if not (mine and (filling := await self._store.read())):
                return
            mark = await self._mirror.mark()
            if mark is None or not filling.made(mark):
                return
            if filling.whole:
                await self._stamp(filling, mark)
            elif filling.through is None:
                await self._store.queue_all(filling.stamp)
                failpoints.reach("mirror-queued")
                self.due.set()
            elif await self._store.carried(filling.through):
                await self._complete(filling.stamp)
                log.info("qdrant is whole again")

    async def _check_prefix(self) -> None:
        """One database has one collection: two would each be filled from the start whenever the other was."""
        filling = await self._store.read()
        if filling and filling.prefix != self._mirror.prefix and await self._mirror.stands(filling.prefix):
            self.whole = False
            raise IndexMismatch(
                f"this database is mirrored by the collection with the prefix {filling.prefix}, not "
                f"{self._mirror.prefix}; set SEMMEM_QDRANT_PREFIX={filling.prefix} in every process, or delete that "
                "collection in Qdrant to have the other one filled"
            )

    async def _is_right(self) -> bool:
        filling = await self._store.read()
        right = filling is not None and filling.made(await self._mirror.mark())
        self.whole = filling is not None and right and filling.whole
        return right

    async def _begin(self, *, fresh: bool) -> None:
        """Starts with nothing: what was there may be another's, or long forgotten."""
        stamp = uuid4()
        await self._store.begin(self._mirror.prefix, stamp)
        failpoints.reach("mirror-begun")
        if not fresh:
            await self._mirror.empty()
        await self._mirror.put_mark(Mark(stamp, whole=False))
        if await self._store.any_vector():
            log.warning(
                "qdrant is not what Postgres filled: it is filled again, and pgvector answers until it is whole"
            )
            self.due.set()
        else:
            await self._complete(stamp)

    async def _complete(self, stamp: UUID) -> None:
        await self._mirror.renew_mark(stamp, Mark(stamp, whole=True))
        failpoints.reach("mirror-marked")
        await self._store.complete(stamp)
        self.whole = True

    async def _stamp(self, filling: Filling, mark: Mark) -> None:
        changes = await self._store.changes()
        if changes is not None and changes == filling.changes:
            return
        stamp = filling.next or uuid4()
        await self._store.announce(stamp)
        await self._mirror.renew_mark(mark.stamp, Mark(stamp, whole=True))
        await self._store.stamped(stamp, changes)
