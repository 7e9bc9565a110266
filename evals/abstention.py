"""How many questions without an answer get none at a `min_score`, and how much evidence of the others it leaves out.

python -m semmem.evals.abstention --dataset locomo --data locomo_dev.json --work FOLDER

Without an answer are the questions of other conversations, and those that BEAM asks of what was never said. A folder
keeps what was stored for the next run.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from semmem.domain.hit import RELEVANT
from semmem.evals.course import settled, store
from semmem.evals.datasets.dataset import Conversation, chosen
from semmem.evals.figures import answers, notes
from semmem.evals.metrics import recall, source_turns
from semmem.evals.plan import eval_settings
from semmem.evals.retrievers import Stored
from semmem.evals.sources import load
from semmem.wiring.bootstrap import Application, open_application

FOREIGN = 150  # questions of other conversations that each is asked
LIMIT = 10
PATIENCE = 300.0


@dataclass(slots=True)
class Measured:
    """R@10 of each answerable question without and with a `min_score`; of each other one, whether it found nothing."""

    conversation: str
    recalls: list[tuple[float, float]] = field(default_factory=list)
    foreign: list[bool] = field(default_factory=list)
    unanswerable: list[bool] = field(default_factory=list)

    @property
    def kept(self) -> float:
        """The share of R@10 that is left."""
        return sum(left for _, left in self.recalls) / (sum(whole for whole, _ in self.recalls) or 1.0)


def main(
    dataset: Annotated[str, typer.Option(help="locomo, beam or jsonl.")],
    data: Annotated[Path, typer.Option(exists=True, help="Where it is.")],
    conversations: Annotated[str, typer.Option(help="These alone, separated by commas.")] = "",
    min_score: Annotated[float, typer.Option(help="What scores below is left out.")] = RELEVANT,
    work: Annotated[Path, typer.Option(help="Where the conversations are stored.")] = Path("abstention"),
) -> None:
    """Print what `min_score` leaves out, by conversation."""
    found = load(dataset, data)
    wanted = chosen(found, [id for id in conversations.split(",") if id])
    answers.print(_table(asyncio.run(_measure(found, wanted, work, min_score))))


async def _measure(
    known: Sequence[Conversation], wanted: Sequence[Conversation], work: Path, min_score: float
) -> list[Measured]:
    measured = []
    with eval_settings("offline", wanted) as settings, Progress(console=notes) as progress:
        task = progress.add_task("asks", total=len(wanted))
        async with open_application(settings.model_copy(update={"data": work})) as application:
            for conversation in wanted:
                others = [each.question for other in known if other.id != conversation.id for each in other.questions]
                asked = Random(7).sample(others, min(FOREIGN, len(others)))
                measured.append(await _of_conversation(application, conversation, asked, min_score))
                progress.advance(task)
    return measured


async def _of_conversation(
    application: Application, conversation: Conversation, foreign: Sequence[str], min_score: float
) -> Measured:
    stored = await store(application, conversation)
    await settled(stored.memory, conversation, lambda *told: None, PATIENCE)
    measured = Measured(conversation.id)
    for question in conversation.questions:
        whole = await _turns(stored, question.question, 0.0)
        left = await _turns(stored, question.question, min_score)
        measured.recalls.append((recall(question.evidence, whole, LIMIT), recall(question.evidence, left, LIMIT)))
    for text in foreign:
        measured.foreign.append(not await _turns(stored, text, min_score))
    for text in conversation.unanswerable:
        measured.unanswerable.append(not await _turns(stored, text, min_score))
    return measured


async def _turns(stored: Stored, question: str, min_score: float) -> list[str]:
    hits = await stored.memory.recall(question, limit=LIMIT, min_score=min_score)
    return source_turns(stored.keys_of(source.event_id for source in hit.sources) for hit in hits)


def _table(measured: Sequence[Measured]) -> Table:
    made = Table("conversation", "questions", "R@10 kept", "others' refused", "unanswerable refused")
    for one in [*measured, _all(measured)]:
        refused = (f"{sum(each)} of {len(each)}" for each in (one.foreign, one.unanswerable))
        made.add_row(one.conversation, str(len(one.recalls)), f"{one.kept:.3f}", *refused)
    return made


def _all(measured: Sequence[Measured]) -> Measured:
    total = Measured("all")
    for one in measured:
        total.recalls += one.recalls
        total.foreign += one.foreign
        total.unanswerable += one.unanswerable
    return total


if __name__ == "__main__":
    typer.run(main)
