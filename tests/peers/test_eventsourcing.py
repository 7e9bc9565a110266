"""The recorder suites of `eventsourcing`, whole, on a scope's log."""

import asyncio
import unittest
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking

from semmem import NewEvent, ScopedMemory
from semmem.testing import wait_until
from semmem.wiring.bridge import Bridge
from tests.applications import FAST
from tests.peers import recorder as recorders
from tests.peers.recorder import SemmemAggregateRecorder, SemmemRecorder, new_event
from tests.servers import ServerUrls, own_database

with warnings.catch_warnings():  # its import resets all filters of the process
    from eventsourcing.tests import persistence as suites

WRITERS = 8


@pytest_asyncio.fixture(scope="module")
async def database(servers: ServerUrls, template: str) -> AsyncIterator[str]:
    """One for all tests here, each of which has a tenant of its own."""
    async with own_database(servers, template) as url:
        yield url


@pytest.fixture(scope="module")
def bridge(database: str, servers: ServerUrls) -> Iterator[Bridge]:
    urls = {"postgres_url": database, "redis_url": servers.redis_url, "redis_prefix": f"test-{uuid4().hex[:12]}"}
    made = Bridge(**(FAST | urls | {"worker": False}))
    yield made
    made.close()


@pytest.fixture
def recorder(bridge: Bridge) -> SemmemRecorder:
    return SemmemRecorder(bridge, tenant=f"acme-{uuid4().hex[:8]}", workspace="log")


