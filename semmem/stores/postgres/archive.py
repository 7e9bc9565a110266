"""Whole memories: read as of one moment, and written as they were."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from semmem.domain.archive import KINDS, written
from semmem.domain.scope import Branch, Scope, View
from semmem.stores.postgres.archive_forgotten import without_forgotten
from semmem.stores.postgres.archive_rows import FIELDS_OF
from semmem.stores.postgres.archive_writing import WRITERS, Line, Moved, keyed, known_records
from semmem.stores.postgres.branches import register
from semmem.stores.postgres.events import lock_scope, take_turn
from semmem.stores.postgres.ledger import add_audit
from semmem.stores.postgres.points import add_work, retire_points
from semmem.stores.postgres.pool import Connection, Postgres, columns_of, key_of
from semmem.stores.postgres.sql import statements

_SQL = statements("archive.sql")
_PAGE = 200


class Snapshot:
    """A memory as of one moment, whatever is written meanwhile."""

    def __init__(self, connection: Connection, place: Branch) -> None:
        self._connection, self._place = connection, place

    async def places(self) -> list[Branch]:
        """This place and all below it; of a private place only those of its owner."""
        place = self._place
        await self._enter(place.root)
        rows = await self._connection.fetch(_SQL["places"], *key_of(place.root), place.path, place.owner)
        below = [Branch(place.root, tuple(row["path"]), row["owner"]) for row in rows]
        return [place, *(found for found in below if found != place)]

    async def left_behind(self, places: Sequence[Branch]) -> dict[str, int]:
        total: Counter[str] = Counter()
        for place in places:
            await self._enter(place.scope)
            row = await self._connection.fetchrow(_SQL["left_behind"], *key_of(place.scope))
            total.update(dict(row or {}))
        return {name: count for name, count in total.items() if count}

    async def lines(self, place: Branch) -> AsyncGenerator[str, None]:
        """Those of one place, without the line that opens it."""
        await self._enter(place.scope)
        for kind in KINDS:
            async for row in self._connection.cursor(_SQL[f"read_{kind}"], *key_of(place.scope), prefetch=_PAGE):
                yield written(kind, FIELDS_OF[kind](row))

    async def _enter(self, scope: Scope) -> None:
        await self._connection.execute("select semmem.enter($1, $2, $3)", *columns_of(View.of(scope)))


class ArchiveStore:
    def __init__(self, postgres: Postgres, *, mirrored: bool) -> None:
        """`mirrored` says that another index has to follow Postgres."""
        self._postgres, self._mirrored = postgres, mirrored

    @asynccontextmanager
    async def snapshot(self, place: Branch) -> AsyncIterator[Snapshot]:
        async with self._postgres.snapshot() as connection:
            yield Snapshot(connection, place)

    async def check(self, place: Branch, kind: str, lines: Sequence[Line]) -> None:
        """Refuses what contradicts the place as it stands; InvalidInput names the line."""
        async with self._postgres.transaction(place.scope) as connection:
            if kind == "event":
                await keyed(connection, place.scope, lines)
            if kind == "record":
                await known_records(connection, place.scope, lines)

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
        scope = place.scope
        async with self._postgres.transaction(View.of(scope, place.root)) as connection:
            await connection.execute(_SQL["make_scope"], *key_of(scope))
            await register(connection, place)
            await lock_scope(connection, scope)
            await take_turn(connection, scope)
            lines = await without_forgotten(connection, scope, kind, lines, moved)
            ids = await WRITERS[kind](connection, scope, lines, moved)
            if retracted:
                await WRITERS["retraction"](connection, scope, retracted, moved)
            if kind == "fact":
                await self._close(connection, scope, lines, moved)
            if ids:
                await add_audit(connection, scope, "import", "import", [UUID(id) for id in ids], now)
            stale = kind == "summary" and await connection.fetchval(_SQL["has_stale_summary"], *key_of(scope))
            if stale:
                await connection.execute("select semmem.queue('erase', $1, $2, $3)", *key_of(scope))
            if ids and kind in ("event", "fact"):
                await connection.execute("select semmem.queue('index', $1, $2, $3)", *key_of(scope))
            if any(said["consolidated_at"] is None for _, said in lines if kind == "event"):
                await connection.execute("select semmem.queue('consolidate', $1, $2, $3)", *key_of(scope))
        await self._postgres.analyse_new()

    async def _close(self, connection: Connection, scope: Scope, lines: Sequence[Line], moved: Moved) -> None:
        """A version that was superseded since it was imported is superseded here too."""
        ends = [
            {"id": moved.id(said["id"], "fact"), "superseded_at": said["superseded_at"], "valid_to": said["valid_to"]}
            for _, said in lines
        ]
        closed = [row["id"] for row in await connection.fetch(_SQL["close"], *key_of(scope), ends)]
        await retire_points(connection, scope.tenant, closed)
        if self._mirrored:
            await add_work(connection, scope, closed)
