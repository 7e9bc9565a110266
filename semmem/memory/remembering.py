"""Remembering: events are stored, and followers and caches told of them."""

from collections.abc import Sequence
from typing import Unpack

from semmem.domain.event import Ack, EventFields, NewEvent, check_events
from semmem.memory.locks import Lock
from semmem.memory.shared_state import SharedState
from semmem.runtime import failpoints


class Remembering(SharedState):
    """A place that events are told to."""

    async def remember(
        self, content: str, *, lock: Lock | None = None, timeout: float | None = None, **fields: Unpack[EventFields]
    ) -> Ack:
        """Stores one event; acknowledged when committed, with no model call in between.

        Raises InvalidInput, KeyConflict (the key stands for another body), StoreUnavailable (Postgres is down) or
        Unconfirmed: within `timeout` seconds (else SEMMEM_WRITE_TIMEOUT) Postgres did not say whether it is stored, and
        with a `key` it can be sent again. With a `lock` that is this agent's no more, LockLost is raised.
        """
        return (await self.remember_many([NewEvent(content=content, **fields)], lock=lock, timeout=timeout))[0]

    async def remember_many(
        self, events: Sequence[NewEvent], *, lock: Lock | None = None, timeout: float | None = None
    ) -> list[Ack]:
        """Stores all events, in order, or none of them; an ack for each. At most 1,000 a call. Raises as `remember`."""
        parts, now = self._parts, self._parts.clock()
        events, fence = self._signed(check_events("events", events, now, least=1)), self._fenced(lock)
        async with parts.calls.write(timeout):
            remembered = await parts.log.remember(
                self.place, events, now=now, dedup_window=parts.dedup_window, fence=fence
            )
        failpoints.reach("event-committed")
        parts.announce(remembered)
        return list(remembered.acks)
