"""A compiled graph with `store=`: nodes reach it as `runtime.store`."""

from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from semmem.integrations.langgraph import SemmemStore


class State(TypedDict, total=False):
    said: str
    known: list[str]


@dataclass
class Caller:
    id: str


def recall(state: State, runtime: Runtime[Caller]) -> State:
    assert runtime.store is not None
    items = runtime.store.search((runtime.context.id, "likes"), query=state["said"], limit=3)
    return {"known": [item.value["text"] for item in items]}


def remember(state: State, runtime: Runtime[Caller]) -> None:
    assert runtime.store is not None
    runtime.store.put((runtime.context.id, "likes"), str(len(state["said"])), {"text": state["said"]})


async def arecall(state: State, runtime: Runtime[Caller]) -> State:
    assert runtime.store is not None
    items = await runtime.store.asearch((runtime.context.id, "likes"), query=state["said"], limit=3)
    return {"known": [item.value["text"] for item in items]}


async def aremember(state: State, runtime: Runtime[Caller]) -> None:
    assert runtime.store is not None
    await runtime.store.aput((runtime.context.id, "likes"), str(len(state["said"])), {"text": state["said"]})


def compiled(store: SemmemStore, *nodes: Any) -> Any:
    graph = StateGraph(State, context_schema=Caller)
    first, second = nodes
    graph.add_node("recall", first)
    graph.add_node("remember", second)
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "remember")
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=InMemorySaver(), store=store)


def call(id: str, thread: str) -> dict[str, Any]:
    return {"config": {"configurable": {"thread_id": thread}}, "context": Caller(id)}


def test_what_a_node_put_in_one_thread_a_node_finds_in_another(alices: SemmemStore) -> None:
    graph = compiled(alices, recall, remember)

    first = graph.invoke({"said": "I only eat vegetarian food."}, **call("1", "monday"))
    second = graph.invoke({"said": "Book me a table for dinner."}, **call("1", "friday"))
    stranger = graph.invoke({"said": "What may I eat?"}, **call("10", "friday"))

    assert first["known"] == []
    assert second["known"] == ["I only eat vegetarian food."]
    assert stranger["known"] == []


async def test_the_same_in_an_asynchronous_graph(alices: SemmemStore) -> None:
    graph = compiled(alices, arecall, aremember)

    await graph.ainvoke({"said": "I only eat vegetarian food."}, **call("1", "monday"))
    second = await graph.ainvoke({"said": "Book me a table for dinner."}, **call("1", "friday"))

    assert second["known"] == ["I only eat vegetarian food."]


async def test_synchronous_nodes_of_an_asynchronous_run(alices: SemmemStore) -> None:
    graph = compiled(alices, recall, remember)

    await graph.ainvoke({"said": "I only eat vegetarian food."}, **call("1", "monday"))
    second = await graph.ainvoke({"said": "Book me a table for dinner."}, **call("1", "friday"))

    assert second["known"] == ["I only eat vegetarian food."]


def test_an_error_of_the_store_ends_the_run_as_itself(alices: SemmemStore) -> None:
    graph = compiled(alices, recall, remember)

    with pytest.raises(ValueError, match="namespace"):
        graph.invoke({"said": "hello"}, **call("a.b", "monday"))
