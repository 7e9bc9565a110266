"""Speed, as ratios to what the parts do by themselves, in one run on embedded servers.

python -m semmem.evals.bench --locomo locomo_dev.json

A noisy machine moves both sides of a ratio, but not always alike: this is no test, and it never fails.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import asyncpg
import psutil
import typer
from qdrant_client import AsyncQdrantClient
from qdrant_client.models import FieldCondition, MatchValue
from qdrant_client.models import Filter as QdrantFilter
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from semmem.domain.event import NewEvent
from semmem.evals import bench_fleet
from semmem.evals.datasets.dataset import chosen
from semmem.evals.datasets.locomo import load
from semmem.evals.embedders import Cached, Counted
from semmem.evals.figures import Figure, answers, notes, pictured, plain
from semmem.evals.timing import WARM_UP, interleaved, ratio
from semmem.extractors.offline import OfflineExtractor
from semmem.memory.scoped import ScopedMemory
from semmem.ports import Embedder
from semmem.stores.qdrant.client import connect as connect_qdrant
from semmem.stores.qdrant.index import QdrantIndex
from semmem.wiring.bootstrap import Application, make_application, now, open_application
from semmem.wiring.settings import load_settings

WRITES, READS, STARTS, IMPORTS = 500, 200, 9, 3
EVENTS, PAGE = 5_000, 1_000
SETTLE_SECONDS = 900.0
CONVERSATION = "conv-26"


def main(
    locomo: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="locomo_dev.json, for the import.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Measure semmem beside its own parts, on embedded servers in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="semmem-bench-") as folder:
        figures = asyncio.run(_measure(Path(folder), locomo))
    if as_json:
        print(json.dumps(plain(figures), indent=2))
    else:
        answers.print(pictured("semmem's speed, medians of one run", figures))


async def _measure(folder: Path, data: Path | None) -> list[Figure]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=notes, transient=True) as progress:
        task = progress.add_task("opening the servers", total=None)
        async with open_application(load_settings(data=folder, worker=False)) as opened:
            # Without a chat model, whatever the environment names.
            models = replace(opened.models, extractor=OfflineExtractor())
            application = make_application(opened.settings, opened.stores, models, now)
            progress.update(task, description="remember")
            figures = [await _remember(application)]
            progress.update(task, description=f"settling {EVENTS:,} events")
            memory = await _filled(application)
            progress.update(task, description="recall and context")
            figures += await _recall(application, memory)
            progress.update(task, description="what agents share")
            figures += await bench_fleet.measure(application)
            if data:
                progress.update(task, description=f"importing {CONVERSATION}")
                figures.append(await _import(application, data))
            else:
                notes.print("no import without its data: pass --locomo locomo_dev.json")
            resident = psutil.Process().memory_info().rss / 1e6
            loaded = "this process, MiniLM loaded"
            figures.append(Figure(name="resident memory", value=resident, limit=450, unit="MB", detail=loaded))
        progress.update(task, description="import semmem")
        return [*figures, _start()]


async def _remember(application: Application) -> Figure:
    servers = application.stores.servers
    assert servers is not None
    memory = application.memory.scope(tenant="bench", user="writer")
    raw = await asyncpg.connect(servers.postgres_url)
    try:
        await raw.execute("create table bench_events (like semmem.events including all)")
        numbers = iter(range(WARM_UP + WRITES))

        async def remember() -> None:
            number = next(numbers)
            await memory.remember(sentence(number), agent="support", session="s1", key=f"key-{number}")

        insert = await raw.prepare(
            "insert into bench_events (tenant, scope_kind, scope_id, id, session, role, agent, event_type, content,"
            " importance, metadata, occurred_at, recorded_at, key, body_hash, report_hash, position)"
            " values ('bench', 'user', 'writer', $1, 's1', 'user', 'support', 'message', $2, 0.5, '{}', $3, $3, $4,"
            " $5, $5, $6)"
        )

        positions = count(1)

        async def in_a_transaction() -> None:
            content = sentence(random.randrange(EVENTS))
            async with raw.transaction():
                await insert.fetch(uuid4(), content, now(), uuid4().hex, bytes(32), next(positions))

        # Redis is told after the answer; that must not slow the other side.
        redis_is_told = application.parts.background.aclose
        ours, theirs = await interleaved(remember, in_a_transaction, WRITES, between=redis_is_told)
    finally:
        await raw.close()
    return ratio("remember / raw INSERT", ours, theirs, limit=2, what="one event, acknowledged; BEGIN, INSERT, COMMIT")


async def _filled(application: Application) -> ScopedMemory:
    """Fills a user's memory with EVENTS events, and waits for what the worker makes of them."""
    memory = application.memory.scope(tenant="bench", user="reader")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    events = [
        NewEvent(content=sentence(i), session=f"s{i // 40}", occurred_at=start + timedelta(minutes=i))
        for i in range(EVENTS)
    ]
    for first in range(0, EVENTS, PAGE):
        await memory.remember_many(events[first : first + PAGE])
    async with working(application):
        await memory.settled(timeout=SETTLE_SECONDS)
    return memory


