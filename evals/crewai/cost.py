"""What memory costs a crew in tokens of a language model: CrewAI's own memory and semmem, counted at one local server.

python -m semmem.evals.crewai.cost

Two agents do ten tasks, on either memory. The server plays every model: it answers the agents with what they would find
out, CrewAI's memory and semmem's extractor with the statements in that, and counts the requests that are not an agent's
own work: prompts with their schemas, and answers, in tokens of o200k_base. Events that come within `extract_after` are
extracted together, which here all ten do; without that pause each is extracted by itself. Exits with 1 if semmem costs
over a fifth of CrewAI's.
"""

import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from semmem.evals.crewai.quiet import quiet
from semmem.testing import ModelServer, chat_usage

# isort: split
from crewai import LLM, Agent, Crew, Task
from crewai.agents.agent_builder.base_agent import BaseAgent
from crewai.memory.unified_memory import Memory

from semmem.evals.plan import EMBEDDED, NO_MODEL
from semmem.integrations.crewai import SemmemMemory

LEAST_RATIO = 5
SETTLE_SECONDS = 120.0

# What is asked, and what the agent answers; every other task is so long that CrewAI analyses it before it recalls.
TASKS = {
    "Find out why order 4711 of Alice Weber is late.": (
        "Order 4711 waits in the Leipzig depot. The carrier lost its label on Monday. It will leave on Thursday."
    ),
    "Alice Weber has written again about order 4711. She wants to know when it arrives, whether she can change the "
    "address to her office, and whether the shipping fee is returned. Collect what the depot and the accounts say, and "
    "note what we promised her before.": (
        "Alice Weber works in Hamburg, Große Elbstraße 9. The order can be redirected until Wednesday noon. "
        "Accounting returns the shipping fee of 6.90 euros."
    ),
    "Check how Bob Lang wants to be contacted.": (
        "Bob Lang prefers letters to calls. He speaks Danish. His contract ends in March."
    ),
    "Bob Lang complains that the coffee machine he bought in spring leaks, and that nobody has called him back for a "
    "week. Find out which model it is, whether it is under warranty, what a repair costs otherwise, and how long our "
    "workshop takes for one at the moment.": (
        "Bob Lang owns a Brewster 200. Its warranty ended in August. A repair costs 80 euros and takes nine days."
    ),
    "Look up the opening hours of the Leipzig depot.": (
        "The Leipzig depot opens at six. It closes at 17:30. On Saturdays it is closed."
    ),
    "The depot in Leipzig reports that parcels with a red label have been sorted to the wrong ramp since the new "
    "conveyor was put in. Find out which carriers are concerned, how many parcels were delayed, and what the shift "
    "lead proposes until the conveyor is repaired.": (
        "Red labels belong to two carriers. About forty parcels were delayed since Monday. The shift lead wants a "
        "second scanner at ramp 3."
    ),
    "Find the shift lead of the Leipzig depot.": (
        "Petra Nowak leads the early shift. Jonas Beck leads the late shift. Both answer on channel 4."
    ),
    "Carla Ruiz asks for an offer for twelve standing desks for her new studio. She needs them before the tenth of "
    "June, wants them without drill holes, and pays by invoice only. Find out what we have, what it costs with her "
    "discount, and whether the date can be kept.": (
        "Carla Ruiz gets a discount of twelve per cent. The oak desk costs 410 euros without it. Eight desks are in "
        "stock and four arrive on the second of June."
    ),
    "Check the invoice address of Carla Ruiz.": (
        "Carla Ruiz has a studio in Bremen. Invoices go to her tax adviser. She pays within eight days."
    ),
    "Write down for the team what the last week has shown: which customers wait for an answer of ours, what we owe "
    "them, which of the depot's problems are not solved yet, and who takes care of each of them. It will be read on "
    "Monday by colleagues who were away.": (
        "Alice Weber waits for her refund. Bob Lang has to decide about the repair. The second scanner is ordered for "
        "Tuesday."
    ),
}
ROLES = ("Researcher", "Support agent")

_LINE = re.compile(r"^\[(\d+)\] ([^:(]+?)(?: \(\w+\))?: (.*)$")
_NEW = re.compile(r"^D(\d+) ")


@dataclass
class Desk:
    """The server's answers, and what was asked for memory: (prompt, completion) tokens of each request by its name."""

    asked: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def __call__(self, body: dict[str, Any]) -> str:
        name, text = _answer(body)
        if name:
            usage = chat_usage(body, text)
            self.asked.setdefault(name, []).append((usage["prompt_tokens"], usage["completion_tokens"]))
        return text

    @property
    def calls(self) -> int:
        return sum(map(len, self.asked.values()))

    @property
    def prompt(self) -> int:
        return sum(prompt for costs in self.asked.values() for prompt, _ in costs)

    @property
    def completion(self) -> int:
        return sum(completion for costs in self.asked.values() for _, completion in costs)

    @property
    def tokens(self) -> int:
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    name: str
    desk: Desk
    embeddings: int


