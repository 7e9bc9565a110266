"""The records of one place: kept under the caller's own keys, found again by what their events say."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from semmem.domain.checks import (
    MAX_EVENTS_PER_CALL,
    MAX_VALUE_BYTES,
    check_each,
    check_flag,
    check_id,
    check_int,
    check_json,
    check_not_future,
)
from semmem.domain.condition import condition_on_value
from semmem.domain.event import NewEvent
from semmem.domain.hit import check_limit
from semmem.domain.record import NewRecord, Record
from semmem.errors import InvalidInput
from semmem.memory.parts import Parts
from semmem.memory.place import Opened, Place

MAX_OFFSET = 2**31 - 1
MAX_NAMED = 100_000  # keys or events in one call


class Records:
    """A key stands for one value at a time; a new value takes the place of the earlier one in every store."""

    def __init__(self, memory: Place, opened: Opened) -> None:
        self._memory, self._opened = memory, opened

    async def put(
        self, key: str, value: Mapping[str, Any], *, event: NewEvent | None = None, ttl: timedelta | None = None
    ) -> Record:
        """Stores a record, in one transaction with its event and with the forgetting of an earlier value's.

        Raises InvalidInput, or StoreUnavailable where Postgres is down.
        """
        return (await self.put_many([NewRecord(key=key, value=value, event=event, ttl=ttl)]))[0]

    async def put_many(self, records: Sequence[NewRecord]) -> list[Record]:
        """Stores all records, or none of them; at most 1,000 a call, each under another key."""
        records = check_each("records", records, NewRecord, least=1, most=MAX_EVENTS_PER_CALL)
        if len({record.key for record in records}) < len(records):
            raise InvalidInput("records", "must each have another key", "keep the last one of a key")
        now = self._parts.clock()
        for index, record in enumerate(records):
            if record.event and record.event.occurred_at:
                check_not_future(f"records[{index}].event.occurred_at", record.event.occurred_at, now)
        async with self._parts.calls.write():
            written = await self._parts.records.put(self._memory.place, records, now)
        if written.erased:
            await self._parts.erasure.forget_cached(self._memory.scope)
        if written.remembered:
            self._parts.announce(written.remembered)
        return list(written.records)

    async def get(self, key: str, *, refresh: bool = False) -> Record | None:
        """None for a key that was never put, was deleted, or has expired; `refresh` starts its time to live again."""
        check_id("key", key)
        check_flag("refresh", refresh)
        async with self._parts.calls.read():
            return await self._parts.records.get(self._memory.scope, key, self._parts.clock(), refresh=refresh)

    async def named(self, keys: Sequence[str], *, also: Sequence[Place] = (), refresh: bool = False) -> list[Record]:
        """Those under any of these keys, here and in the other places, in the order they were first put.

        `refresh` starts their time to live again.
        """
        keys = _checked_keys(keys)
        check_flag("refresh", refresh)
        view = self._memory.view(also)
        async with self._parts.calls.read():
            return await self._parts.records.named(view, keys, self._parts.clock(), refresh=refresh)

    async def find(
        self,
        *,
        also: Sequence[Place] = (),
        matching: Mapping[str, Any] | None = None,
        where: Mapping[str, Any] | None = None,
        refresh: bool = False,
        after: Record | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Record]:
        """In the order they were first put. `matching` is a JSON object that the value has to contain.

        `where` is a condition on the value's fields, as recall's is on an event's: `{"stars": {"$gte": 4}}`.

        `after` is the record to go on from, the last of the page before: unlike an offset it keeps its place while
        records come and go. Raises NotFound where it was deleted or has expired meanwhile, also if it was put again.
        """
        check_limit(limit)
        check_flag("refresh", refresh)
        if after is not None and not isinstance(after, Record):
            raise InvalidInput("after", "must be a record", "pass the last one of the page before")
        check_int("offset", offset, 0, MAX_OFFSET)
        if matching is not None:
            matching = check_json("matching", matching, MAX_VALUE_BYTES)
        condition = None if where is None else condition_on_value("where", where)
        view, now = self._memory.view(also), self._parts.clock()
        async with self._parts.calls.read():
            return await self._parts.records.find(
                view, now, matching=matching, where=condition, refresh=refresh, after=after, limit=limit, offset=offset
            )

    async def of(self, events: Sequence[UUID], *, also: Sequence[Place] = ()) -> dict[UUID, Record]:
        """The records that events stand for; an event of no record, or of an expired one, is absent."""
        events = check_each("events", events, UUID, most=MAX_NAMED)
        view = self._memory.view(also)
        async with self._parts.calls.read():
            return await self._parts.records.of_events(view, events, self._parts.clock())

    async def delete(self, keys: Sequence[str]) -> int:
        """Forgets the records and their events, in every tier at once; how many there were."""
        keys = _checked_keys(keys)
        async with self._parts.calls.write():
            deleted = await self._parts.records.delete(self._memory.place, keys, self._parts.clock())
        if deleted:
            await self._parts.erasure.forget_cached(self._memory.scope)
        return deleted

    @property
    def _parts(self) -> Parts:
        return self._opened.parts


def _checked_keys(keys: Sequence[str]) -> list[str]:
    given = check_each("keys", keys, str, most=MAX_NAMED)
    return [check_id(f"keys[{index}]", key) for index, key in enumerate(given)]
