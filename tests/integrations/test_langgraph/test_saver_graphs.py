"""Graphs on a saver: whatever a run leaves in LangGraph's own InMemorySaver, it leaves in SemmemSaver."""

from itertools import pairwise
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.channels.delta import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from semmem.integrations.langgraph import SemmemSaver
from tests.integrations.test_langgraph.conftest import SaverMaker
from tests.integrations.test_langgraph.graphs import Trail, asking, on, walking

DURABILITIES = ("sync", "async", "exit")


def told(snapshot: Any) -> Any:
    """What a snapshot says, without ids and times, which differ from run to run."""
    return (
        snapshot.values,
        snapshot.next,
        snapshot.metadata,
        [(task.name, task.interrupts) for task in snapshot.tasks],
    )


@pytest.fixture(params=["InMemorySaver", "SemmemSaver"])
def checkpointer(request: pytest.FixtureRequest) -> BaseCheckpointSaver[str]:
    if request.param == "InMemorySaver":
        return InMemorySaver()
    made: SemmemSaver = request.getfixturevalue("saver")
    return made


@pytest.mark.parametrize("durability", DURABILITIES)
async def test_a_thread_goes_on_where_it_was(checkpointer: BaseCheckpointSaver[str], durability: Any) -> None:
    graph = walking(checkpointer)
    await graph.ainvoke({"steps": ["first"]}, on("t"), durability=durability)
    last = await graph.ainvoke({"steps": ["second"]}, on("t"), durability=durability)

    assert last["steps"] == ["first", "1", "2", "3", "second", "1", "2", "3"]
    history = [snapshot async for snapshot in graph.aget_state_history(on("t"))]
    assert len(history) == (2 if durability == "exit" else 10)
    for newer, older in pairwise(history):
        assert newer.parent_config["configurable"]["checkpoint_id"] == older.config["configurable"]["checkpoint_id"]


@pytest.mark.parametrize("nested", [False, True])
def test_a_human_answers_in_between(checkpointer: BaseCheckpointSaver[str], nested: bool) -> None:
    graph = asking(checkpointer, nested=nested)
    paused = graph.invoke({"steps": []}, on("t"))
    assert [each.value for each in paused["__interrupt__"]] == ["Send it?"]

    done = graph.invoke(Command(resume="yes"), on("t"))
    assert done["asked"] == "yes"
    assert done["steps"][-2:] == ["asked", "two"]


def test_the_wait_for_a_human_survives_another_process(make_saver: SaverMaker) -> None:
    with make_saver() as first:
        asking(first).invoke({"steps": []}, on("t"))

    (waiting,) = asking(make_saver()).get_state(on("t")).tasks
    assert waiting.interrupts[0].value == "Send it?"
    assert asking(make_saver()).invoke(Command(resume="no"), on("t"))["asked"] == "no"


async def test_the_past_is_read_and_run_from_again(checkpointer: BaseCheckpointSaver[str]) -> None:
    graph = walking(checkpointer)
    await graph.ainvoke({"steps": ["first"]}, on("t"))
    (before,) = [snapshot async for snapshot in graph.aget_state_history(on("t")) if snapshot.next == ("step3",)]

    assert (await graph.aget_state(before.config)).values == before.values
    again = await graph.ainvoke(None, before.config)
    assert again["steps"] == ["first", "1", "2", "3"]
    edited = await graph.aupdate_state(before.config, {"steps": ["edited"]})
    branched = await graph.ainvoke(None, edited)
    assert branched["steps"] == ["first", "1", "2", "edited", "3"]
    assert (await graph.aget_state(on("t"))).values == branched


@pytest.mark.parametrize("durability", DURABILITIES)
@pytest.mark.parametrize("edited", [False, True])
async def test_a_graph_inside_another_is_run_from_the_past(
    checkpointer: BaseCheckpointSaver[str], edited: bool, durability: Any
) -> None:
    graph = asking(checkpointer, nested=True)
    await graph.ainvoke({"steps": []}, on("t"))
    await graph.ainvoke(Command(resume="no"), on("t"))
    (before,) = [snapshot async for snapshot in graph.aget_state_history(on("t")) if snapshot.next == ("ask",)]
    past = await graph.aupdate_state(before.config, {"steps": ["edited"]}) if edited else before.config
    known = ["one", "edited"] if edited else ["one"]

    paused = await graph.ainvoke(None, past, durability=durability)

    assert [each.value for each in paused["__interrupt__"]] == ["Send it?"]
    (waiting,) = (await graph.aget_state(on("t"), subgraphs=True)).tasks
    assert (waiting.state.values, waiting.state.next) == ({"steps": known}, ("inner_ask",))
    done = await graph.ainvoke(Command(resume="yes"), on("t"), durability=durability)
    assert (done["asked"], done["steps"][-2:]) == ("yes", ["asked", "two"])


