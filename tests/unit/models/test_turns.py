import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from semmem.models.turns import Turns


class Boom(Exception):
    pass


@pytest.fixture
def turns() -> Turns:
    return Turns("test")


@asynccontextmanager
async def busy(turns: Turns) -> AsyncIterator[asyncio.Task[None]]:
    """Keeps the thread busy inside the block."""
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert done.wait(30)

    holding = asyncio.create_task(turns.take(0.0, hold))
    await asyncio.to_thread(begun.wait, 30)
    try:
        yield holding
    finally:
        done.set()


async def all_wait() -> None:
    """Tasks begin in the order they were made, and each gives its work to the thread before it first waits."""
    await asyncio.sleep(0)


async def test_who_is_due_first_goes_first(turns: Turns) -> None:
    order: list[float] = []
    async with busy(turns):
        waiting = [asyncio.create_task(turns.take(due, order.append, due)) for due in (3.0, 1.0, 2.5, -1.0, 2.0)]
        await all_wait()
    await asyncio.gather(*waiting)
    assert order == [-1.0, 1.0, 2.0, 2.5, 3.0]


async def test_who_is_due_at_once_goes_in_the_order_of_coming(turns: Turns) -> None:
    order: list[int] = []
    async with busy(turns):
        waiting = [asyncio.create_task(turns.take(1.0, order.append, number)) for number in range(20)]
        await all_wait()
    await asyncio.gather(*waiting)
    assert order == list(range(20))


async def test_each_gets_what_its_own_work_gave(turns: Turns) -> None:
    given = await asyncio.gather(*(turns.take(-number, pow, number, 2) for number in range(50)))
    assert given == [number**2 for number in range(50)]


async def test_an_error_reaches_its_caller_only(turns: Turns) -> None:
    def fail() -> None:
        raise Boom

    async with busy(turns):
        waiting = asyncio.gather(
            turns.take(1.0, str, "before"), turns.take(2.0, fail), turns.take(3.0, str, "after"), return_exceptions=True
        )
        await all_wait()
    before, failed, after = await waiting
    assert (before, type(failed), after) == ("before", Boom, "after")
    assert await turns.take(0.0, str, "later") == "later"


async def test_event_loops_share_one_thread(turns: Turns) -> None:
    order: list[float] = []

    def work(due: float) -> int:
        order.append(due)
        return threading.get_ident()

    async def elsewhere(*dues: float) -> list[int]:
        waiting = asyncio.gather(*(turns.take(due, work, due) for due in dues))
        await all_wait()
        given.release()
        return await waiting

    given = threading.Semaphore(0)
    async with busy(turns):
        others = [
            asyncio.create_task(asyncio.to_thread(asyncio.run, elsewhere(*dues))) for dues in ((4.0, 1.0), (3.0, 2.0))
        ]
        for _ in others:
            await asyncio.to_thread(given.acquire)
    threads = {ident for found in await asyncio.gather(*others) for ident in found}
    assert order == [1.0, 2.0, 3.0, 4.0]
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


async def test_the_work_of_one_who_no_longer_waits_is_left_out(turns: Turns) -> None:
    order: list[str] = []
    async with busy(turns):
        gone = asyncio.create_task(turns.take(1.0, order.append, "gone"))
        stays = asyncio.create_task(turns.take(2.0, order.append, "stays"))
        await all_wait()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    await stays
    assert order == ["stays"]


async def test_one_who_leaves_in_the_middle_of_its_work_disturbs_nobody(turns: Turns) -> None:
    async with busy(turns) as holding:
        stays = asyncio.create_task(turns.take(1.0, str, "stays"))
        await all_wait()
        holding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holding
        assert not stays.done()
    assert await stays == "stays"


async def test_a_time_limit_holds_while_the_thread_is_busy(turns: Turns) -> None:
    async with busy(turns):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await turns.take(0.0, str, "late")
    assert await turns.take(0.0, str, "later") == "later"
