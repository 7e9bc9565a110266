"""A write conflicts exactly when another agent changed the field after what the writer had seen."""

import random
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from semmem import Conflict, InvalidInput, Memory, ScopedMemory, Snapshot
from tests.counts import times
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

HISTORIES = times(60, 20_000)
STEPS = 12
AGENTS = ("ann", "bob", "cyd")
FIELDS = ("findings", "calls_left", "title")


class Clocks:
    """Vector clocks: what each agent knows of, by how many writes of each."""

    def __init__(self) -> None:
        self.known = {agent: Counter[str]() for agent in AGENTS}
        self.writes: dict[str, list[tuple[str, int]]] = {field: [] for field in FIELDS}  # writer, and its how manieth

    def read(self, agent: str) -> None:
        for other in AGENTS:
            self.known[agent][other] = max(self._written(other), self.known[agent][other])

    def write(self, agent: str, field: str) -> bool:
        """Whether another agent's write of the field is none that this one knows of."""
        unknown = any(writer != agent and number > self.known[agent][writer] for writer, number in self.writes[field])
        self.known[agent][agent] = self._written(agent) + 1
        self.writes[field].append((agent, self.known[agent][agent]))
        return unknown

    def _written(self, agent: str) -> int:
        return max(
            (number for writes in self.writes.values() for writer, number in writes if writer == agent), default=0
        )


async def test_a_conflict_is_what_vector_clocks_call_one(memory: Memory, tenant: str) -> None:
    drawn = random.Random(7)
    found = Counter[bool]()
    for _ in range(HISTORIES):
        launch = memory.scope(tenant=tenant, workspace=uuid4().hex, state=Launch)
        agents, clocks = {name: launch.agent(name) for name in AGENTS}, Clocks()
        for step in range(STEPS):
            name = drawn.choice(AGENTS)
            if drawn.random() < 0.35:
                await agents[name].state()
                clocks.read(name)
                continue
            field = drawn.choice(FIELDS)
            changes: dict[str, Any] = {"findings": ["x"], "calls_left": 1, "title": str(step)}
            change = await agents[name].update(**{field: changes[field]})
            conflict = clocks.write(name, field)
            assert change.unseen == ((field,) if conflict else ())
            found[conflict] += 1
    assert min(found[True], found[False]) > HISTORIES


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def test_a_field_may_refuse_what_was_not_seen(launch: ScopedMemory) -> None:
    ann, bob = launch.agent("ann"), launch.agent("bob")
    change = await ann.update(report="Enter.", title="Vietnam")

    with pytest.raises(Conflict) as refused:
        await bob.update(report="Stay.", findings=["x"])
    conflict = refused.value
    assert (conflict.field, conflict.seen, conflict.found) == ("report", 0, change.position)
    assert (conflict.by, conflict.value) == ("ann", "Enter.")
    assert (await launch.state())["findings"] == []  # nothing of the update was written

    await bob.state()
    assert bob.seen == change.position
    assert (await bob.update(report="Stay.")).written == ("report",)
    assert (await bob.update(report="Stay!")).written == ("report",)  # its own words are no news to it
    with pytest.raises(Conflict, match="the agent bob"):
        await ann.update(report="Enter!", seen=change.position)
    assert (await ann.update(report="Enter!", seen=change.position + 2)).unseen == ()


async def test_who_writes_without_a_name_has_seen_nothing_of_its_own(launch: ScopedMemory) -> None:
    await launch.update(report="One.")
    with pytest.raises(Conflict, match="somebody"):
        await launch.update(report="Two.")
    await launch.state()
    await launch.update(report="Two.")


async def test_expected_is_compared_with_the_last_change_of_anybody(launch: ScopedMemory) -> None:
    ann = launch.agent("ann")
    before = await ann.state()
    await ann.update(expected=before, title="One")
    with pytest.raises(Conflict) as refused:
        await ann.update(expected=before, title="Two")
    assert (refused.value.by, refused.value.value) == ("ann", "One")

    now = await ann.state()
    await ann.update(findings=["other"])
    await ann.update(expected=now, title="Two")  # another field's change is none of this one's
    with pytest.raises(Conflict, match="findings"):
        await ann.update(expected={"findings": now.positions.get("findings", 0)}, title="Three")
    await ann.update(expected={"tags": 0}, title="Three")


async def test_a_function_is_asked_again_with_what_stands_then(launch: ScopedMemory) -> None:
    asked: list[Snapshot] = []

    async def append(state: Snapshot) -> dict[str, str]:
        asked.append(state)
        if len(asked) < 3:
            await launch.agent("bob").update(title=f"bob {len(asked)}")
        return {"title": f"{state['title']}, and ann"}

    await launch.agent("ann").update(append)
    assert [state["title"] for state in asked] == ["", "bob 1", "bob 2"]
    assert (await launch.state())["title"] == "bob 2, and ann"


async def test_a_function_that_is_always_too_late_is_told_so(launch: ScopedMemory) -> None:
    asked = 0

    async def late(state: Snapshot) -> dict[str, str]:
        nonlocal asked
        asked += 1
        await launch.agent("bob").update(title=f"bob {asked}")
        return {"title": "ann"}

    with pytest.raises(Conflict):
        await launch.agent("ann").update(late)
    assert asked == 4
    assert (await launch.state())["title"] == "bob 4"


async def test_a_function_answers_with_changes(launch: ScopedMemory) -> None:
    for wrong in (None, 3, ["title"], "title"):
        with pytest.raises(InvalidInput, match="fn"):
            await launch.update(lambda state, wrong=wrong: wrong)  # type: ignore[misc]
    with pytest.raises(InvalidInput, match="fn"):
        await launch.update(lambda state: {}, title="x")
