"""Many agents write to one state: nothing of what any of them wrote is lost, whatever the field's reducer."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from semmem import Conflict, Memory, ScopedMemory, Snapshot, told
from semmem.testing import ManualClock
from tests.counts import times
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

WRITERS = 20
EACH = times(5, 500)
TOLD = [(writer, number) for writer in range(WRITERS) for number in range(EACH)]


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def _write(launch: ScopedMemory, changes: Callable[[int, int], Mapping[str, Any]]) -> Snapshot:
    """Each writer its own updates, one after the other, and all writers at once."""

    async def write(writer: int) -> None:
        agent = launch.agent(f"agent-{writer}")
        for number in range(EACH):
            await agent.update(**changes(writer, number))

    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
    return await launch.state()


async def test_append_keeps_every_item_and_each_writers_order(launch: ScopedMemory) -> None:
    state = await _write(launch, lambda writer, number: {"findings": [f"{writer}:{number}"]})
    for writer in range(WRITERS):
        own = [item for item in state["findings"] if item.startswith(f"{writer}:")]
        assert own == [f"{writer}:{number}" for number in range(EACH)]


async def test_append_with_keep_holds_the_last_items(launch: ScopedMemory) -> None:
    state = await _write(launch, lambda writer, number: {"news": [number]})
    assert len(state["news"]) == 3


async def test_merge_keeps_every_key(launch: ScopedMemory) -> None:
    state = await _write(launch, lambda writer, number: {"owners": {f"{writer}:{number}": "x"}})
    assert state["owners"].keys() == {f"{writer}:{number}" for writer, number in TOLD}


async def test_union_keeps_every_member(launch: ScopedMemory) -> None:
    state = await _write(launch, lambda writer, number: {"tags": {f"{writer}:{number}", "0:0"}})
    assert state["tags"] == {f"{writer}:{number}" for writer, number in TOLD}


async def test_add_keeps_every_amount(launch: ScopedMemory) -> None:
    state = await _write(launch, lambda writer, number: {"calls_left": -1, "spent": 0.1})
    assert state["calls_left"] == 100 - len(TOLD)
    assert state["spent"] == pytest.approx(len(TOLD) / 10, abs=1e-12)


async def test_max_and_min_keep_the_extremes(launch: ScopedMemory) -> None:
    state = await _write(
        launch, lambda writer, number: {"highest": writer * 7 % 20 + number, "lowest": float(writer * 3 % 20 - number)}
    )
    assert (state["highest"], state["lowest"]) == (19 + EACH - 1, float(-(EACH - 1)))


async def test_best_keeps_what_was_told_with_most_confidence(launch: ScopedMemory) -> None:
    def sure(writer: int, number: int) -> Mapping[str, Any]:
        rank = (writer * 7 + number * 3) % len(TOLD)
        return {"verdict": told(f"{writer}:{number}", confidence=rank / len(TOLD))}

    state = await _write(launch, sure)
    ranks = {f"{writer}:{number}": (writer * 7 + number * 3) % len(TOLD) for writer, number in TOLD}
    assert ranks[state["verdict"]] == max(ranks.values())


async def test_latest_keeps_what_was_seen_last_in_the_world(launch: ScopedMemory, clock: ManualClock) -> None:
    began = clock.now

    def seen(writer: int, number: int) -> Mapping[str, Any]:
        minute = (writer * EACH + number) * 7 % len(TOLD)
        return {"status": str(minute), "told_at": began - timedelta(minutes=len(TOLD) - minute)}

    state = await _write(launch, seen)
    assert state["status"] == str(max((writer * EACH + number) * 7 % len(TOLD) for writer, number in TOLD))


async def test_a_function_of_what_stands_loses_nothing(launch: ScopedMemory) -> None:
    """A value that is read, changed and replaced: who was not the first is asked again, or told so."""
    given_up = 0

    async def count(writer: int) -> None:
        nonlocal given_up
        agent = launch.agent(f"agent-{writer}")
        for _ in range(EACH):
            try:
                await agent.update(lambda state: {"title": str(int(state["title"] or 0) + 1)})
            except Conflict:
                given_up += 1

    await asyncio.gather(*(count(writer) for writer in range(WRITERS)))
    assert int((await launch.state())["title"]) == len(TOLD) - given_up
    assert given_up < len(TOLD)


async def test_what_was_appended_while_somebody_restores_stays(launch: ScopedMemory) -> None:
    await launch.update(findings=["first"])
    restored: list[int] = []

    async def restore() -> None:
        for _ in range(EACH):
            restored.append((await launch.restore(2)).position)

    positions: dict[str, int] = {}

    async def write(writer: int) -> None:
        for number in range(EACH):
            change = await launch.agent(str(writer)).update(findings=[f"{writer}:{number}"])
            positions[f"{writer}:{number}"] = change.position

    await asyncio.gather(restore(), *(write(writer) for writer in range(5)))
    later = {item: position for item, position in positions.items() if position > max(restored)}
    found = (await launch.state())["findings"]
    assert found == ["first", *sorted(later, key=lambda item: later[item])]
