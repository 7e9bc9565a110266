"""R@10 of `SemmemMemory.recall` on LoCoMo, beside CrewAI's default memory on the same turns, and beside `semmem eval`.

python -m semmem.evals.crewai.recall --locomo locomo10.json --conversations conv-26

Both memories embed with the bundled MiniLM, both are asked for 20 matches as CrewAI's search tool asks for them, and no
model is called: CrewAI's turns are given their scope, category and importance, and its recall is the shallow one. Its
turns start with the speaker's name, which semmem is given in the metadata, with the session and the time. Exits with 1
where semmem is more than .02 below `semmem eval`, or not .2 above CrewAI.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from semmem.evals.crewai.quiet import quiet

# isort: split
from crewai.memory.unified_memory import Memory

from semmem.evals.datasets.dataset import Conversation, chosen
from semmem.evals.figures import Figure, answers, notes, pictured
from semmem.evals.metrics import recall, source_turns
from semmem.evals.plan import EMBEDDED, NO_MODEL
from semmem.evals.sources import load
from semmem.integrations.crewai import SemmemMemory
from semmem.integrations.crewai.records import Match
from semmem.models.minilm import MiniLM

OWN_STORES: dict[str, Any] = {**EMBEDDED, **NO_MODEL}
MATCHES = 20
K = 10
SETTLE_SECONDS = 300.0

Ask = Callable[[str], list[str]]


def main(
    locomo: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="LoCoMo's JSON.")],
    conversations: Annotated[str, typer.Option(help="Their ids, with commas between.")] = "conv-26",
) -> None:
    """Ingest each conversation into both memories and ask all its questions."""
    talks = chosen(load("locomo", locomo), conversations.split(","))
    with quiet(), tempfile.TemporaryDirectory(prefix="semmem-crewai-", ignore_cleanup_errors=True) as folder:
        ours = _mean([_semmem(talk, Path(folder)) for talk in talks])
        theirs = _mean([_crewais(talk, Path(folder) / talk.id) for talk in talks])
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "semmem", "eval", "retrieval", "--dataset", "locomo", "--data", str(locomo)]
        options = ["--conversations", conversations, "--json", str(result)]
        subprocess.run([*command, *options], check=True, capture_output=True)
        own = float(json.loads(result.read_text())["metrics"][f"R@{K}"])
    found = f"{ours:.3f}; semmem eval {own:.3f}"
    above = f"that has {theirs:.3f}"
    figures = [
        Figure(name="SemmemMemory.recall", value=ours, limit=own - 0.02, floor=True, detail=found),
        Figure(name="above CrewAI's default", value=ours - theirs, limit=0.2, floor=True, detail=above),
    ]
    answers.print(pictured(f"R@{K} on {conversations}", figures))
    sys.exit(not all(figure.ok for figure in figures))


def _semmem(talk: Conversation, folder: Path) -> list[float]:
    memory = SemmemMemory(tenant="eval", workspace=talk.id, data=folder, **OWN_STORES)
    keys: dict[str, str] = {}
    for event in track(talk.events, f"{talk.id}: semmem", console=notes, transient=True):
        at = event.occurred_at.isoformat() if event.occurred_at else None
        metadata = {"session": event.session, "speaker": event.speaker, "occurred_at": at}
        keys[memory.remember(event.content, metadata=metadata).id] = str(event.key)
    memory._storage.run(lambda tree: tree.settled(SETTLE_SECONDS))

    def ask(question: str) -> list[str]:
        hits: list[list[str]] = []
        for match in memory.recall(question, limit=MATCHES):
            of_fact = isinstance(match, Match) and match.kind == "fact"
            ids = match.record.metadata["sources"] if of_fact else [match.record.id]
            hits.append([keys[id] for id in ids])
        return source_turns(hits)

    figures = _asked(talk, ask)
    memory.close()
    return figures


def _crewais(talk: Conversation, folder: Path) -> list[float]:
    def embedded(texts: list[str]) -> list[list[float]]:
        return [vector.tolist() for vector in asyncio.run(MiniLM().embed(texts)).vectors]

    memory = Memory(storage=str(folder), embedder=embedded, consolidation_threshold=1.0)
    keys = {f"{event.speaker}: {event.content}": str(event.key) for event in talk.events}
    memory.remember_many(list(keys), scope="/", categories=["turn"], importance=0.5, metadata={})

    def ask(question: str) -> list[str]:
        return [keys[match.record.content] for match in memory.recall(question, limit=MATCHES, depth="shallow")]

    figures = _asked(talk, ask)
    memory.close()
    return figures


def _asked(talk: Conversation, ask: Ask) -> list[float]:
    questions = track(talk.questions, f"{talk.id}: asking", console=notes, transient=True)
    return [recall(question.evidence, ask(question.question), K) for question in questions]


def _mean(figures: Sequence[Sequence[float]]) -> float:
    values = [value for each in figures for value in each]
    return sum(values) / len(values)


if __name__ == "__main__":
    typer.run(main)
