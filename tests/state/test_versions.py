"""One class declares a scope's state; another one has to be of a higher version."""

from typing import Annotated

import pytest

from semmem import Memory, ScopedMemory, State, StateMismatch, add, append, best

pytestmark = pytest.mark.shared


class First(State, version=1):
    findings: Annotated[list[str], append]
    calls_left: Annotated[int, add] = 100
    verdict: str = ""


class Other(State, version=1):
    findings: Annotated[list[str], append]
    calls_left: Annotated[int, add] = 50
    verdict: str = ""


class Fewer(State, version=1):
    findings: Annotated[list[str], append]


class Second(State, version=2):
    findings: str = "none"
    calls_left: Annotated[int, add] = 100
    decision: Annotated[str, best] = ""


@pytest.fixture
def first(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=First)


async def test_another_class_of_the_same_version_is_refused_by_its_field(memory: Memory, first: ScopedMemory) -> None:
    await first.update(calls_left=-1)
    with pytest.raises(StateMismatch, match="calls_left"):
        await memory.at(first.place, state=Other).update(calls_left=-1)
    fewer = memory.at(first.place, state=Fewer)
    await fewer.update(findings=["the same field"])
    assert (await fewer.state()).values == {"findings": ["the same field"]}


async def test_a_higher_version_takes_over(memory: Memory, first: ScopedMemory) -> None:
    await first.update(findings=["a"], calls_left=-1, verdict="enter")
    before = await first.checkpoint()
    second = memory.at(first.place, state=Second)
    await second.update(decision="stay", calls_left=-1)

    assert (await second.state()).values == {"findings": "none", "calls_left": 98, "decision": "stay"}
    assert (await first.state(at=before)).values == {"findings": ["a"], "calls_left": 99, "verdict": "enter"}
    with pytest.raises(StateMismatch, match="version"):
        await first.update(verdict="late")
    with pytest.raises(StateMismatch, match="findings"):
        await second.restore(before)

    declared = [entry for entry in await second.entries() if entry.kind == "declared"]
    assert [(entry.detail["version"], entry.fields) for entry in declared] == [
        (1, ()),
        (2, ("findings", "verdict")),  # which hold nothing any more
    ]


async def test_without_a_class_values_are_read_as_they_are_kept(memory: Memory, first: ScopedMemory) -> None:
    await first.update(findings=["a"], calls_left=-1)
    assert (await memory.at(first.place).state()).values == {"findings": ["a"], "calls_left": 99}


async def test_after_a_forget_a_scope_may_be_declared_anew(memory: Memory, first: ScopedMemory) -> None:
    await first.update(verdict="enter")
    head = (await first.state()).position
    await first.forget(everything=True)
    await memory.at(first.place, state=Other).update(calls_left=-1)
    state = await memory.at(first.place, state=Other).state()
    assert (state["calls_left"], state["verdict"]) == (49, "")
    assert state.position > head