def main() -> None:
    with quiet(), tempfile.TemporaryDirectory(prefix="semmem-crewai-", ignore_cleanup_errors=True) as folder:
        stores = {"data": Path(folder), **EMBEDDED}
        theirs = _run("CrewAI's own", lambda server: _crewais(server, Path(folder) / "lancedb"))
        ours = _run("semmem", lambda server: _semmem("crew", **stores, **_model(server)))
        alone = _run("semmem, no pause", lambda server: _semmem("alone", **stores, **_model(server), extract_after=0))
        offline = _run("semmem, no model", lambda _: _semmem("offline", **stores, **NO_MODEL))
    table = Table(title="memory of two agents and ten tasks", title_justify="left", box=None, header_style="dim")
    for name in ("memory", "calls", "prompt", "answers", "tokens", "embeddings", "CrewAI : it"):
        table.add_column(name, justify="left" if name == "memory" else "right", no_wrap=True)
    for run in (theirs, ours, alone, offline):
        desk = run.desk
        counts = (desk.calls, desk.prompt, desk.completion, desk.tokens, run.embeddings)
        ratio = f"{theirs.desk.tokens / desk.tokens:.1f}" if desk.tokens else ""
        table.add_row(run.name, *(f"{count:,}" for count in counts), ratio)
    console = Console(highlight=False)
    console.print(table)
    for run in (theirs, ours, alone):
        named = (f"{len(costs)} {name} ({sum(map(sum, costs)):,})" for name, costs in run.desk.asked.items())
        console.print(f"{run.name}: {', '.join(named)}", style="dim")
    sys.exit(theirs.desk.tokens < LEAST_RATIO * ours.desk.tokens)


def _run(name: str, open_memory: Callable[[ModelServer], Memory]) -> Run:
    """Has the crew do its tasks on the memory that `open_memory` gives."""
    desk = Desk()
    with ModelServer(answer=desk) as server, closing(open_memory(server)) as memory:
        llm = _llm(server)
        agents: list[BaseAgent] = [
            Agent(role=role, goal="help customers", backstory="Knows the shop.", llm=llm) for role in ROLES
        ]
        tasks = [
            Task(description=text, expected_output="three sentences", agent=agents[number % 2], context=[])
            for number, text in enumerate(TASKS)
        ]
        Crew(agents=agents, tasks=tasks, memory=memory).kickoff()
        if isinstance(memory, SemmemMemory):
            memory._storage.run(lambda tree: tree.settled(SETTLE_SECONDS))
        embeddings = sum("input" in body for body in server.requests)
    return Run(name=name, desk=desk, embeddings=embeddings)


def _crewais(server: ModelServer, folder: Path) -> Memory:
    """As `Crew(memory=True)` makes it, on a folder of the run's own."""
    settings = {"api_base": server.base_url, "api_key": "unused", "model_name": "text-embedding-3-small"}
    embedder = {"provider": "openai", "config": settings}
    return Memory(storage=str(folder), llm=_llm(server), embedder=embedder, root_scope="/crew/shop")


def _semmem(workspace: str, **settings: Any) -> SemmemMemory:
    return SemmemMemory(tenant="eval", workspace=workspace, **settings)


def _llm(server: ModelServer) -> LLM:
    return LLM(model="openai/gpt-4o-mini", base_url=server.base_url, api_key="unused")


def _model(server: ModelServer) -> dict[str, str]:
    return {"llm_base_url": server.base_url, "llm_api_key": "unused", "llm_model": "gpt-4o-mini"}


def _answer(body: Mapping[str, Any]) -> tuple[str | None, str]:
    """Returns the name of a memory's request, None for an agent's own work, and the answer."""
    said = body["messages"][-1]["content"]
    name = body.get("response_format", {}).get("json_schema", {}).get("name")
    if name is None:
        return None, next(answer for task, answer in TASKS.items() if task in said)
    if not said.startswith("TASK: "):
        return name, json.dumps(_ANSWERS[name](said))
    task, _, *lines = said.split("\n")
    if task != "TASK: extract":
        drafts = [int(match[1]) for match in map(_NEW.match, lines) if match]
        verdicts = [{"draft": draft, "verdict": "add", "candidate": None} for draft in drafts]
        return f"semmem {task}", json.dumps({"verdicts": verdicts})
    facts: list[dict[str, Any]] = []
    for match in filter(None, map(_LINE.match, lines)):
        number, speaker, text = match.groups()
        for sentence in _statements(text):
            fact = {"subject": speaker, "text": sentence, "quote": sentence, "source": int(number), "when": None}
            facts.append(fact | {"category": "knowledge", "confidence": 0.9, "importance": 0.5})
    summary = " ".join(fact["text"] for fact in facts)[:400]
    return f"semmem {task}", json.dumps(
        {"facts": facts, "summaries": [{"session": 0, "text": summary}] if summary else []}
    )


def _statements(text: str) -> list[str]:
    """Returns the sentences of a task's result."""
    result = text.rpartition("Result: ")[2].partition("\n")[0]
    return [match[0] for match in re.finditer(r"\S.*?[.](?= |$)", result)]


_ANSWERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "ExtractedMemories": lambda said: {"memories": _statements(said)},
    "MemoryAnalysis": lambda _: {
        "suggested_scope": "/customers",
        "categories": ["support"],
        "importance": 0.5,
        "extracted_metadata": {"entities": [], "dates": [], "topics": []},
    },
    "QueryAnalysis": lambda said: {
        "keywords": [],
        "suggested_scopes": [],
        "complexity": "simple",
        "recall_queries": [said.partition("Query: ")[2].partition(".")[0]],
        "time_filter": None,
    },
    "ConsolidationPlan": lambda _: {"actions": [], "insert_new": True, "insert_reason": "It is new."},
}


if __name__ == "__main__":
    main()
