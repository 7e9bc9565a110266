"""The recorder suites of `eventsourcing`, whole, on a scope's log."""

import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from threading import Thread
from unittest import TestCase, TestResult
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from eventsourcing.persistence import Notification, StoredEvent, Subscription

from semmem import NewEvent, ScopedMemory
from semmem.wiring.bridge import Bridge
from tests.applications import FAST
from tests.peers import recorder as recorders
from tests.peers.recorder import SemmemAggregateRecorder, SemmemRecorder
from tests.servers import ServerUrls, with_database

with warnings.catch_warnings():  # the package forgets all filters as it is imported
    from eventsourcing.tests import persistence as suites

RecorderMaker = Callable[[type[SemmemRecorder]], SemmemRecorder]


@pytest_asyncio.fixture(scope="module")
async def database(servers: ServerUrls, template: str) -> AsyncIterator[str]:
    """One for all tests here, each of which has a tenant of its own."""
    name = f"peers_{uuid4().hex[:8]}"
    connection = await asyncpg.connect(servers.postgres_url)
    await connection.execute(f'create database "{name}" template "{template}"')
    yield with_database(servers.postgres_url, name)
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


@pytest.fixture(scope="module")
def bridge(database: str, servers: ServerUrls) -> Iterator[Bridge]:
    urls = {"postgres_url": database, "redis_url": servers.redis_url, "redis_prefix": f"test-{uuid4().hex[:12]}"}
    made = Bridge(**(FAST | urls | {"worker": False}))
    yield made
    made.close()


@pytest.fixture
def recorder(bridge: Bridge) -> SemmemRecorder:
    return SemmemRecorder(bridge, tenant=f"acme-{uuid4().hex[:8]}", workspace="log")


class _OnSemmem(TestCase):
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


def _stored(originator: UUID | str, version: int, topic: str = "noted") -> StoredEvent:
    return StoredEvent(originator_id=originator, originator_version=version, topic=topic, state=b"\x00\xff")
