"""One class declares a scope's state; another one has to be of a higher version."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

import semmem
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
    doubts: Annotated[list[str], append]

    @classmethod
    def upgrade(cls, values: dict[str, Any], version: int) -> dict[str, Any]:
        assert version == 1
        return {"findings": ", ".join(values.get("findings", ())), "doubts": [values["verdict"]] * 2}


class Unfit(State, version=2):
    calls_left: Annotated[list[int], append]


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
    await first.update(findings=["a", "b"], calls_left=-1, verdict="enter")
    before = await first.checkpoint()
    second = memory.at(first.place, state=Second)
    await second.update(decision="stay", calls_left=-1, doubts=["late"])

    held = {"findings": "a, b", "calls_left": 98, "decision": "stay", "doubts": ["enter", "enter", "late"]}
    assert (await second.state()).values == held
    then = {"findings": ["a", "b"], "calls_left": 99, "verdict": "enter"}
    assert (await first.state(at=before)).values == then
    with pytest.raises(StateMismatch, match="version"):
        await first.update(verdict="late")
    with pytest.raises(StateMismatch, match="findings"):
        await second.restore(before)

    declared = [entry for entry in await second.entries() if entry.kind == "declared"]
    assert [(entry.detail["version"], entry.fields) for entry in declared] == [
        (1, ()),
        (2, ("doubts", "findings", "verdict")),
    ]


async def test_a_version_that_nothing_fits_leaves_all_as_it_is(memory: Memory, first: ScopedMemory) -> None:
    await first.update(calls_left=-1)
    with pytest.raises(StateMismatch, match="upgrade"):
        await memory.at(first.place, state=Unfit).update(calls_left=[1])
    assert (await first.update(calls_left=-1)).written == ("calls_left",)


class Broken(State, version=2):
    calls_left: Annotated[int, add] = 0

    @classmethod
    def upgrade(cls, values: dict[str, Any], version: int) -> dict[str, Any]:
        return {"calls_left": len(values["title"])}  # which was never told


async def test_an_upgrade_that_breaks_is_named(memory: Memory, first: ScopedMemory) -> None:
    await first.update(calls_left=-1)
    with pytest.raises(StateMismatch, match=r"fails on the values of version 1 \(KeyError\)"):
        await memory.at(first.place, state=Broken).update(calls_left=1)


class Long(State, version=1):
    lines: Annotated[list[str], append]


class Longer(State, version=2):
    lines: Annotated[list[str], append]
    title: str = ""

    @classmethod
    def upgrade(cls, values: dict[str, Any], version: int) -> dict[str, Any]:
        return {"lines": [line.upper() for line in values["lines"]]}


async def test_the_longest_list_is_upgraded_in_its_order(memory: Memory, tenant: str) -> None:
    place = memory.scope(tenant=tenant, workspace="long", state=Long)
    lines = [f"line {number}" for number in range(10_000)]
    for start in range(0, len(lines), 1_000):
        await place.update(lines=lines[start : start + 1_000])
    longer = memory.at(place.place, state=Longer)
    await longer.update(title="upgraded")
    assert (await longer.state())["lines"] == [line.upper() for line in lines]


async def test_an_upgrade_holds_nobody_up_and_is_made_anew(
    memory: Memory, first: ScopedMemory, urls: dict[str, Any]
) -> None:
    await first.update(verdict="enter")
    upgraded: list[str] = []

    async def change() -> None:
        async with semmem.open(postgres_url=urls["postgres_url"], worker=False) as other:
            await other.at(first.place, state=First).update(verdict="stay")

    class Third(State, version=3):
        title: str = ""
        votes: Annotated[int, add] = 0

        @classmethod
        def upgrade(cls, values: dict[str, Any], version: int) -> dict[str, Any]:
            if not upgraded:  # another process writes meanwhile
                with ThreadPoolExecutor(1) as elsewhere:
                    elsewhere.submit(asyncio.run, change()).result()
            upgraded.append(values["verdict"])
            return {"title": values["verdict"]}

    third = memory.at(first.place, state=Third)
    await third.update(votes=1)
    assert upgraded == ["enter", "stay"]
    assert (await third.state()).values == {"title": "stay", "votes": 1}


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
