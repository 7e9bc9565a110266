"""Whole memories: read as of one moment, and written as they were."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from semmem.domain.archive import KINDS, written
from semmem.domain.scope import Branch
from semmem.stores.postgres.archive_forgotten import without_forgotten
from semmem.stores.postgres.archive_rows import fields_of
from semmem.stores.postgres.archive_writing import WRITERS, Line, Moved, fresh_id, keyed, known_records
from semmem.stores.postgres.branches import make_scope, register
from semmem.stores.postgres.events import lock_scope
from semmem.stores.postgres.jobs import queue
from semmem.stores.postgres.ledger import add_audit
from semmem.stores.postgres.log import hold_head
from semmem.stores.postgres.points import add_work, retire_points
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.settings import look_again
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("archive.sql")
_PAGE = 200


class Snapshot:
    """A memory as of one moment, whatever is written meanwhile."""

    def __init__(self, tx: Unit, place: Branch) -> None:
        self._tx, self._place = tx, place

    async def places(self) -> list[Branch]:
        """This place and all below it; of a private place only those of its owner."""
        place = self._place
        await self._tx.enter(place)
        rows = await self._tx.fetch(_SQL["places"])
        below = [Branch(place.root, tuple(row["path"]), row["owner"]) for row in rows]
        return [place, *(found for found in below if found != place)]

    async def left_behind(self, places: Sequence[Branch]) -> dict[str, int]:
        total: Counter[str] = Counter()
        for place in places:
            await self._tx.enter(place.scope)
            row = await self._tx.fetchrow(_SQL["left_behind"])
            total.update(dict(row or {}))
        return {name: count for name, count in total.items() if count}

    async def lines(self, place: Branch) -> AsyncGenerator[str, None]:
        """Those of one place, without the line that opens it."""
        await self._tx.enter(place.scope)
        for kind in KINDS:
            async for row in self._tx.cursor(_SQL[f"read_{kind}"], page=_PAGE):
                yield written(kind, fields_of(kind, row))


class ArchiveStore:
    def __init__(self, postgres: Postgres, *, mirrored: bool) -> None:
        """`mirrored` says that this process has another index, which has to follow Postgres."""
        self._postgres, self._mirrored = postgres, mirrored

    @asynccontextmanager
    async def snapshot(self, place: Branch) -> AsyncIterator[Snapshot]:
        async with self._postgres.snapshot() as tx:
            yield Snapshot(tx, place)

    async def check(self, place: Branch, kind: str, lines: Sequence[Line]) -> None:
        """Refuses what contradicts the place as it stands; InvalidInput names the line."""
        async with self._postgres.transaction(place.scope) as tx:
            if kind == "event":
                await keyed(tx, lines)
            if kind == "record":
                await known_records(tx, lines)

    async def write(
        self,
        place: Branch,
        kind: str,
        lines: Sequence[Line],
        moved: Moved,
        now: datetime,
        retracted: Sequence[Line] = (),
    ) -> None:
        """One transaction. What is known by its id is not written again; an id that is taken elsewhere is replaced.

        `retracted` are the retractions of wrong facts that belong to these events.
        """
        async with self._postgres.transaction(place, now) as tx:
            await make_scope(tx)
            await register(tx)
            await lock_scope(tx)
            await hold_head(tx)
            lines = await without_forgotten(tx, kind, lines, moved)
            if kind == "fact":
                await self._close(tx, lines, moved)
            ids = await WRITERS[kind](tx, lines, moved)
            if retracted:
                await WRITERS["retraction"](tx, retracted, moved)
            if ids:
                await add_audit(tx, "import", "import", [UUID(id) for id in ids])
            await _queue_what_follows(tx, kind, lines, new=bool(ids))
        await self._postgres.analyse_new()

    async def _close(self, tx: Unit, lines: Sequence[Line], moved: Moved) -> None:
        """A version that was superseded since it was imported is so here too, before a later one says the same."""
        names = ("superseded_at", "valid_to", "said_to", "ended", "ended_by")
        ends = [
            {"id": id, "successor": moved.successor(said), **{name: said[name] for name in names}}
            for _, said in lines
            for id in (said["id"], fresh_id(tx.scope, said["id"]))
        ]
        closed = [row["id"] for row in await tx.fetch(_SQL["close"], ends=ends)]
        await retire_points(tx, closed)
        await add_work(tx, closed, mirrored=self._mirrored)


async def _queue_what_follows(tx: Unit, kind: str, lines: Sequence[Line], *, new: bool) -> None:
    if kind == "summary" and await tx.fetchval(_SQL["has_stale_summary"]):
        await queue(tx, "erase")
    if new and kind == "event" and await look_again(tx):
        await queue(tx, "erase")
    if new and kind in ("event", "fact"):
        await queue(tx, "index")
    if kind == "event" and any(said["consolidated_at"] is None for _, said in lines):
        await queue(tx, "consolidate")
