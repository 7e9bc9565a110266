"""Locks fence: who lost one writes nothing more, whoever paused, and tokens only ever rise."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from semmem import InvalidInput, Lock, LockHeld, LockLost, ScopedMemory
from semmem.memory.memory import Memory
from tests.counts import times
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def _time_is_over(owner: asyncpg.Connection, name: str) -> None:
    """As if the holder had paused for longer than its time."""
    await owner.execute("update semmem.locks set held_until = now() - interval '1 ms' where name = $1", name)


async def test_a_holder_that_paused_writes_nothing_more(launch: ScopedMemory, owner: asyncpg.Connection) -> None:
    ann, bob = launch.agent("ann"), launch.agent("bob")
    tokens = []
    for number in range(times(5, 100)):
        async with ann.lock("report", ttl=HOUR) as lost:
            await ann.update(title=f"ann {number}", lock=lost)
            await _time_is_over(owner, "report")
            async with bob.lock("report", ttl=HOUR) as lock:
                await bob.update(title=f"bob {number}", lock=lock)
                for write in (ann.update(title="stale", lock=lost), ann.remember("stale", lock=lost), lost.renew()):
                    with pytest.raises(LockLost) as refused:
                        await write
                    assert (refused.value.name, refused.value.token) == ("report", lost.token)
            with pytest.raises(LockLost):
                await ann.update(title="stale", lock=lost)
        tokens += [lost.token, lock.token]
        assert (await launch.state())["title"] == f"bob {number}"
    assert tokens == sorted(set(tokens))
    assert await launch.history() == []


async def test_a_lock_whose_time_is_over_holds_until_somebody_takes_it(
    launch: ScopedMemory, owner: asyncpg.Connection
) -> None:
    async with launch.agent("ann").lock("report", ttl=HOUR) as lock:
        await _time_is_over(owner, "report")
        await launch.update(title="still mine", lock=lock)
        await lock.renew(timedelta(minutes=5))
        with pytest.raises(LockHeld) as refused:
            async with launch.agent("bob").lock("report", ttl=HOUR):
                pass
        assert (refused.value.name, refused.value.by) == ("report", "ann")


async def test_those_who_contend_take_turns(launch: ScopedMemory) -> None:
    taken: list[int] = []
    inside = 0

    async def work(agent: ScopedMemory) -> None:
        nonlocal inside
        for _ in range(times(2, 25)):
            async with agent.lock("report", ttl=timedelta(seconds=30), wait=timedelta(minutes=10)) as lock:
                inside += 1
                assert inside == 1
                taken.append(lock.token)
                count = int((await agent.state())["title"] or 0)
                await agent.update(title=str(count + 1), lock=lock)
                inside -= 1

    await asyncio.gather(*(work(launch.agent(f"agent-{number}")) for number in range(20)))
    assert int((await launch.state())["title"]) == len(taken) == 20 * times(2, 25)
    assert taken == sorted(set(taken))


async def test_tokens_rise_through_release_restore_and_forget(launch: ScopedMemory) -> None:
    ann, tokens = launch.agent("ann"), []

    async def take() -> Lock:
        async with ann.lock("report", ttl=HOUR) as lock:
            tokens.append(lock.token)
        return lock

    await take()
    await launch.update(title="one")
    checkpoint = await launch.checkpoint()
    await take()
    await launch.update(title="two")
    await launch.restore(checkpoint)
    await take()
    async with ann.lock("other", ttl=HOUR) as lost:
        await launch.forget(everything=True)
        with pytest.raises(LockLost):
            await ann.update(title="three", lock=lost)
    await take()
    assert tokens == sorted(set(tokens))
    assert tokens[-1] > lost.token


async def test_many_names_are_taken_at_once_or_none_of_them(launch: ScopedMemory) -> None:
    ann, bob = launch.agent("ann"), launch.agent("bob")
    async with ann.lock("b", ttl=HOUR):
        with pytest.raises(LockHeld, match="lock b"):
            async with bob.lock("c", "b", "a", ttl=HOUR):
                pass
        async with bob.lock("c", "a", "c", ttl=HOUR) as lock:
            assert lock.names == ("a", "c")

    async def work(agent: ScopedMemory, *names: str) -> None:
        for _ in range(times(5, 50)):
            async with agent.lock(*names, ttl=HOUR, wait=HOUR) as lock:
                await agent.update(findings=["x"], lock=lock)

    async with asyncio.timeout(120):
        await asyncio.gather(work(ann, "a", "b", "c"), work(bob, "c", "b"), work(launch, "b", "a"))
    assert len((await launch.state())["findings"]) == 3 * times(5, 50)


async def test_one_agent_takes_a_name_once(launch: ScopedMemory) -> None:
    ann = launch.agent("ann")
    async with ann.lock("report", ttl=HOUR):
        with pytest.raises(InvalidInput, match="report"):
            async with ann.lock("draft", "report", ttl=HOUR, wait=HOUR):
                pass
    async with ann.lock("draft", "report", ttl=HOUR) as lock:
        assert lock.held
    assert not lock.held


async def test_a_lock_is_left_however_its_block_ends(launch: ScopedMemory) -> None:
    with pytest.raises(ZeroDivisionError):
        async with launch.lock("report", ttl=HOUR):
            _ = 1 / 0
    async with launch.lock("report", ttl=HOUR):
        pass


async def test_a_short_lock_ends_by_itself(launch: ScopedMemory) -> None:
    async with launch.agent("ann").lock("report", ttl=SECOND) as lost:
        async with launch.agent("bob").lock("report", ttl=HOUR, wait=timedelta(minutes=1)) as lock:
            assert lock.token > lost.token
        assert not lost.held


async def test_a_lock_is_of_its_scope_and_taken_before_it_is_used(
    memory: Memory, launch: ScopedMemory, tenant: str
) -> None:
    other = memory.scope(tenant=tenant, workspace="other", state=Launch)
    async with other.lock("report", ttl=HOUR) as lock:
        with pytest.raises(InvalidInput, match="scope"):
            await launch.update(title="x", lock=lock)
        with pytest.raises(InvalidInput, match="scope"):
            await launch.remember("x", lock=lock)
    with pytest.raises(InvalidInput, match="not taken"):
        await launch.update(title="x", lock=launch.lock("report", ttl=HOUR))


@pytest.mark.parametrize(
    ("names", "ttl", "wait"),
    [
        ((), HOUR, None),
        (tuple(map(str, range(17))), HOUR, None),
        (("",), HOUR, None),
        ((3,), HOUR, None),
        (("report",), timedelta(), None),
        (("report",), timedelta(milliseconds=999), None),
        (("report",), HOUR + SECOND, None),
        (("report",), 60, None),
        (("report",), HOUR, -SECOND),
        (("report",), HOUR, timedelta(days=2)),
        (("report",), HOUR, 5),
    ],
)
async def test_what_cannot_be_locked_is_refused(launch: ScopedMemory, names: Any, ttl: Any, wait: Any) -> None:
    with pytest.raises(InvalidInput):
        launch.lock(*names, ttl=ttl, wait=wait)
