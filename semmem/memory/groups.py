"""Consumer groups of a place: one consumer works each event, and what it led to is stored with the delivery's end."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid5

from semmem.domain.checks import MAX_EVENTS_PER_CALL, check_duration, check_each, check_id
from semmem.domain.entry import Entry
from semmem.domain.event import NewEvent, check_events
from semmem.domain.group import MAX_LEASE, GroupLag, GroupRule, check_lease
from semmem.domain.hit import check_limit
from semmem.errors import InvalidInput, LeaseLost, StoreUnavailable
from semmem.memory.locks import Lock
from semmem.memory.parts import Parts
from semmem.memory.place import Opened
from semmem.memory.sharing import SharedPlace
from semmem.memory.watching import Watcher
from semmem.runtime import failpoints
from semmem.stores.postgres.groups import Lease

LOOK_FOR_LAPSED = 0.5  # seconds
NOW = timedelta()


class Group:
    """A group of consumers. It is made with its first delivery, and stays until it is deleted, or all is forgotten."""

    def __init__(self, place: SharedPlace, opened: Opened, rule: GroupRule) -> None:
        self._place, self._opened, self._rule = place, opened, rule

    @property
    def name(self) -> str:
        return self._rule.name

    def deliveries(self, *, consumer: str, lease: timedelta = timedelta(seconds=30)) -> "Inbox":
        """What comes for one consumer, within `async with`: each delivery is its own for the time of the lease.

        One that is not settled by then goes to another consumer; after five times it is a dead letter.
        """
        return Inbox(self._place, self._opened, self._rule, check_id("consumer", consumer), check_lease(lease))

    async def lag(self) -> GroupLag:
        """Raises NotFound where the group is not there, or not yet."""
        async with self._parts.calls.read():
            return await self._parts.groups.lag(self._place.scope, self.name)

    async def dead_letters(self, *, limit: int = 100) -> list[Entry]:
        """What was handed out five times and never settled, oldest first."""
        check_limit(limit)
        async with self._parts.calls.read():
            return await self._parts.groups.dead(self._place.scope, self.name, limit)

    async def replay(self, positions: Sequence[int] | None = None) -> int:
        """Hands these dead letters out again, all of them without `positions`; how many there were."""
        if positions is not None:
            positions = check_each("positions", positions, int, most=MAX_EVENTS_PER_CALL)
        async with self._parts.calls.write():
            return await self._parts.groups.replay(self._place.scope, self.name, positions)

    async def delete(self) -> bool:
        """With its deliveries and dead letters; whether it was there."""
        async with self._parts.calls.write():
            return await self._parts.groups.delete(self._place.scope, self.name)

    @property
    def _parts(self) -> Parts:
        return self._opened.parts


class Delivery:
    """One event in the hands of one consumer. `attempt` counts from 1.

    `key` is the same whenever this event is handed out to this group, and that of no other event in any place: for an
    effect outside of semmem, which may happen again.
    """

    def __init__(self, inbox: "Inbox", lease: Lease) -> None:
        self._inbox, self._lease = inbox, lease
        self.entry, self.attempt = lease.entry, lease.attempt

    @property
    def key(self) -> str:
        event = self.entry.event
        assert event is not None
        return f"{self._inbox.group}:{uuid5(event.id, event.scope.key)}"

    async def settle(
        self,
        *,
        remember: Sequence[NewEvent] = (),
        update: Mapping[str, Any] | None = None,
        lock: Lock | None = None,
    ) -> None:
        """It is done; what it led to is stored in the same transaction, so that both happen once, or neither.

        `update` are changes of the state, by their fields. Raises LeaseLost, and stores nothing, where the lease is
        over and another consumer has it; and what `update` and a `lock` raise elsewhere.
        """
        await self._inbox._settle(self._lease, remember, update, lock)

    async def release(self, after: timedelta = NOW) -> None:
        """Another consumer may have it, after a while; it counts as an attempt."""
        fix = "pass timedelta(minutes=5), for example"
        check_duration("after", after, NOW, MAX_LEASE, span="0 to 1 h", fix=fix)
        await self._inbox._release(self._lease, after)


class Inbox:
    """A consumer's deliveries, one by one. When it is left, others may have at once what was not settled."""

    def __init__(self, place: SharedPlace, opened: Opened, rule: GroupRule, consumer: str, lease: timedelta) -> None:
        self._place, self._opened, self._rule = place, opened, rule
        self._consumer, self._for = consumer, lease
        self._held: dict[UUID, tuple[Lease, datetime]] = {}  # and when each was taken
        self._watching: AbstractContextManager[Watcher] | None = None
        self._watcher: Watcher | None = None

    @property
    def group(self) -> str:
        return self._rule.name

    async def __aenter__(self) -> Self:
        async with self._parts.calls.write():
            await self._parts.groups.create(self._place.place, self._rule)
        self._watching = self._parts.watching.watch(self._place.scope, 0)
        self._watcher = self._watching.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._watching:
            self._watching.__exit__(kind, error, at)
        for lease, _ in list(self._held.values()):
            with suppress(StoreUnavailable):  # the lease ends by itself
                await self._release(lease, NOW)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delivery:
        """Waits for one, also where Postgres is away. Raises NotFound where the group was deleted."""
        if self._watcher is None:
            raise InvalidInput("deliveries", "are of an inbox that was not entered", "use it inside `async with`")
        while True:
            self._watcher.clear()
            lease, claimed = await self._parts.watching.answered(self._taken, self._place.scope)
            if lease:
                failpoints.reach("delivery-taken")
                self._hold(lease)
                return Delivery(self, lease)
            if claimed > self._watcher.position:  # there may be more behind what it has looked at
                self._watcher.position = claimed
                continue
            await self._watcher.wait(LOOK_FOR_LAPSED)

    async def _taken(self) -> tuple[Lease | None, int]:
        async with self._parts.calls.write():
            return await self._parts.groups.take(self._place.scope, self.group, self._consumer, self._for)

    async def _settle(
        self, lease: Lease, events: Sequence[NewEvent], update: Mapping[str, Any] | None, lock: Lock | None
    ) -> None:
        parts, place, now = self._parts, self._place.place, self._parts.clock()
        given = check_events("remember", events, now)
        events, change, fence = await self._place._effect(given, update, lock, now)
        settle = partial(parts.groups.settle, place, self.group, lease, events, now, change=change, fence=fence)
        try:
            async with parts.calls.write():
                remembered, head = await (parts.state.declared(place, change, now, settle) if change else settle())
        except LeaseLost:
            self._drop(lease)
            raise
        failpoints.reach("delivery-settled")
        self._drop(lease)
        if remembered:
            parts.announce(remembered)
        elif head:
            parts.watching.wake(place.scope, head)

    async def _release(self, lease: Lease, after: timedelta) -> None:
        async with self._parts.calls.write():
            await self._parts.groups.release(self._place.scope, self.group, lease, after)
        self._drop(lease)

    def _hold(self, lease: Lease) -> None:
        """Those that were let lapse go: whoever comes next may have them already."""
        now = self._parts.clock()
        self._held = {id: held for id, held in self._held.items() if now - held[1] <= self._for}
        self._held[lease.id] = lease, now

    def _drop(self, lease: Lease) -> None:
        self._held.pop(lease.id, None)

    @property
    def _parts(self) -> Parts:
        return self._opened.parts
