"""A receipt waits for every store that the installation has: a process closes the parts of those that it has itself."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from semmem import ScopedMemory
from semmem.domain.receipt import Receipt
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

CANARY = "heliotrope"


@pytest.fixture
async def owner(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


async def _told(application: Application, urls: dict[str, Any]) -> None:
    """As after a talk: Redis holds its newest events."""
    await _alice(application).remember(f"My safe word is {CANARY}.", session="s1")
    await _alice(application).context("What is the safe word?", budget=500)
    await wait_until(lambda: _cached(urls))


async def _cached(urls: dict[str, Any]) -> bool:
    """Whether Redis still holds a word of it."""
    async with Redis.from_url(urls["redis_url"]) as redis:
        lists = [await redis.zrange(key, 0, -1) for key in await redis.keys(f"{urls['redis_prefix']}:*:recent")]
    return CANARY.encode() in b"".join(entry for entries in lists for entry in entries)


async def _standing(application: Application, receipt: Receipt) -> Receipt:
    assert isinstance(receipt.id, UUID)
    return await _alice(application).receipt(receipt.id)


async def _idle(owner: asyncpg.Connection) -> None:
    """Until every job is done but those that let a Redis follow."""

    async def idle() -> bool:
        waiting = "select count(*) from semmem.jobs where is_open and entrypoint not like 'cache %'"
        return await owner.fetchval(waiting) == 0

    await wait_until(idle)


@pytest.mark.parametrize("through", ["one with Redis", "one without"])
async def test_a_worker_without_redis_leaves_its_part_of_a_receipt_to_one_that_has_it(
    through: str, opener: Opener, urls: dict[str, Any], owner: asyncpg.Connection
) -> None:
    async with opener(worker=False) as has_it, opener(redis_url=None) as lacks_it:
        await _told(has_it, urls)
        receipt = await _alice(has_it if through == "one with Redis" else lacks_it).forget(everything=True)
        await _alice(lacks_it).settled()
        await _idle(owner)
        for application in (has_it, lacks_it):
            standing = await _standing(application, receipt)
            assert {store for store, at in standing.stores.items() if at is None} == {"redis"}
            assert not standing.complete
    async with opener() as has_it:
        await _alice(has_it).settled()
        assert (await _standing(has_it, receipt)).complete
    assert not await _cached(urls)
