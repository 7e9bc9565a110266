"""The recorders of `eventsourcing` on one scope, by what semmem exports.

A stored event is an event of the scope, and its notification id is its position in the scope's log. Its key is its
originator and version, and its metadata have a mark that no other event has: so a version that is there already is a
KeyConflict, which takes back the whole batch, and no duplicate. A tracking is an event whose key names the one before
it of the same upstream, so that of two writers who have read the same one only the first is let through.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)

from semmem import Entry, Event, KeyConflict, Memory, NewEvent, ScopedMemory
from semmem.wiring.bridge import Bridge
from tests.peers.subscription import FollowSubscription

T = TypeVar("T")
PAGE = 1_000


class SemmemRecorder(ProcessRecorder):
    """Keeps stored events and trackings in one workspace; usable from any thread."""

    def __init__(self, bridge: Bridge, *, tenant: str, workspace: str) -> None:
        self._bridge, self._tenant, self._workspace = bridge, tenant, workspace

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        return self._run(partial(_insert, events=stored_events, tracking=kwargs.get("tracking")))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        stored = [
            each
            for each in self._run(partial(_sequence, originator=str(originator_id)))
            if (gt is None or each.originator_version > gt) and (lte is None or each.originator_version <= lte)
        ]
        return sorted(stored, key=lambda each: each.originator_version, reverse=desc)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = max(0, (start or 0) - 1 if inclusive_of_start else start or 0)
        return self._run(partial(_notifications, after=after, stop=stop, topics=topics, limit=limit))

    def max_notification_id(self) -> int | None:
        return self._run(_newest)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> FollowSubscription:
        return FollowSubscription(self, gt, topics, run=self._run, read=notification_in)

    def insert_tracking(self, tracking: Tracking) -> None:
        self.insert_events([], tracking=tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        return self._run(partial(_tracked, upstream=application_name))

    def _run(self, work: Callable[[ScopedMemory], Coroutine[Any, Any, T]]) -> T:
        def inside(memory: Memory) -> Coroutine[Any, Any, T]:
            return work(memory.scope(tenant=self._tenant, workspace=self._workspace))

        return self._bridge.run(inside)


class SemmemAggregateRecorder(SemmemRecorder):
    """The same where the order of all events is of no interest, and notification ids are not answered with."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super().insert_events(stored_events, **kwargs)


def new_event(stored: StoredEvent) -> NewEvent:
    return NewEvent(
        content=f"data:;base64,{b64encode(stored.state).decode()}",
        role="system",
        session=str(stored.originator_id),
        event_type=stored.topic,
        metadata={
            "version": stored.originator_version,
            "is_uuid": isinstance(stored.originator_id, UUID),
            "mark": str(uuid4()),
        },
        key=f"{stored.originator_id}:{stored.originator_version}",
    )


def notification_in(entry: Entry) -> Notification | None:
    """None for an entry that is no stored event."""
    if entry.event is None or entry.event.session is None:
        return None
    return Notification(id=entry.position, **vars(_stored(entry.event, entry.event.session)))


def _stored(event: Event, originator: str) -> StoredEvent:
    return StoredEvent(
        originator_id=UUID(originator) if event.metadata["is_uuid"] else originator,
        originator_version=event.metadata["version"],
        topic=event.event_type,
        state=b64decode(event.content.partition(",")[2]),
    )


async def _insert(scope: ScopedMemory, events: Sequence[StoredEvent], tracking: Tracking | None) -> list[int]:
    """Stores all in one transaction, or nothing, and answers with the positions of the events."""
    new, head = [new_event(each) for each in events], await _head(scope)
    while True:
        tracked = [await _next_tracking(scope, tracking)] if tracking else []
        if not new and not tracked:
            return []
        try:
            acks = await scope.remember_many([*new, *tracked])
        except KeyConflict as error:
            if error.index == len(new):  # of its upstream another tracking came first: is this one still higher?
                continue
            raise IntegrityError(f"recorded already: {events[error.index]}") from error
        return await _positions(scope, [ack.id for ack in acks[: len(new)]], after=head)


async def _positions(scope: ScopedMemory, ids: Sequence[UUID], *, after: int) -> list[int]:
    """Acks do not tell positions, so the log is read on from before the events were sent."""
    missing, found = set(ids), dict[UUID, int]()
    while missing:
        page = await scope.entries(after=after, limit=PAGE)
        if not page:
            raise OperationalError("an event was forgotten before its position was read")
        after = page[-1].position
        found |= {entry.event.id: entry.position for entry in page if entry.event and entry.event.id in missing}
        missing -= found.keys()
    return [found[id] for id in ids]


async def _sequence(scope: ScopedMemory, originator: str) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    before: int | None = None
    while page := await scope.history(session=originator, before=before, limit=PAGE):
        found += [_stored(event, originator) for event in page]
        before = page[-1].seq
    return found


async def _notifications(
    scope: ScopedMemory, after: int, stop: int | None, topics: Sequence[str], limit: int
) -> list[Notification]:
    head, found = await _head(scope), list[Notification]()
    until = head if stop is None else min(stop, head)
    while after < until and len(found) < limit:
        page = await scope.entries(after=after, until=until, limit=min(PAGE, limit - len(found)))
        named = [notification for entry in page if (notification := notification_in(entry))]
        found += [each for each in named if not topics or each.topic in topics]
        after = page[-1].position if page else until
    return found


async def _newest(scope: ScopedMemory) -> int | None:
    """The last position that a stored event has: behind it there may be trackings."""
    until = await _head(scope)
    while until:
        after = max(0, until - PAGE)
        for entry in reversed(await scope.entries(after=after, until=until, limit=PAGE)):
            if notification_in(entry):
                return entry.position
        until = after
    return None


async def _head(scope: ScopedMemory) -> int:
    return (await scope.state()).position


async def _next_tracking(scope: ScopedMemory, tracking: Tracking) -> NewEvent:
    """Raises IntegrityError where as much, or more, is tracked already."""
    upstream, newest = tracking.application_name, await _tracked(scope, tracking.application_name)
    if newest is not None and newest >= tracking.notification_id:
        raise IntegrityError(f"{tracking} is not behind {newest}")
    return NewEvent(
        content=f"{upstream} was processed up to {tracking.notification_id}.",
        role="system",
        event_type=_tracking_type(upstream),
        metadata={"notification_id": tracking.notification_id, "mark": str(uuid4())},
        key=f"{_tracking_type(upstream)} after {newest}",
    )


async def _tracked(scope: ScopedMemory, upstream: str) -> int | None:
    found = await scope.latest(event_type=_tracking_type(upstream), limit=1)
    return found[0].metadata["notification_id"] if found else None


def _tracking_type(upstream: str) -> str:
    return f"tracking of {upstream}"
