"""Settings that bound a store, by what they do to it."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from semmem import PoolExhausted, Scope
from semmem.stores.redis.client import connect
from semmem.stores.redis.recent import RedisRecent
from semmem.testing import wait_until
from tests.applications import Opener

ALICE = Scope.user("acme", "alice")


async def test_redis_keeps_so_many_events_for_so_long(opener: Opener, urls: dict[str, Any]) -> None:
    async with opener(worker=False, recent_events=3, recent_ttl="20m") as application:
        alice, cache = application.memory.scope(tenant="acme", user="alice"), application.stores.cache
        assert isinstance(cache, RedisRecent)
        for number in range(5):
            await alice.remember(f"I visited city number {number}.")
        events = [event async for event in alice.events()]
        assert len(events) == 5
        redis: Redis = connect(urls["redis_url"])
        try:
            key = cache.keys(ALICE).recent
            await wait_until(lambda: _holds(redis, key, events[-1].seq))  # it is told in the background
            assert await redis.zcard(key) == 3 + 1  # the header
            assert 10 * 60_000 < await redis.pttl(key) <= 20 * 60_000
        finally:
            await redis.aclose()


async def _holds(redis: Redis, key: str, seq: int) -> bool:
    return bool(await redis.zcount(key, seq, seq))


async def test_a_call_waits_for_a_connection_as_long_as_postgres_wait_says(opener: Opener) -> None:
    async with opener(worker=False, postgres_pool=2, postgres_wait="0.3s") as application:
        alice, postgres = application.memory.scope(tenant="acme", user="alice"), application.stores.postgres
        async with postgres.transaction(ALICE), postgres.transaction(ALICE):
            async with asyncio.timeout(30):
                with pytest.raises(PoolExhausted, match="SEMMEM_POSTGRES_POOL"):
                    await alice.waiting()
        assert (await alice.waiting()).unindexed == 0
