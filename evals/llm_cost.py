"""What ingesting a conversation costs in calls to a language model, counted at the server that answers them.

python -m semmem.evals.llm_cost --locomo locomo_dev.json

The server speaks OpenAI's protocol and answers with LoCoMo's recorded observations of the turns it is shown, so a run
needs no model, and everything but the model's judgement is the product: events, worker, prompts, verdicts, facts.
"""

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from semmem.evals.datasets.dataset import Conversation, chosen
from semmem.evals.datasets.locomo import load
from semmem.evals.datasets.recorded import Recorded
from semmem.evals.extraction import most_calls
from semmem.evals.figures import Figure, answers, notes, pictured, plain
from semmem.memory.scoped import ScopedMemory
from semmem.models.tokens import load_counter
from semmem.testing import ModelServer, chat_usage
from semmem.wiring.bootstrap import open_application
from semmem.wiring.settings import load_settings

SETTLE_SECONDS = 600.0
RECALLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """What another memory took for the same turns with the same answers, per 100 turns; "" was not counted."""

    name: str
    calls: str
    prompt_tokens: str
    duplicates: str = ""


RIVALS = (
    Rival(name="mem0, per pair of turns", calls="51", prompt_tokens="427,000"),
    Rival(name="mem0, per session", calls="", prompt_tokens="41,000", duplicates="23 of 43"),
    Rival(name="LangMem, per session", calls="", prompt_tokens="11,700", duplicates="38"),
    Rival(name="CrewAI", calls="49", prompt_tokens="34,000"),
    Rival(name="graphiti", calls="256 to 299", prompt_tokens="600,000"),
)


def main(
    locomo: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="locomo_dev.json.")],
    conversation: Annotated[str, typer.Option(help="The conversation to ingest.")] = "conv-26",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Ingest a conversation twice, on embedded servers in a folder that goes afterwards, and count the calls."""
    with tempfile.TemporaryDirectory(prefix="semmem-cost-") as folder:
        [ingested] = chosen(load(locomo), [conversation])
        figures = asyncio.run(_measure(Path(folder), ingested))
    if as_json:
        print(json.dumps({"figures": plain(figures), "rivals": [asdict(rival) for rival in RIVALS]}, indent=2))
        return
    answers.print(pictured(f"the model's part in ingesting {conversation}", figures))
    measured = {figure.name: figure.value for figure in figures}
    table = Table(title="\nthe same turns, the same answers", title_justify="left", box=None, header_style="dim")
    for name in ("memory", "calls per 100 turns", "prompt tokens per 100 turns", "duplicates on replay"):
        table.add_column(name, justify="left" if name == "memory" else "right")
    ours = (measured["calls per 100 turns"], measured["prompt tokens per 100 turns"], measured["duplicates on replay"])
    table.add_row("semmem, this run", f"{ours[0]:.1f}", f"{ours[1]:,.0f}", f"{ours[2]:.0f}", style="bold")
    for rival in RIVALS:
        table.add_row(rival.name, rival.calls, rival.prompt_tokens, rival.duplicates)
    answers.print(table)


async def _measure(folder: Path, conversation: Conversation) -> list[Figure]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with (
        ModelServer(answer=Recorded([conversation])) as server,
        Progress(*columns, console=notes, transient=True) as progress,
    ):
        task = progress.add_task("opening the servers", total=None)
        given = {"llm_base_url": server.base_url, "llm_api_key": "unused", "llm_model": "recorded"}
        async with open_application(load_settings(data=folder, worker=True, **given)) as application:
            memory = application.memory.scope(tenant="cost", workspace=conversation.id)
            progress.update(task, description=f"ingesting {len(conversation.events)} turns")
            stored = await _ingest(memory, conversation, "first")
            bodies = list(server.requests)
            progress.update(task, description=f"recalling {RECALLS} times")
            for asked in conversation.questions[:RECALLS]:
                await memory.recall(asked.question)
                await memory.context(asked.question, budget=2_000)
            recalls = len(server.requests) - len(bodies)
            progress.update(task, description="ingesting the same again")
            again = await _ingest(memory, conversation, "second")
            depth = await most_calls(application, memory)
    wanted = len(conversation.observations)
    return [
        *_costs(bodies, len(conversation.events)),
        Figure(name="calls of one batch", value=depth, limit=2, detail="each waits for the one before"),
        Figure(name="calls per recall", value=recalls / RECALLS, limit=0, detail=f"{RECALLS} recalls and contexts"),
        Figure(name="facts stored", value=stored, limit=wanted, floor=True, detail=f"of {wanted} observations"),
        Figure(name="duplicates on replay", value=again - stored, limit=0, detail="the same turns, new keys"),
    ]


async def _ingest(memory: ScopedMemory, conversation: Conversation, run: str) -> int:
    """Returns how many facts there are afterwards, superseded ones included."""
    await memory.remember_many([replace(event, key=f"{run} {event.key}") for event in conversation.events])
    await memory.settled(timeout=SETTLE_SECONDS)
    return len(await memory.facts(superseded=True, limit=1_000))


def _costs(bodies: Sequence[Mapping[str, Any]], turns: int) -> list[Figure]:
    """Counts per 100 turns; the prefix over the messages alone, for the schema's place is the provider's choice."""
    tokens = sum(chat_usage(body, "")["prompt_tokens"] for body in bodies)
    prompts = ["\n".join(message["content"] for message in body["messages"]) for body in bodies]
    first, last = min(prompts), max(prompts)  # these two differ where any two do
    shared = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    prefix = load_counter().count(first[:shared])
    calls = f"{len(bodies)} calls for {turns} turns"
    return [
        Figure(name="calls per 100 turns", value=100 * len(bodies) / turns, limit=8, detail=calls),
        Figure(
            name="prompt tokens per 100 turns",
            value=round(100 * tokens / turns),
            limit=10_500,
            detail=f"{tokens:,} in all: o200k_base, messages and schema",
        ),
        Figure(
            name="of them in a shared prefix",
            value=100 * prefix * len(bodies) / tokens,
            limit=42,
            unit="%",
            floor=True,
            detail="the same in every call",
        ),
        Figure(name="shared prefix", value=prefix, limit=1_024, unit="tokens", floor=True, detail="caches take it"),
    ]


if __name__ == "__main__":
    typer.run(main)