class _OnSemmem(unittest.TestCase):
    """Gives each test of a suite a recorder on a scope of its own."""

    recorder_class: type[SemmemRecorder] = SemmemRecorder
    bridge: Bridge

    @pytest.fixture(autouse=True)
    def _bridged(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def create_recorder(self) -> SemmemRecorder:
        return self.recorder_class(self.bridge, tenant=f"acme-{uuid4().hex[:8]}", workspace="log")


class TestAggregateRecorder(_OnSemmem, suites.AggregateRecorderTestCase):
    recorder_class = SemmemAggregateRecorder


class TestApplicationRecorder(_OnSemmem, suites.ApplicationRecorderTestCase[SemmemRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleavingNotificationIDs(_OnSemmem, suites.NonInterleavingNotificationIDsBaseCase):
    pass


class TestTrackingRecorder(_OnSemmem, suites.TrackingRecorderTestCase):
    pass


class TestProcessRecorder(_OnSemmem, suites.ProcessRecorderTestCase):
    pass


class _OneByOne(SemmemAggregateRecorder):
    """Each event in a transaction of its own."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        for each in stored_events:
            super().insert_events([each], **kwargs)


class _InParts(SemmemRecorder):
    """Ten events in a transaction, and no more."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[int]:
        parts = [stored_events[start : start + 10] for start in range(0, len(stored_events), 10)]
        return [id for part in parts for id in super().insert_events(part, **kwargs) or ()]


def _without_key(stored: StoredEvent) -> NewEvent:
    return replace(new_event(stored), key=None)


def _without_mark(stored: StoredEvent) -> NewEvent:
    event = new_event(stored)
    return replace(event, metadata={**event.metadata, "mark": ""})


def _passes(case: type[_OnSemmem], name: str, bridge: Bridge, recorder_class: type[SemmemRecorder]) -> bool:
    test, result = case(name), unittest.TestResult()
    test.bridge, test.recorder_class = bridge, recorder_class
    test.run(result)
    return result.testsRun == 1 and result.wasSuccessful()


@pytest.mark.parametrize("new", [_without_key, _without_mark])
def test_the_suites_find_a_recorder_that_does_not_check_versions(
    new: Callable[[StoredEvent], NewEvent], bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "new_event", new)
    assert not _passes(TestApplicationRecorder, "test_insert_select", bridge, SemmemRecorder)


@pytest.mark.parametrize(
    ("case", "name", "broken", "whole"),
    [
        (TestAggregateRecorder, "test_insert_and_select", _OneByOne, SemmemAggregateRecorder),
        (TestNonInterleavingNotificationIDs, "test", _InParts, SemmemRecorder),
    ],
)
def test_the_suites_find_a_recorder_whose_batches_are_in_parts(
    case: type[_OnSemmem], name: str, broken: type[SemmemRecorder], whole: type[SemmemRecorder], bridge: Bridge
) -> None:
    assert (_passes(case, name, bridge, whole), _passes(case, name, bridge, broken)) == (True, False)


def _stored(originator: UUID | str, version: int, topic: str = "noted") -> StoredEvent:
    return StoredEvent(originator_id=originator, originator_version=version, topic=topic, state=b"\x00\xff")


def _race(insert: Callable[[int], Any]) -> list[int]:
    """Lets writers insert at once, and returns the numbers of those that were let through."""
    start = Barrier(WRITERS)

    def attempt(number: int) -> bool:
        start.wait()
        try:
            insert(number)
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        return [number for number, is_through in enumerate(pool.map(attempt, range(WRITERS))) if is_through]


def test_of_writers_of_one_version_one_is_let_through_and_the_others_leave_nothing(recorder: SemmemRecorder) -> None:
    contended = uuid4()

    def insert(version: int, number: int) -> None:
        recorder.insert_events([_stored(f"w{number}", version), _stored(contended, version)])

    winners = [_race(partial(insert, version)) for version in range(5)]

    assert [len(each) for each in winners] == [1] * 5
    found = recorder.select_notifications(None, 100)
    assert [each.id for each in found] == list(range(1, 11))
    assert [each.originator_id for each in found] == [
        name for (winner,) in winners for name in (f"w{winner}", contended)
    ]


@pytest.fixture
def reading_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No writer goes on before all have read what is tracked."""
    read, readers, all_have_read = recorders._tracked, count(1), asyncio.Event()

    async def tracked(scope: ScopedMemory, upstream: str) -> int | None:
        found = await read(scope, upstream)
        if next(readers) >= WRITERS:
            all_have_read.set()
        await all_have_read.wait()
        return found

    monkeypatch.setattr(recorders, "_tracked", tracked)


@pytest.mark.usefixtures("reading_at_once")
def test_of_writers_of_one_tracking_one_is_let_through_with_its_events(recorder: SemmemRecorder) -> None:
    tracking = Tracking("orders", 7)
    (winner,) = _race(lambda number: recorder.insert_events([_stored(f"w{number}", 1)], tracking=tracking))
    assert [each.originator_id for each in recorder.select_notifications(None, 100)] == [f"w{winner}"]


@pytest.mark.usefixtures("reading_at_once")
def test_of_writers_of_rising_trackings_none_is_refused_for_one_below(recorder: SemmemRecorder) -> None:
    """Those that are let through rise, and the highest is among them, whoever came first."""
    through = _race(lambda number: recorder.insert_tracking(Tracking("orders", 1 + number)))
    assert WRITERS - 1 in through
    assert recorder.max_tracking_id("orders") == WRITERS


def test_what_is_no_stored_event_is_no_notification(recorder: SemmemRecorder) -> None:
    recorder.insert_events([_stored("a", 1)], tracking=Tracking("orders", 1))
    recorder.insert_tracking(Tracking("orders", 2))
    recorder.insert_events([_stored("a", 2)])
    recorder.insert_tracking(Tracking("orders", 3))

    assert [each.id for each in recorder.select_notifications(None, 100)] == [1, 4]
    assert recorder.max_notification_id() == 4
    assert recorder.select_notifications(9, 100) == []


async def test_a_subscription_that_waits_is_stopped_by_another_thread(recorder: SemmemRecorder) -> None:
    await asyncio.to_thread(recorder.insert_events, [_stored("a", 1), _stored("a", 2)])
    subscription, seen = recorder.subscribe(), list[int]()

    def iterate() -> None:
        for notification in subscription:
            seen.append(notification.id)

    iterating = asyncio.create_task(asyncio.to_thread(iterate))
    await wait_until(lambda: seen == [1, 2] and subscription.waits)
    await asyncio.to_thread(subscription.stop)
    await iterating
    assert seen == [1, 2]