def test_state_is_updated_from_outside(checkpointer: BaseCheckpointSaver[str]) -> None:
    graph = asking(checkpointer)
    graph.invoke({"steps": []}, on("t"))
    graph.update_state(on("t"), {"steps": ["hint"]})
    graph.update_state(on("new"), {"steps": ["begun by hand"]}, as_node="one")

    assert graph.get_state(on("t")).values["steps"] == ["one", "hint"]
    assert graph.get_state(on("new")).next == ("ask",)


class Notes(TypedDict, total=False):
    lines: Annotated[list[str], DeltaChannel(lambda state, writes: [*state, *(one for many in writes for one in many)])]


def noting(saver: BaseCheckpointSaver[str]) -> Any:
    """Its list is kept as what each step added."""
    graph = StateGraph(Notes)
    graph.add_node("note", lambda state: {"lines": [f"line {len(state['lines'])}"]})
    graph.add_edge(START, "note")
    graph.add_edge("note", END)
    return graph.compile(checkpointer=saver)


@pytest.mark.parametrize("durability", DURABILITIES)
def test_what_is_kept_as_changes_is_put_together_again(checkpointer: BaseCheckpointSaver[str], durability: Any) -> None:
    graph = noting(checkpointer)
    for number in range(3):
        graph.invoke({"lines": [f"said {number}"]}, on("t"), durability=durability)

    expected = ["said 0", "line 1", "said 1", "line 3", "said 2", "line 5"]
    assert graph.get_state(on("t")).values["lines"] == expected


@pytest.mark.parametrize("durability", DURABILITIES)
def test_pruning_leaves_what_a_value_is_put_together_of(saver: SemmemSaver, durability: Any) -> None:
    graph = noting(saver)
    for number in range(3):
        graph.invoke({"lines": [f"said {number}"]}, on("t"), durability=durability)
    before = graph.get_state(on("t"))
    saver.prune(["t"])

    after = graph.get_state(on("t"))
    assert told(after) == told(before)
    assert graph.invoke({"lines": ["more"]}, on("t"))["lines"][-2:] == ["more", "line 7"]


def test_pruning_leaves_the_latest_and_nothing_else(saver: SemmemSaver) -> None:
    graph = asking(saver, nested=True)
    graph.invoke({"steps": []}, on("t"))
    before = told(graph.get_state(on("t"), subgraphs=True))
    saver.prune(["t"])

    assert told(graph.get_state(on("t"), subgraphs=True)) == before
    assert len(list(saver.list({"configurable": {"thread_id": "t", "checkpoint_ns": ""}}))) == 1
    assert graph.invoke(Command(resume="yes"), on("t"))["steps"][-1] == "two"


def test_a_copied_thread_is_one_of_its_own(saver: SemmemSaver) -> None:
    graph = asking(saver)
    graph.invoke({"steps": []}, on("t"))
    saver.copy_thread("t", "copy")
    done = graph.invoke(Command(resume="yes"), on("copy"))

    assert done["asked"] == "yes"
    assert graph.get_state(on("t")).next == ("ask",)
    assert len(list(saver.list(on("t")))) < len(list(saver.list(on("copy"))))


def test_a_list_goes_through_all_pages(saver: SemmemSaver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semmem.integrations.langgraph.listing.PAGE", 3)
    graph = asking(saver)
    for thread in ("a", "b"):
        graph.invoke({"steps": []}, on(thread))
        graph.invoke(Command(resume="yes"), on(thread))

    everything = list(saver.list(None))
    ids = [each.config["configurable"]["checkpoint_id"] for each in everything]
    assert len(everything) == 10
    assert ids == sorted(ids, reverse=True)
    found = list(saver.list(None, filter={"step": 0}))
    assert {each.config["configurable"]["thread_id"] for each in found} == {"a", "b"}
    assert len(list(saver.list(None, filter={"source": "loop"}, limit=5))) == 5
    assert list(saver.list(None, limit=0)) == []
    assert [each.config["configurable"]["checkpoint_id"] for each in saver.list(None, before=everything[6].config)] == (
        ids[7:]
    )


def test_versions_rise_in_the_order_of_text(saver: SemmemSaver) -> None:
    versions = [saver.get_next_version(None, None)]
    for _ in range(12):
        versions.append(saver.get_next_version(versions[-1], None))

    assert versions == sorted(versions)
    assert saver.get_next_version(versions[0], None) != versions[1]
    earlier: Any = 7  # of a saver that counts in numbers
    assert saver.get_next_version(earlier, None).startswith("0" * 31 + "8.")


async def test_synchronous_names_work_inside_a_running_loop(saver: SemmemSaver) -> None:
    assert walking(saver).get_state(on("t")).values == {}
    state: Trail = await walking(saver).ainvoke({"steps": []}, on("t"))
    assert walking(saver).get_state(on("t")).values == state
