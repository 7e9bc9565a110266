"""Records: each write of one is a single transaction with its event, and with the forgetting of the earlier one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from semmem.domain.record import NewRecord, Record
from semmem.domain.scope import Branch, Scope, View
from semmem.errors import NotFound
from semmem.stores.postgres.branches import drop, lock_branch, register
from semmem.stores.postgres.erasure import Eraser
from semmem.stores.postgres.events import EventLog, Remembered, lock_scope
from semmem.stores.postgres.pool import Connection, Postgres, Row, columns_of, key_of, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again

_SQL = statements("records.sql")
_NO_WINDOW = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The records in the order given, their events as stored, and whether earlier events were forgotten."""

    records: tuple[Record, ...]
    remembered: Remembered | None
    erased: bool


class RecordStore:
    def __init__(self, postgres: Postgres, log: EventLog, eraser: Eraser) -> None:
        self._postgres, self._log, self._eraser = postgres, log, eraser

    @tried_again
    async def put(self, place: Branch, records: Sequence[NewRecord], now: datetime) -> Written:
        """All or none. The keys must differ."""
        async with self._postgres.transaction(View.of(place.scope, place.root)) as connection:
            await register(connection, place)
            await connection.execute(_SQL["lock"], *key_of(place.scope))
            erased = await self._clear(connection, place.scope, [record.key for record in records], now)
            remembered = await self._remember(connection, place.scope, records, now)
            written = await _write(connection, place.scope, records, remembered, now)
        return Written(records=written, remembered=remembered, erased=erased)

    @tried_again
    async def get(self, scope: Scope, key: str, now: datetime, *, refresh: bool) -> Record | None:
        """With `refresh`, a record's time to live starts again."""
        async with self._postgres.transaction(scope) as connection:
            if refresh:
                await connection.execute(_SQL["refresh"], scope.tenant, [scope.kind], [scope.id], [key], now)
            row = await connection.fetchrow(_SQL["get"], *key_of(scope), key, now)
        return record_of(row) if row else None

    async def named(self, view: View, keys: Sequence[str], now: datetime) -> list[Record]:
        """Those under any of these keys, in the order they were first put."""
        async with self._postgres.transaction(view) as connection:
            rows = await connection.fetch(_SQL["named"], *columns_of(view), now, keys)
        return [record_of(row) for row in rows]

    @tried_again
    async def find(
        self,
        view: View,
        now: datetime,
        *,
        matching: Mapping[str, Any] | None,
        refresh: bool,
        after: Record | None,
        limit: int,
        offset: int,
    ) -> list[Record]:
        """Those whose value holds `matching`, in the order they were first put, from `after` on."""
        async with self._postgres.transaction(view) as connection:
            place = await _place(connection, after) if after else 0
            query = (*columns_of(view), now, matching, limit, offset, place)
            rows = await connection.fetch(_SQL["find"], *query)
            if refresh and rows:
                names = zip(*((row["scope_kind"], row["scope_id"], row["key"]) for row in rows), strict=True)
                await connection.execute(_SQL["refresh"], view.tenant, *map(list, names), now)
                rows = await connection.fetch(_SQL["find"], *query)
        return [record_of(row) for row in rows]

    async def of_events(self, view: View, events: Sequence[UUID], now: datetime) -> dict[UUID, Record]:
        async with self._postgres.transaction(view) as connection:
            rows = await connection.fetch(_SQL["of_events"], *columns_of(view), now, events)
        return {row["event_id"]: record_of(row) for row in rows}

    @tried_again
    async def delete(self, place: Branch, keys: Sequence[str], now: datetime) -> int:
        """With their events; how many there were."""
        async with self._postgres.transaction(View.of(place.scope, place.root)) as connection:
            await lock_branch(connection, place)
            await lock_scope(connection, place.scope)
            found = await connection.fetch(_SQL["replaced"], *key_of(place.scope), keys, now)
            await self._erase(connection, place.scope, found, now)
            await connection.execute(_SQL["delete"], *key_of(place.scope), keys)
            await drop(connection, place)
        return sum(not row["expired"] for row in found)

    async def _clear(self, connection: Connection, scope: Scope, keys: list[str], now: datetime) -> bool:
        """Makes way for new values: an expired record goes, a live one stays without its event."""
        found = await connection.fetch(_SQL["replaced"], *key_of(scope), keys, now)
        expired = [row["key"] for row in found if row["expired"]]
        await connection.execute(_SQL["loosen"], *key_of(scope), keys)
        await connection.execute(_SQL["delete"], *key_of(scope), expired)
        return await self._erase(connection, scope, found, now)

    async def _erase(self, connection: Connection, scope: Scope, found: Sequence[Row], now: datetime) -> bool:
        events = [row["event_id"] for row in found if row["event_id"]]
        if events:
            await self._eraser.erase_events(connection, scope, events, now)
        return bool(events)

    async def _remember(
        self, connection: Connection, scope: Scope, records: Sequence[NewRecord], now: datetime
    ) -> Remembered | None:
        """Without the dedup window: two records may say the same, and each has an event of its own."""
        events = [record.event for record in records if record.event]
        if not events:
            return None
        return await self._log.append(connection, scope, events, now=now, dedup_window=_NO_WINDOW)


async def _place(connection: Connection, record: Record) -> int:
    """Where it stands in the order. Raises NotFound where it stands no more."""
    place: int | None = await connection.fetchval(_SQL["place"], *key_of(record.scope), record.key)
    if place is None:
        raise NotFound("after: this record was deleted or has expired; list again from the first")
    return place


async def _write(
    connection: Connection, scope: Scope, records: Sequence[NewRecord], remembered: Remembered | None, now: datetime
) -> tuple[Record, ...]:
    ids = iter(remembered.acks if remembered else ())
    bodies = [_body(record, next(ids).id if record.event else None) for record in records]
    rows = {row["key"]: row for row in await connection.fetch(_SQL["write"], *key_of(scope), now, bodies)}
    return tuple(record_of(rows[record.key]) for record in records)


def _body(record: NewRecord, event: UUID | None) -> dict[str, Any]:
    ttl = record.ttl.total_seconds() if record.ttl else None
    return {"key": record.key, "value": dict(record.value), "event_id": str(event) if event else None, "ttl": ttl}


def record_of(row: Row) -> Record:
    plain = {name: row[name] for name in ("key", "value", "created_at", "updated_at", "ttl", "expires_at")}
    return Record(scope=scope_of(row), event=row["event_id"], **plain)
