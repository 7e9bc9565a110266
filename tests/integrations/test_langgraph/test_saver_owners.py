"""Two workers on one thread: the one that had not seen what the other wrote is refused, and the thread never forks."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance.test_utils import generate_checkpoint, generate_config, generate_metadata
from langgraph.checkpoint.memory import InMemorySaver

from semmem import Memory, ThreadLost
from semmem.integrations.langgraph import SemmemSaver
from semmem.testing import wait_until
from tests.integrations.test_langgraph.conftest import SaverMaker
from tests.integrations.test_langgraph.graphs import Gate, Trail, on, walking


def branchings(saver: BaseCheckpointSaver[str], thread: str = "t") -> int:
    """How many checkpoints of a thread have more than one behind them."""
    parents = [
        each.parent_config["configurable"]["checkpoint_id"] for each in saver.list(on(thread)) if each.parent_config
    ]
    return len(parents) - len(set(parents))


async def stalled(
    saver: BaseCheckpointSaver[str], gate: Gate, state: Trail | None, name: str = "a", durability: Any = "sync"
) -> asyncio.Task[Any]:
    """A worker that hangs in its second step."""
    run = asyncio.create_task(walking(saver, name=name, gate=gate).ainvoke(state, on("t"), durability=durability))
    await gate.reached.wait()
    return run


async def taken_over(first: BaseCheckpointSaver[str], second: BaseCheckpointSaver[str]) -> Any:
    """One worker hangs, the other goes on with the thread and ends; then the first one goes on. What became of it."""
    await walking(first, name="old").ainvoke({"steps": []}, on("t"))
    gate = Gate()
    stale = await stalled(first, gate, {"steps": ["question"]})
    await walking(second, name="b").ainvoke(None, on("t"))
    gate.opened.set()
    return (await asyncio.gather(stale, return_exceptions=True))[0]


async def test_without_owners_a_stale_worker_forks_the_thread() -> None:
    """The drill itself: what it finds in a saver that lets everybody write."""
    saver = InMemorySaver()

    ended = await taken_over(saver, saver)

    assert ended["steps"][-2:] == ["a2", "a3"]
    assert branchings(saver) == 1


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_stale_worker_is_refused(make_saver: SaverMaker, workers: int) -> None:
    savers = [make_saver() for _ in range(workers)]

    ended = await taken_over(savers[0], savers[-1])

    assert isinstance(ended, ThreadLost)
    assert "invoke the graph again" in str(ended)
    assert branchings(savers[0]) == 0
    state = await walking(savers[0]).aget_state(on("t"))
    assert state.values["steps"] == ["old1", "old2", "old3", "question", "a1", "b2", "b3"]
    assert await walking(savers[0], name="c").ainvoke({"steps": []}, on("t"))


async def test_a_stale_worker_that_began_the_thread_is_refused(make_saver: SaverMaker) -> None:
    first, second = make_saver(), make_saver()
    gate = Gate()
    stale = await stalled(first, gate, {"steps": ["question"]})
    await walking(second, name="b").ainvoke(None, on("t"))
    gate.opened.set()

    with pytest.raises(ThreadLost):
        await stale
    assert (await walking(first).aget_state(on("t"))).values["steps"] == ["question", "a1", "b2", "b3"]


@pytest.mark.parametrize("durability", ["sync", "async"])
@pytest.mark.parametrize("workers", [1, 2])
async def test_of_those_that_begin_a_thread_together_one_goes_on(
    make_saver: SaverMaker, workers: int, durability: Any
) -> None:
    savers = [make_saver() for _ in range(workers)]
    runs = [
        walking(savers[number % workers], name=str(number)).ainvoke({"steps": []}, on("t"), durability=durability)
        for number in range(6)
    ]

    ended = await asyncio.gather(*runs, return_exceptions=True)

    assert [each for each in ended if not isinstance(each, dict | ThreadLost)] == []
    done = [each for each in ended if isinstance(each, dict)]
    assert len(done) >= 1
    assert branchings(savers[0]) == 0
    assert (await walking(savers[0]).aget_state(on("t"))).values["steps"] == done[-1]["steps"]


async def test_of_those_that_go_on_together_none_overwrites_another(make_saver: SaverMaker) -> None:
    savers = [make_saver(), make_saver()]
    await walking(savers[0], name="old").ainvoke({"steps": []}, on("t"))
    runs = [walking(savers[number % 2], name=f"run {number}, ").ainvoke({"steps": []}, on("t")) for number in range(8)]

    ended = await asyncio.gather(*runs, return_exceptions=True)

    assert [each for each in ended if not isinstance(each, dict | ThreadLost)] == []
    assert any(isinstance(each, ThreadLost) for each in ended)
    assert branchings(savers[0]) == 0
    steps = (await walking(savers[0]).aget_state(on("t"))).values["steps"]
    whole = [number for number, each in enumerate(ended) if isinstance(each, dict)]
    assert [each for each in steps if each.endswith("3")][1:] == [f"run {number}, 3" for number in whole]


async def test_a_run_does_not_overwrite_what_was_changed_from_outside(saver: SemmemSaver) -> None:
    gate = Gate()
    await walking(saver, name="old").ainvoke({"steps": []}, on("t"))
    stale = await stalled(saver, gate, {"steps": ["question"]})
    await walking(saver).aupdate_state(on("t"), {"steps": ["stop"]}, as_node="step3")
    gate.opened.set()

    with pytest.raises(ThreadLost):
        await stale
    assert (await walking(saver).aget_state(on("t"))).values["steps"][-1] == "stop"


async def test_whoever_only_reads_takes_nothing_over(saver: SemmemSaver, make_saver: SaverMaker) -> None:
    gate = Gate()
    run = await stalled(saver, gate, {"steps": []})
    other = walking(make_saver())
    for _ in range(3):
        assert (await other.aget_state(on("t"))).next == ("step2",)
        assert [snapshot async for snapshot in other.aget_state_history(on("t"))]
    gate.opened.set()

    assert (await run)["steps"] == ["a1", "a2", "a3"]


async def test_a_deleted_thread_does_not_come_back(saver: SemmemSaver) -> None:
    for began in (False, True):
        gate = Gate()
        if began:
            await walking(saver).ainvoke({"steps": []}, on("t"))
        run = await stalled(saver, gate, {"steps": []})
        await saver.adelete_thread("t")
        gate.opened.set()

        with pytest.raises(ThreadLost):
            await run
        assert [each async for each in saver.alist(None)] == []


async def test_a_deleted_thread_that_began_anew_is_not_the_old_runs(make_saver: SaverMaker) -> None:
    first, second = make_saver(), make_saver()
    await walking(first, name="old").ainvoke({"steps": []}, on("t"))
    gate = Gate()
    stale = await stalled(first, gate, {"steps": []})
    await second.adelete_thread("t")
    await walking(second, name="new").ainvoke({"steps": []}, on("t"))
    gate.opened.set()

    with pytest.raises(ThreadLost):
        await stale
    assert (await walking(first).aget_state(on("t"))).values["steps"] == ["new1", "new2", "new3"]


async def delete(saver: SemmemSaver) -> None:
    await saver.adelete_thread("t")


async def forget(saver: SemmemSaver) -> None:
    async def all_of_it(memory: Memory) -> None:
        await memory.at(saver._root).forget(everything=True)

    await saver._bridge.arun(all_of_it)


@pytest.mark.parametrize("durability", ["sync", "async"])
@pytest.mark.parametrize("end", [delete, forget])
async def test_a_run_that_began_a_thread_does_not_write_to_the_next_one_of_its_name(
    saver: SemmemSaver, end: Callable[[SemmemSaver], Awaitable[None]], durability: Any
) -> None:
    async def hangs() -> bool:
        return bool((await walking(saver).aget_state(on("t"))).next == ("step2",))

    gate = Gate()
    stale = await stalled(saver, gate, {"steps": ["old"]}, "old", durability)
    await wait_until(hangs)  # a graph goes on while its checkpoints are stored
    await end(saver)
    await walking(saver, name="new").ainvoke({"steps": []}, on("t"), durability=durability)
    gate.opened.set()

    with pytest.raises(ThreadLost):
        await stale
    assert (await walking(saver).aget_state(on("t"))).values["steps"] == ["new1", "new2", "new3"]
    assert not [each for each in saver.list(on("t")) if "old" in str(each)]


async def test_who_read_a_thread_does_not_write_to_the_next_one_of_its_name(saver: SemmemSaver) -> None:
    await walking(saver, name="old").ainvoke({"steps": []}, on("t"), durability="exit")
    before = await read(saver)
    await saver.adelete_thread("t")
    await walking(saver, name="new").ainvoke({"steps": []}, on("t"), durability="exit")

    with pytest.raises(ThreadLost):
        await put(saver, before)
    with pytest.raises(ThreadLost):
        await saver.aput_writes(before, [("steps", ["old4"])], "task")


async def test_writes_wait_for_their_checkpoint_as_long_as_others_come(
    saver: SemmemSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semmem.memory.threads.PATIENCE", 1.0)
    last = await put(saver, generate_config("t"))
    late = generate_checkpoint(checkpoint_id="9")
    writing = asyncio.create_task(saver.aput_writes(on("t", checkpoint_id="9"), [("a", 1)], "task"))
    began = time.monotonic()

    async def goes_on() -> bool:
        nonlocal last
        last = await put(saver, last)
        return time.monotonic() > began + 2.0

    await wait_until(goes_on)
    await saver.aput(last, late, generate_metadata(step=1), {})
    await writing

    found = await saver.aget_tuple(on("t"))
    assert found is not None
    assert found.pending_writes == [("task", "a", 1)]
    with pytest.raises(ThreadLost):
        await saver.aput_writes(on("t", checkpoint_id="99"), [("a", 1)], "task")


async def put(saver: SemmemSaver, config: Any) -> Any:
    """A next checkpoint, by whoever has read this config."""
    return await saver.aput(config, generate_checkpoint(), generate_metadata(step=1), {})


async def read(saver: SemmemSaver) -> Any:
    found = await saver.aget_tuple(on("t"))
    assert found is not None
    return found.config


@pytest.mark.parametrize("writes", [False, True])
async def test_each_write_of_the_owner_is_a_turn_that_others_have_to_see(saver: SemmemSaver, writes: bool) -> None:
    await put(saver, generate_config("t"))
    own = await put(saver, await read(saver))
    other = await read(saver)
    if writes:
        await saver.aput_writes(own, [("a", 1)], "task")
    else:
        await put(saver, own)

    with pytest.raises(ThreadLost, match="thread t:"):
        await put(saver, other)
    with pytest.raises(ThreadLost):
        await saver.aput_writes(other, [("a", 2)], "task")
    await put(saver, own)
    await put(saver, await read(saver))


async def test_what_a_task_wrote_before_the_last_checkpoint_may_come_late(saver: SemmemSaver) -> None:
    await put(saver, generate_config("t"))
    before = await put(saver, await read(saver))
    await put(saver, before)
    other = await read(saver)
    await saver.aput_writes(before, [("a", 1)], "task")

    await put(saver, other)


async def test_what_a_task_wrote_on_a_checkpoint_that_was_pruned_since_may_come_late(saver: SemmemSaver) -> None:
    pruned = await put(saver, generate_config("t"))
    last = await put(saver, pruned)
    await saver.aprune(["t"])
    await saver.aput_writes(pruned, [("a", 1)], "task")

    await put(saver, last)
    assert [each.pending_writes async for each in saver.alist(on("t"))] == [[], []]


async def test_what_a_task_wrote_before_others_went_on_and_pruned_is_refused(saver: SemmemSaver) -> None:
    pruned = await put(saver, generate_config("t"))
    await put(saver, await read(saver))
    await saver.aprune(["t"])

    with pytest.raises(ThreadLost):
        await saver.aput_writes(pruned, [("a", 1)], "task")


async def test_what_a_task_wrote_is_not_the_next_threads_of_its_name(saver: SemmemSaver) -> None:
    deleted = await put(saver, generate_config("t"))
    await saver.adelete_thread("t")
    await put(saver, generate_config("t"))
    await saver.aput_writes(deleted, [("a", 1)], "task")

    assert [each.pending_writes async for each in saver.alist(on("t"))] == [[]]
    with pytest.raises(ThreadLost):
        await put(saver, deleted)


PROGRAM = """
import asyncio, json, sys
from semmem import ThreadLost
from semmem.integrations.langgraph import SemmemSaver
from tests.integrations.test_langgraph.graphs import Gate, on, walking

async def hang():
    gate = Gate()
    async with SemmemSaver(**json.loads(sys.argv[1])) as saver:
        graph = walking(saver, name="a", gate=gate)
        run = asyncio.create_task(graph.ainvoke({"steps": []}, on("t"), durability="sync"))
        await gate.reached.wait()
        print("hangs", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        gate.opened.set()
        try:
            await run
        except ThreadLost as lost:
            print(f"refused: {lost.thread}", flush=True)

asyncio.run(hang())
"""


async def test_a_stale_worker_in_another_process_is_refused(shared: dict[str, Any]) -> None:
    root: dict[str, Any] = shared | {"tenant": f"acme-{uuid4().hex}", "user": "alice"}
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, json.dumps(root), stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"hangs\n"
    async with SemmemSaver(**root) as saver:
        await walking(saver, name="b").ainvoke(None, on("t"))
        said, _ = await process.communicate(b"go on\n")
        state = await walking(saver).aget_state(on("t"))

    assert said == b"refused: t\n"
    assert state.values["steps"] == ["a1", "b2", "b3"]
