"""How recall's time grows with the size of a scope, beside a raw Qdrant query in the same run.

python -m semmem.evals.scale --turns 5000 --turns 100000

What is measured is the stores and the ranking: turns are made up, no facts are drawn from them, and words have vectors
at random, so that filling a scope takes minutes and the question's embedding no time.
"""

import asyncio
import tempfile
import time
import zlib
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer
from numpy.typing import NDArray
from rich.progress import Progress
from rich.table import Table

from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.domain.event import Event, NewEvent
from semmem.domain.extraction import Decision, Extraction, Question, Usage
from semmem.evals.bench import questions, raw_reads, sentence, working
from semmem.evals.figures import answers, notes
from semmem.evals.metrics import percentile
from semmem.extractors.offline import OfflineExtractor
from semmem.memory.scoped import ScopedMemory
from semmem.wiring.bootstrap import Application, make_application, now, open_application
from semmem.wiring.settings import load_settings

DIMENSIONS, STATES = 384, 96
PAGE, A_SESSION, WARM_UP, READS = 1_000, 40, 10, 100
PATIENCE = 3_600.0


@dataclass(frozen=True, slots=True)
class Measured:
    turns: int
    recall: Sequence[float]  # seconds
    raw: Sequence[float]
    resident: float  # MB

    def row(self, first: "Measured") -> tuple[str, ...]:
        p50, p95, raw = (percentile(self.recall, 0.5), percentile(self.recall, 0.95), percentile(self.raw, 0.5))
        growth = p50 / percentile(first.recall, 0.5)
        times = (f"{1e3 * seconds:.1f} ms" for seconds in (p50, p95, raw))
        return f"{self.turns:,}", *times, f"{p95 / raw:.1f} x", f"{growth:.1f} x", f"{self.resident:.0f} MB"


def main(
    turns: Annotated[list[int] | None, typer.Option(help="Sizes of a scope; may be repeated.")] = None,
) -> None:
    """Fill one scope for each size, on embedded servers in a folder that goes afterwards, and recall from it."""
    with tempfile.TemporaryDirectory(prefix="semmem-scale-") as folder:
        measured = asyncio.run(_measure(Path(folder), turns or [5_000, 100_000]))
    table = Table("turns", "recall p50", "p95", "raw query", "p95 / raw", "growth", "resident", box=None)
    for each in measured:
        table.add_row(*each.row(measured[0]))
    answers.print(table)


async def _measure(folder: Path, sizes: Sequence[int]) -> list[Measured]:
    found = []
    with Progress(console=notes, transient=True) as progress:
        async with open_application(load_settings(data=folder, worker=False)) as opened:
            models = replace(opened.models, embedder=Worded(), extractor=Silent())
            for size in sizes:
                application = make_application(opened.settings, opened.stores, models, now)  # a worker runs once
                memory = application.memory.scope(tenant="scale", workspace=f"{size} turns")
                await _fill(application, memory, size, progress)
                recall, raw = [], []
                asked = questions()
                async with raw_reads(application, memory) as read:
                    for number in range(WARM_UP + READS):
                        question = asked[number % len(asked)]
                        recall.append(await _timed(memory.recall(question)))
                        raw.append(await _timed(read(models.embedder, question)))
                resident = psutil.Process().memory_info().rss / 1e6
                found.append(Measured(size, recall[WARM_UP:], raw[WARM_UP:], resident))
    return found


async def _fill(application: Application, memory: ScopedMemory, size: int, progress: Progress) -> None:
    task = progress.add_task(f"filling a scope with {size:,} turns", total=size)
    start = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=size)
    for first in range(0, size, PAGE):
        page = [
            NewEvent(content=sentence(at), session=f"s{at // A_SESSION}", occurred_at=start + timedelta(minutes=at))
            for at in range(first, min(first + PAGE, size))
        ]
        await memory.remember_many(page)
    async with working(application):
        await memory.settled(timeout=PATIENCE, progress=lambda left: progress.update(task, completed=size - left))
    progress.update(task, completed=size)


async def _timed(step: Awaitable[object]) -> float:
    started = time.perf_counter()
    await step
    return time.perf_counter() - started


class Silent:
    """An extractor that finds nothing."""

    name = "silent"
    limits = OfflineExtractor.limits

    async def extract(self, events: Sequence[Event], summaries: Mapping[str | None, str]) -> Extraction:
        return Extraction()

    async def decide(self, questions: Sequence[Question]) -> tuple[list[Decision], Usage]:
        return [], Usage()

    async def aclose(self) -> None:
        """Holds nothing."""


class Worded:
    """An embedder for which every word is a direction at random, and a text their sum."""

    model = "words-at-random"
    pools = True

    async def dimensions(self) -> int:
        return DIMENSIONS

    def expect(self, dimensions: int) -> None:
        """Nothing to learn: they are DIMENSIONS."""

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        words = [tuple(text.lower().split()) for text in texts]
        vectors = np.stack([_unit(np.sum([_direction(word, DIMENSIONS) for word in each], axis=0)) for each in words])
        states = tuple(TokenStates(each, np.stack([_direction(word, STATES) for word in each])) for each in words)
        return Embeddings(vectors, states if tokens else None)

    async def states(self, texts: Sequence[str]) -> Sequence[TokenStates] | None:
        return (await self.embed(texts, tokens=True)).tokens

    async def aclose(self) -> None:
        """Holds nothing."""


@lru_cache(maxsize=1 << 14)
def _direction(word: str, dimensions: int) -> NDArray[np.float32]:
    return _unit(np.random.default_rng(zlib.crc32(word.encode())).normal(size=dimensions).astype(np.float32))


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


if __name__ == "__main__":
    typer.run(main)
