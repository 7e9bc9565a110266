"""Who may hold how many of the pool's connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from semmem.stores.postgres.share import Share, as_job

LEAST = {"index": 1, "mirror": 2, "erase": 1}


@asynccontextmanager
async def held(share: Share, kind: str, count: int = 1) -> AsyncIterator[None]:
    with as_job(kind):
        async with share.held(count):
            yield


async def most_of(share: Share, kind: str) -> int:
    """How many connections jobs of this kind get at the same time."""
    async with AsyncExitStack() as stack:
        for number in range(100):
            try:
                async with asyncio.timeout(0):
                    await stack.enter_async_context(held(share, kind))
            except TimeoutError:
                return number
    raise AssertionError("there is no end of them")


@pytest.mark.parametrize(("size", "most"), [(5, 1), (10, 5), (20, 13)])
async def test_one_kind_leaves_callers_a_fifth_and_the_others_what_they_need(size: int, most: int) -> None:
    share = Share(size)
    assert share.divide(LEAST)
    assert await most_of(share, "index") == most
    async with AsyncExitStack() as stack:
        for _ in range(most):
            await stack.enter_async_context(held(share, "index"))
        await stack.enter_async_context(held(share, "mirror", 2))
        await stack.enter_async_context(held(share, "erase"))
        assert await most_of(share, "mirror") == 0


async def test_a_job_that_waits_goes_on_when_another_gives_a_connection_back() -> None:
    share = Share(5)
    share.divide(LEAST)

    async def one_more() -> None:
        async with held(share, "index"):
            pass

    async with held(share, "index"):
        waiting = asyncio.create_task(one_more())
        await asyncio.sleep(0)
        assert not waiting.done()
    async with asyncio.timeout(10):
        await waiting


async def test_what_works_under_a_lock_has_its_connection_already() -> None:
    share = Share(5)
    share.divide(LEAST)
    async with held(share, "mirror", 2), asyncio.timeout(10), share.held():
        pass


async def test_callers_and_kinds_without_a_share_wait_for_nobody() -> None:
    share = Share(5)
    share.divide(LEAST)
    async with AsyncExitStack() as stack, asyncio.timeout(10):
        for _ in range(20):
            await stack.enter_async_context(share.held())
            await stack.enter_async_context(held(share, "another"))


async def test_a_pool_that_is_too_small_is_not_divided() -> None:
    share = Share(4)
    assert not share.divide(LEAST)
    with pytest.raises(AssertionError, match="no end"):
        await most_of(share, "index")
