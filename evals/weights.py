"""What each signal of retrieval is worth, and the weights that a search leaving one conversation out would choose.

python -m semmem.evals.weights --locomo locomo_dev.json --beam beam-100k --work FOLDER

The pools that are judged come from the product: events through remember, candidates through its searcher. Only the
weights differ. A folder keeps what was stored for the next run.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import Progress
from rich.table import Table

from semmem.domain.scope import View
from semmem.evals.course import settled, store
from semmem.evals.datasets import beam, locomo
from semmem.evals.datasets.dataset import Conversation, Question
from semmem.evals.figures import answers, notes
from semmem.evals.plan import ExtractorName, eval_settings
from semmem.evals.retrievers import Stored
from semmem.retrieval.signals import SIGNALS, WEIGHTS
from semmem.stores.postgres.reading import PostgresReader
from semmem.wiring.bootstrap import Application, open_application

LIMIT = 100
STEPS = (0.0, 0.03, 0.05, 0.1, 0.15, 0.2, 0.25)
PATIENCE = 300.0
GAIN = 0.001  # of a data set's mean of R@10 and nDCG@10, below which a change is noise


@dataclass(frozen=True, slots=True)
class Judged:
    """One question: each passage's signals (signals, passages), and which turns it stands for.

    `rows` and `turns` are pairs of a passage and a turn; `evidence` are turns, those that are in no passage left out.
    """

    data: str
    conversation: str
    signals: NDArray[np.float32]
    rows: NDArray[np.int64]
    turns: NDArray[np.int64]
    evidence: NDArray[np.int64]
    wanted: int

    def figures(self, weights: NDArray[np.float32]) -> tuple[float, float]:
        """R@10 and nDCG@10 of the turns, each ranked by its best passage."""
        best = np.full(self.turns.max(initial=0) + 1, -np.inf, np.float32)
        np.maximum.at(best, self.turns, (weights @ self.signals)[self.rows])
        ranks = (best > best[self.evidence][:, None]).sum(axis=1)
        found = ranks[ranks < 10]
        ideal = (1 / np.log2(np.arange(min(10, self.wanted)) + 2)).sum()
        return len(found) / self.wanted, float((1 / np.log2(found + 2)).sum() / ideal)


def main(
    locomo_file: Annotated[Path | None, typer.Option("--locomo", help="locomo_dev.json.")] = None,
    beam_folder: Annotated[Path | None, typer.Option("--beam", help="The folder that holds N/chat.json.")] = None,
    work: Annotated[Path, typer.Option(help="Where the conversations are stored, now and next time.")] = Path(
        "weights"
    ),
    extractor: Annotated[
        ExtractorName, typer.Option(help="offline, or recorded for LoCoMo's own observations.")
    ] = "offline",
    search: Annotated[bool, typer.Option(help="Search better weights, leaving one conversation out.")] = True,
) -> None:
    """Print what is lost without each signal, and the weights that a search would choose."""
    given = [
        *(("locomo", each) for each in (locomo.load(locomo_file) if locomo_file else ())),
        *(("beam", each) for each in (beam.load(beam_folder) if beam_folder else ())),
    ]
    if not given:
        raise typer.BadParameter("pass --locomo, --beam, or both")
    judged = asyncio.run(_collect(given, work, extractor))
    answers.print(_ablation(judged))
    if search:
        answers.print(_searched(judged))


async def _collect(given: Sequence[tuple[str, Conversation]], work: Path, extractor: ExtractorName) -> list[Judged]:
    found: list[Judged] = []
    conversations = [conversation for _, conversation in given]
    with eval_settings(extractor, conversations) as settings, Progress(console=notes, transient=True) as progress:
        task = progress.add_task("judging", total=sum(len(each.questions) for each in conversations))
        async with open_application(settings.model_copy(update={"data": work})) as application:
            for data, conversation in given:
                stored = await store(application, conversation)
                await settled(stored.memory, conversation, lambda *_: None, PATIENCE)
                for question in conversation.questions:
                    if question.category != locomo.ADVERSARIAL:
                        found.append(await _judged(application, stored, data, conversation.id, question))
                    progress.advance(task)
    return found


async def _judged(application: Application, stored: Stored, data: str, conversation: str, question: Question) -> Judged:
    view = View.of(stored.memory.scope)
    pool = await application.parts.searcher.pool(view, question.question, LIMIT)
    async with PostgresReader(application.stores.postgres).reading(view) as rows:
        hydrated = await rows.hydrate([passage for passage in pool.passages if passage.kind == "fact"])
    sources: Mapping[UUID, list[UUID]] = {
        fact.id: [source.event_id for source in fact.sources]
        for fact in hydrated.items
        if fact.kind == "fact" and fact.current
    }
    # The keys of the turns that each passage stands for, and a number for each turn.
    turns = [
        stored.keys_of(sources.get(passage.id, []) if passage.kind == "fact" else [passage.id])
        for passage in pool.passages
    ]
    numbers = {turn: number for number, turn in enumerate(dict.fromkeys(turn for each in turns for turn in each))}
    signals = [signal(pool) for signal in SIGNALS.values()]
    absent = np.zeros(len(pool.passages), np.float32)
    return Judged(
        data=data,
        conversation=conversation,
        signals=np.stack([absent if part is None else part for part in signals]),
        rows=np.array([row for row, each in enumerate(turns) for _ in each], np.int64),
        turns=np.array([numbers[turn] for each in turns for turn in each], np.int64),
        evidence=np.array([numbers[turn] for turn in question.evidence if turn in numbers], np.int64),
        wanted=len(question.evidence),
    )


def _ablation(judged: Sequence[Judged]) -> Table:
    sets = list(dict.fromkeys(each.data for each in judged))
    table = Table("without", *(f"{name} {figure}" for name in sets for figure in ("R@10", "nDCG@10")), box=None)
    whole = _means(judged, WEIGHTS)
    table.add_row("nothing", *(f"{value:.3f}" for name in sets for value in whole[name]), style="bold")
    for signal in SIGNALS:
        less = _means(judged, {**WEIGHTS, signal: 0.0})
        lost = (value - before for name in sets for value, before in zip(less[name], whole[name], strict=True))
        table.add_row(signal, *(f"{value:+.3f}" for value in lost))
    return table


def _means(judged: Sequence[Judged], weights: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Returns R@10 and nDCG@10 by data set."""
    vector = np.array([weights[name] for name in SIGNALS], np.float32)
    found: dict[str, list[tuple[float, float]]] = {}
    for each in judged:
        found.setdefault(each.data, []).append(each.figures(vector))
    return {name: tuple(np.mean(values, axis=0)) for name, values in found.items()}


