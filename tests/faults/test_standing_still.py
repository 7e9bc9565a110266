"""A process that stands still in the middle of its work, as under SIGSTOP, holds up nobody else for long."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from pgqueuer.db import AsyncpgDriver

from semmem import Ack
from semmem.domain.scope import Scope
from semmem.errors import StoreUnavailable
from semmem.stores.postgres.jobs import open_queue
from semmem.stores.postgres.pool import Postgres
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

ALICE = Scope.user("acme", "alice")
HELD = {
    "index": "select pg_advisory_xact_lock(semmem.job_lock('index', 'acme', 'user', 'alice'))",
    "turn": "select semmem.advance('acme', 'user', 'alice', 0)",
    "scope": "select from semmem.scopes for update",
}
CHECK_EVERY = timedelta(seconds=0.2)


@pytest_asyncio.fixture
async def other(opener: Opener) -> AsyncIterator[Application]:
    async with opener() as other:
        yield other


async def _hold(postgres: Postgres, held: str, meanwhile: Callable[[], Awaitable[None]]) -> None:
    async with postgres.transaction(ALICE) as tx:
        await tx.connection.execute(held)
        await meanwhile()
        await tx.connection.execute("select 1")


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
async def test_what_waits_for_its_locks_goes_on(application: Application, other: Application, held: str) -> None:
    alice = application.memory.scope(tenant="acme", user="alice")
    await alice.remember("I moved to Porto.", agent="guide")
    acks: list[Ack] = []

    async def move() -> None:
        acks.append(await alice.remember("I moved to Lisbon.", agent="guide", key="move"))

    with pytest.raises(StoreUnavailable):
        await _hold(other.stores.postgres, held, move)
    assert acks[0].status == "accepted"


@pytest.mark.parametrize("pooled", ["", "&pgbouncer=true"])
async def test_what_waits_for_another_store_is_left_alone(opener: Opener, postgres_url: str, pooled: str) -> None:
    allowed = "select current_setting('idle_in_transaction_session_timeout')"
    async with opener(postgres_url=postgres_url + pooled) as application:
        async with application.stores.postgres.transaction(ALICE) as tx:
            assert await tx.connection.fetchval(allowed) == "5s"
        async with application.stores.postgres.snapshot() as tx:
            assert await tx.connection.fetchval(allowed) == "0"


class Stalling(AsyncpgDriver):
    """Sends what it is asked, and then the whole process stands still for longer than anybody waits."""

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        answer = asyncio.ensure_future(super().fetch(query, *args))
        await asyncio.sleep(0)
        time.sleep(2 * CHECK_EVERY.total_seconds())  # noqa: ASYNC251
        return await answer


async def test_its_own_standing_still_makes_no_connection_dead(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semmem.stores.postgres.jobs.AsyncpgDriver", Stalling)
    async with open_queue(application.stores.postgres, check_every=CHECK_EVERY) as queue:
        await asyncio.sleep(6 * CHECK_EVERY.total_seconds())  # in which it was asked twice at least
        assert await queue.driver.fetch("select 1 as one") == [{"one": 1}]
