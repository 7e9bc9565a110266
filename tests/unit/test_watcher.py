"""One that waits for news can be woken, and stopped, at any moment."""

import asyncio

import pytest

from semmem.memory.watching import Watcher

SECONDS = 60  # for what should take a moment, on a machine that is busy


async def _follow(watcher: Watcher) -> None:
    while True:
        watcher.clear()
        await watcher.wait(SECONDS)


@pytest.mark.parametrize("steps", range(5))
async def test_one_that_is_stopped_as_it_is_woken_stops(steps: int) -> None:
    watcher = Watcher(0)
    following = asyncio.create_task(_follow(watcher))
    await asyncio.sleep(0)
    watcher.wake(1)
    for _ in range(steps):
        await asyncio.sleep(0)
    following.cancel()
    done, _ = await asyncio.wait({following}, timeout=1)
    assert done


async def test_one_says_whether_it_was_woken() -> None:
    watcher = Watcher(3)
    watcher.wake(3)  # what it has read already
    assert not await watcher.wait(0.01)
    watcher.wake(4)
    assert await watcher.wait(SECONDS)
