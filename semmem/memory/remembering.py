"""Remembering: events are stored, and followers and caches told of them."""

from collections.abc import Sequence
from typing import Unpack
from uuid import uuid4

from semmem.domain.event import Ack, EventFields, NewEvent, check_events
from semmem.errors import InvalidInput, PoolExhausted, StoreUnavailable, WriteConflict
from semmem.memory.locks import Lock
from semmem.memory.sharing import SharedPlace
from semmem.runtime import failpoints


class Remembering(SharedPlace):
    """A place that events are told to."""

    async def remember(
        self, content: str, *, lock: Lock | None = None, timeout: float | None = None, **fields: Unpack[EventFields]
    ) -> Ack:
        """Stores one event; acknowledged when committed, with no model call in between.

        Raises InvalidInput, KeyConflict (the key stands for another body), StoreUnavailable (Postgres is down) or
        Unconfirmed: within `timeout` seconds (else SEMMEM_WRITE_TIMEOUT) Postgres did not say whether it is stored, and
        with a `key` it can be sent again. With a `lock` that is this agent's no more, LockLost is raised.

        With SEMMEM_LOCAL_LOG, what cannot reach Postgres is on this disk and the ack's status is "kept"; LocalLogFull.
        """
        return (await self.remember_many([_event(content, fields)], lock=lock, timeout=timeout))[0]

    async def remember_many(
        self, events: Sequence[NewEvent], *, lock: Lock | None = None, timeout: float | None = None
    ) -> list[Ack]:
        """Stores all events, in order, or none of them; an ack for each. At most 1,000 a call. Raises as `remember`."""
        parts, now = self._parts, self._parts.clock()
        events, fence = self._signed(check_events("events", events, now, least=1)), self._fenced(lock)
        keeping = None if fence.names else parts.keeping  # whether a lock is still held, only Postgres knows
        ids = [uuid4() for _ in events]
        if keeping and keeping.is_replaying:
            return await keeping.keep(self.place, events, ids, now)
        sent = False
        try:
            async with parts.calls.write(timeout):
                sent = True
                remembered = await parts.events.remember(
                    self.place, events, now=now, dedup_window=parts.dedup_window, fence=fence, ids=ids
                )
        except StoreUnavailable as error:
            if keeping and (not sent or _is_safe_to_keep(error, events)):
                return await keeping.keep(self.place, events, ids, now)
            raise
        failpoints.reach("event-committed")
        parts.announce(remembered)
        return list(remembered.acks)


def _event(content: str, fields: EventFields) -> NewEvent:
    if unknown := [name for name in fields if name not in EventFields.__annotations__]:
        known = ", ".join(EventFields.__annotations__)
        raise InvalidInput(unknown[0], f"is no field of an event: {known}", "put what is your own into metadata")
    return NewEvent(content=content, **fields)


def _is_safe_to_keep(error: StoreUnavailable, events: Sequence[NewEvent]) -> bool:
    """Where Postgres is away, and will know these events again if it has stored them all the same.

    It knows them by their ids, or their keys; but a report may have become another event's.
    """
    if isinstance(error, PoolExhausted | WriteConflict):
        return False
    return not error.sent or all(event.key or event.report_hash is None for event in events)
