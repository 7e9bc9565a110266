"""A Redis that refuses (full, a replica, without rights, another password): named in degraded, and well afterwards."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from semmem.embedded import Servers, open_servers
from semmem.migrations import upgrade
from semmem.testing import ManualClock
from tests.applications import opened

KICK = "client kill type normal skipme yes"


@pytest_asyncio.fixture(scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    async with await open_servers(tmp_path_factory.mktemp("redis-trouble")) as servers:
        await upgrade(servers.postgres_url)
        yield servers


async def _command(administrator: Redis, words: str) -> None:
    await administrator.execute_command(*words.split())  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("begins", "ends", "says"),
    [
        ("config set maxmemory 1", "config set maxmemory 0", "maxmemory"),
        ("replicaof 127.0.0.1 1", "replicaof no one", "replica"),
        ("acl setuser default -@write", "acl setuser default +@all", "too few rights"),
        ("config set requirepass other", "config set requirepass {password}", "SEMMEM_REDIS_URL"),
    ],
    ids=["full", "replica", "rights", "password"],
)
async def test_a_redis_that_refuses_is_named_and_back_by_itself(
    own: Servers, begins: str, ends: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("postgres_url", "redis_url", "qdrant_url", "qdrant_api_key")
    urls = {name: getattr(own, name) for name in names}
    async with Redis.from_url(own.redis_url) as administrator, opened(urls, ManualClock()) as application:
        alice = application.memory.scope(tenant=f"tenant-{uuid4()}", user="alice")
        first = await alice.remember("I am allergic to peanuts.")
        await alice.settled()
        assert (await alice.context("Any allergies?", budget=500)).degraded == frozenset()
        await _command(administrator, begins)
        await _command(administrator, KICK)
        try:
            await alice.remember("I play the cello.")
            context = await alice.context("What does she play?", budget=500)
            assert context.degraded == {"redis"}
            assert "cello" in context.text
            receipt = await alice.forget(event=first.id)
            assert "peanuts" not in (await alice.context("Any allergies?", budget=500)).text
        finally:
            password = administrator.connection_pool.connection_kwargs["password"]
            await _command(administrator, ends.format(password=password))
        await alice.settled()
        after = await alice.context("What does she play?", budget=500)
        assert ("cello" in after.text, "peanuts" in after.text, after.degraded) == (True, False, frozenset())
        assert receipt.id is not None
        assert (await alice.receipt(receipt.id)).complete
        assert says in caplog.text
