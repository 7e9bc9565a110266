"""One that waits for news can be woken, and stopped, at any moment."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from typing import Any

import pytest

from semmem.domain.scope import Scope
from semmem.memory import watching
from semmem.memory.watching import Watcher, Watching

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


async def test_closing_asks_a_listener_again_that_has_lost_its_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Redis's client may, where its connection ends at the same moment."""

    class Deaf:
        async def heard(self, scopes: Iterable[Scope]) -> AsyncGenerator[tuple[Scope, int]]:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(SECONDS)
            return
            yield

    monkeypatch.setattr(watching, "CANCEL_AGAIN", 0.01)
    unused: Any = None  # neither the log nor what runs in the background is asked for anything
    listener: Any = Deaf()
    followers = Watching(unused, listener, unused)
    with followers.watch(Scope.user("acme", "alice"), 0):
        await asyncio.sleep(0.01)
    async with asyncio.timeout(SECONDS):
        await followers.aclose()


async def test_one_says_whether_it_was_woken() -> None:
    watcher = Watcher(3)
    watcher.wake(3)  # what it has read already
    assert not await watcher.wait(0.01)
    watcher.wake(4)
    assert await watcher.wait(SECONDS)