def _searched(judged: Sequence[Judged]) -> Table:
    """For each conversation the weights that the others would choose in place of ours, and what they give on it."""
    table = Table("left out", "R@10", "nDCG@10", "our R@10", "our nDCG@10", "chosen in place of ours", box=None)
    for name in dict.fromkeys(each.conversation for each in judged):
        rest = [each for each in judged if each.conversation != name]
        held = [each for each in judged if each.conversation == name]
        chosen = _climb(WEIGHTS, partial(_worth, rest))
        [theirs], [ours] = _means(held, chosen).values(), _means(held, WEIGHTS).values()
        table.add_row(name, *(f"{value:.3f}" for value in (*theirs, *ours)), _changed(chosen))
    chosen = _climb(WEIGHTS, partial(_worth, judged))
    worth = _worth(judged, chosen) - _worth(judged, WEIGHTS)
    table.add_row("none", f"{worth:+.4f}", "", "", "", _changed(chosen), style="bold")
    return table


def _changed(chosen: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in chosen.items() if weight != WEIGHTS[name]) or "none"


def _worth(judged: Sequence[Judged], weights: Mapping[str, float]) -> float:
    """Returns the mean over the data sets of R@10 and nDCG@10."""
    means = [sum(pair) / 2 for pair in _means(judged, weights).values()]
    return sum(means) / len(means)


def _climb(start: Mapping[str, float], worth: Callable[[Mapping[str, float]], float]) -> dict[str, float]:
    """Climbs by coordinate ascent over STEPS, one round: more would follow noise."""
    best, most = dict(start), worth(start)
    for name in SIGNALS:
        for step in STEPS:
            tried = {**best, name: step}
            if (value := worth(tried)) > most + GAIN:
                best, most = tried, value
    return best


if __name__ == "__main__":
    typer.run(main)
