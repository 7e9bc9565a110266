"""Graphs that the tests of savers run."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class Trail(TypedDict, total=False):
    steps: Annotated[list[str], operator.add]
    asked: str


class Gate:
    """A node that is held where it is until the test opens it."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def pass_through(self) -> None:
        self.reached.set()
        await self.opened.wait()


def on(thread: str, **more: Any) -> Any:
    """A config of LangGraph's, right or wrong."""
    return {"configurable": {"thread_id": thread, **more}}


def walking(saver: BaseCheckpointSaver[str], *, name: str = "", gate: Gate | None = None) -> Any:
    """Three steps, of which the second may be held up; what they leave behind bears the walker's name."""

    def step(number: int) -> Any:
        async def walk(state: Trail) -> Trail:
            if gate and number == 2:
                await gate.pass_through()
            return {"steps": [f"{name}{number}"]}

        return walk

    graph = StateGraph(Trail)
    for number in (1, 2, 3):
        graph.add_node(f"step{number}", step(number))
    graph.add_edge(START, "step1")
    graph.add_edge("step1", "step2")
    graph.add_edge("step2", "step3")
    graph.add_edge("step3", END)
    return graph.compile(checkpointer=saver)


def _ask(state: Trail) -> Trail:
    return {"steps": ["asked"], "asked": interrupt("Send it?")}


def _one(state: Trail) -> Trail:
    return {"steps": ["one"]}


def _two(state: Trail) -> Trail:
    return {"steps": ["two"]}


def asking(saver: BaseCheckpointSaver[str], *, nested: bool = False) -> Any:
    """Asks a human between two steps; with `nested`, inside a graph within the graph."""
    graph = StateGraph(Trail)
    graph.add_node("one", _one)
    if nested:
        inner = StateGraph(Trail)
        inner.add_node("inner_ask", _ask)
        inner.add_edge(START, "inner_ask")
        graph.add_node("ask", inner.compile())
    else:
        graph.add_node("ask", _ask)
    graph.add_node("two", _two)
    graph.add_edge(START, "one")
    graph.add_edge("one", "ask")
    graph.add_edge("ask", "two")
    graph.add_edge("two", END)
    return graph.compile(checkpointer=saver)