async def _recall(application: Application, memory: ScopedMemory) -> list[Figure]:
    embedder = Cached(application.models.embedder)
    models = replace(application.models, embedder=embedder)
    quick = make_application(application.settings, application.stores, models, now).memory
    reader = quick.at(memory.place)
    queries = questions()
    for query in queries:
        await embedder.embed([query], tokens=True)
    async with raw_reads(application, memory) as raw, raw_reads(application, memory, keep=True) as kept:
        turns = cycle(queries)
        recall, theirs = await interleaved(lambda: reader.recall(next(turns)), lambda: raw(embedder, queries[0]), READS)
        ours, kept_theirs = await interleaved(
            lambda: reader.recall(next(turns)), lambda: kept(embedder, queries[0]), READS
        )
        again, context = await interleaved(
            lambda: reader.recall(next(turns)), lambda: reader.context(next(turns), budget=2_000), READS
        )
    kept_ratio = f"{ours / kept_theirs:.2f} x where the raw client keeps its connection as ours does"
    found = f"{EVENTS:,} events in the scope, query embedded before; {kept_ratio}"
    added = Figure(
        name="context - recall",
        value=(context - again) * 1e3,
        limit=5,
        unit="ms",
        detail=f"context {context * 1e3:.2f} ms, recall {again * 1e3:.2f} ms",
    )
    return [ratio("recall / raw query and fetch", recall, theirs, limit=3, what=found), added]


@asynccontextmanager
async def raw_reads(
    application: Application, memory: ScopedMemory, *, keep: bool = False
) -> AsyncIterator[Callable[[Embedder, str], Awaitable[object]]]:
    """Yields a plain Qdrant query of the ten nearest, and a fetch of their rows by primary key.

    By a client as it comes, which opens a connection to this machine for each query, or with `keep` by one like ours.
    """
    mirror, servers = application.stores.mirror, application.stores.servers
    assert isinstance(mirror, QdrantIndex)
    assert servers is not None
    scope = memory.scope
    named: dict[str, str | int] = {"tenant": scope.tenant, "scope_kind": scope.kind, "scope_id": scope.id, "current": 1}
    inside = QdrantFilter(must=[FieldCondition(key=key, match=MatchValue(value=value)) for key, value in named.items()])
    with warnings.catch_warnings(action="ignore"):  # of a key over plain http
        connect = connect_qdrant if keep else partial(AsyncQdrantClient, check_compatibility=False)
        client = connect(url=servers.qdrant_url, api_key=servers.qdrant_api_key)
    rows = await asyncpg.connect(servers.postgres_url)

    async def read(embedder: Embedder, query: str) -> None:
        vector = (await embedder.embed([query], tokens=True)).vectors[0].tolist()
        found = await client.query_points(mirror.collection, query=vector, query_filter=inside, limit=10)
        ids = [UUID(str(point.id)) for point in found.points]
        await rows.fetch("select * from semmem.events where tenant = $1 and id = any ($2)", scope.tenant, ids)

    try:
        yield read
    finally:
        await rows.close()
        await client.close()


async def _import(application: Application, data: Path) -> Figure:
    """Measures the share of an import's time that embedding the same texts takes by itself; events and drafts alike."""
    [conversation] = chosen(load(data), [CONVERSATION])
    shares, imports = [], []
    for number in range(IMPORTS):
        embedder = Counted(application.models.embedder)
        models = replace(application.models, embedder=embedder)
        counted = make_application(application.settings, application.stores, models, now)
        memory = counted.memory.scope(tenant="bench", workspace=f"{conversation.id}-{number}")
        async with working(counted):
            started = time.perf_counter()
            await memory.remember_many(conversation.events)
            await memory.settled(timeout=SETTLE_SECONDS)
            imports.append(time.perf_counter() - started)
        started = time.perf_counter()
        await application.models.embedder.embed(embedder.texts)
        shares.append(100 * (time.perf_counter() - started) / imports[-1])
    texts = len(embedder.texts)
    return Figure(
        name="import / embedding alone",
        value=statistics.median(shares),
        limit=70,
        unit="%",
        floor=True,
        detail=f"{len(conversation.events)} turns, {texts} texts (turns and drafts) in {min(imports):.1f} s",
    )


def _start() -> Figure:
    ours, theirs = [], []
    for _ in range(STARTS):
        theirs.append(_run("pass"))
        ours.append(_run("import semmem"))
    python, whole = statistics.median(theirs), statistics.median(ours)
    spent = f"import semmem {whole * 1e3:.0f} ms, python -c pass {python * 1e3:.0f} ms"
    return Figure(name="import semmem", value=whole, limit=0.3, unit="s", detail=f"{whole / python:.1f} x: {spent}")


def _run(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


@asynccontextmanager
async def working(application: Application) -> AsyncIterator[None]:
    task = asyncio.create_task(application.worker.run())
    try:
        yield
    finally:
        application.worker.stop()
        await task


_NAMES = ("Ines", "Rui", "Caroline", "Melanie", "Jon", "Gina", "Priya", "Tomas")
_PLACES = ("the pottery class", "Porto", "the support group", "her sister's wedding", "the dance studio", "the lake")
_DEEDS = ("went to", "talked about", "wants to see", "missed", "wrote to a friend about", "took the kids to", "painted")
_ENDS = ("and liked it a lot", "but came home early", "after a long week at work", "with two old friends", "again")


def questions() -> list[str]:
    return [f"When did {name} go to {place}?" for name in _NAMES for place in _PLACES]


def sentence(number: int) -> str:
    """Makes another sentence for every number, made of words that repeat as in talk."""
    pick = random.Random(number)
    parts = (pick.choice(words) for words in (_NAMES, _DEEDS, _PLACES, _ENDS))
    return f"{' '.join(parts)}, and paid {number} euros for it."


if __name__ == "__main__":
    typer.run(main)
