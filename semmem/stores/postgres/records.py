"""Records: each write of one is a single transaction with its event, and with the forgetting of the earlier one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from semmem.domain.condition import Condition
from semmem.domain.record import NewRecord, Record
from semmem.domain.scope import Branch, Scope, View
from semmem.errors import NotFound
from semmem.stores.postgres.branches import drop, lock_branch, register
from semmem.stores.postgres.conditions import parameters
from semmem.stores.postgres.erasure import Eraser
from semmem.stores.postgres.events import NO_WINDOW, EventStore, Remembered, lock_scope
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("records.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The records in the order given, their events as stored, and whether earlier events were forgotten."""

    records: tuple[Record, ...]
    remembered: Remembered | None
    erased: bool


class RecordStore:
    def __init__(self, postgres: Postgres, events: EventStore, eraser: Eraser) -> None:
        self._postgres, self._events, self._eraser = postgres, events, eraser

    @tried_again
    async def put(self, place: Branch, records: Sequence[NewRecord], now: datetime) -> Written:
        """All or none. The keys must differ."""
        async with self._postgres.transaction(place, now) as tx:
            await register(tx)
            await tx.execute(_SQL["lock"])
            keys = [record.key for record in records]
            # Makes way for the new values: an expired record goes, a live one stays without its event.
            found = await tx.fetch(_SQL["replaced"], keys=keys)
            await tx.execute(_SQL["loosen"], keys=keys)
            await tx.execute(_SQL["delete"], keys=[row["key"] for row in found if row["expired"]])
            erased = await self._erase(tx, found)
            events = [record.event for record in records if record.event]
            # Without the dedup window: two records may say the same, and each has an event of its own.
            remembered = await self._events.append(tx, events, dedup_window=NO_WINDOW) if events else None
            ids = iter(remembered.acks if remembered else ())
            bodies = [_body(record, next(ids).id if record.event else None) for record in records]
            rows = {row["key"]: row for row in await tx.fetch(_SQL["write"], rows=bodies)}
            written = tuple(record_of(rows[record.key]) for record in records)
        return Written(records=written, remembered=remembered, erased=erased)

    @tried_again
    async def get(self, scope: Scope, key: str, now: datetime, *, refresh: bool) -> Record | None:
        """With `refresh`, a record's time to live starts again."""
        async with self._postgres.transaction(scope, now) as tx:
            if refresh:
                await tx.execute(_SQL["refresh"], of_kinds=[scope.kind], of_ids=[scope.id], keys=[key])
            row = await tx.fetchrow(_SQL["get"], key=key)
        return record_of(row) if row else None

    @tried_again
    async def named(self, view: View, keys: Sequence[str], now: datetime, *, refresh: bool) -> list[Record]:
        """Those under any of these keys, in the order they were first put."""
        async with self._postgres.transaction(view, now) as tx:
            rows = await tx.fetch(_SQL["named"], keys=keys)
            if refresh and rows:
                await _refresh(tx, rows)
                rows = await tx.fetch(_SQL["named"], keys=keys)
        return [record_of(row) for row in rows]

    @tried_again
    async def find(
        self,
        view: View,
        now: datetime,
        *,
        matching: Mapping[str, Any] | None,
        where: Condition | None,
        refresh: bool,
        after: Record | None,
        limit: int,
        offset: int,
    ) -> list[Record]:
        """Those whose value holds `matching` and meets `where`, in the order they were first put, from `after` on."""
        async with self._postgres.transaction(view, now) as tx:
            place = await _place(tx, after) if after else 0
            asked = parameters(where) if where else {"path": None, "operands": {}}
            wanted = {"matching": matching, "limit": limit, "offset": offset, "after": place, **asked}
            rows = await tx.fetch(_SQL["find"], **wanted)
            if refresh and rows:
                await _refresh(tx, rows)
                rows = await tx.fetch(_SQL["find"], **wanted)
        return [record_of(row) for row in rows]

    async def of_events(self, view: View, events: Sequence[UUID], now: datetime) -> dict[UUID, Record]:
        async with self._postgres.transaction(view, now) as tx:
            rows = await tx.fetch(_SQL["of_events"], events=events)
        return {row["event_id"]: record_of(row) for row in rows}

    @tried_again
    async def delete(self, place: Branch, keys: Sequence[str], now: datetime) -> int:
        """With their events; how many there were."""
        async with self._postgres.transaction(place, now) as tx:
            await lock_branch(tx)
            await lock_scope(tx)
            found = await tx.fetch(_SQL["replaced"], keys=keys)
            await self._erase(tx, found)
            await tx.execute(_SQL["delete"], keys=keys)
            await drop(tx)
        return sum(not row["expired"] for row in found)

    async def _erase(self, tx: Unit, found: Sequence[Row]) -> bool:
        events = [row["event_id"] for row in found if row["event_id"]]
        if events:
            await self._eraser.erase_events(tx, events)
        return bool(events)


async def _refresh(tx: Unit, rows: Sequence[Row]) -> None:
    kinds, ids, keys = ([row[name] for row in rows] for name in ("scope_kind", "scope_id", "key"))
    await tx.execute(_SQL["refresh"], of_kinds=kinds, of_ids=ids, keys=keys)


async def _place(tx: Unit, record: Record) -> int:
    """Where it stands in the order. Raises NotFound where it stands no more."""
    scope = record.scope
    place: int | None = await tx.fetchval(
        _SQL["place"], of_kind=scope.kind, of_id=scope.id, key=record.key, created_at=record.created_at
    )
    if place is None:
        raise NotFound("after: this record was deleted or has expired; list again from the first")
    return place


def _body(record: NewRecord, event: UUID | None) -> dict[str, Any]:
    ttl = record.ttl.total_seconds() if record.ttl else None
    return {"key": record.key, "value": dict(record.value), "event_id": str(event) if event else None, "ttl": ttl}


def record_of(row: Row) -> Record:
    plain = {name: row[name] for name in ("key", "value", "created_at", "updated_at", "ttl", "expires_at")}
    return Record(scope=scope_of(row), event=row["event_id"], **plain)
