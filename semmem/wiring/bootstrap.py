"""Puts a memory together from what semmem.wiring.opening opened; no other module makes its parts."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from semmem.domain.checks import check_callable
from semmem.engine.consolidation import Consolidator
from semmem.engine.duties import Duties
from semmem.engine.erasure import Erasure
from semmem.engine.fact_indexing import FactIndexer
from semmem.engine.heartbeat import Heartbeat
from semmem.engine.index_sync import IndexSync
from semmem.engine.indexing import Indexer
from semmem.engine.reconciliation import Reconciler
from semmem.engine.scrubbing import Scrubber
from semmem.engine.summaries import SummaryRebuilder
from semmem.engine.worker import Pace, Worker
from semmem.engine.writing import FactWriter
from semmem.errors import InvalidInput
from semmem.memory.keeping import Keeping
from semmem.memory.memory import Memory
from semmem.memory.parts import Parts
from semmem.memory.place import Opened
from semmem.memory.present import Present
from semmem.memory.tiers import Recent, Tiers
from semmem.memory.watching import Watching
from semmem.migrations import upgrade
from semmem.models.tokens import load_counter
from semmem.ports import (
    Clock,
    Models,
    Reranker,
)
from semmem.retrieval.search import Searcher
from semmem.runtime import forking
from semmem.runtime.background import Background
from semmem.runtime.breaker import Guarded
from semmem.runtime.deadline import Calls
from semmem.stores.postgres.archive import ArchiveStore
from semmem.stores.postgres.archiving import Archiver
from semmem.stores.postgres.branches import BranchStore
from semmem.stores.postgres.checkpoints import CheckpointStore
from semmem.stores.postgres.conditions import Conditions
from semmem.stores.postgres.contexts import ContextStore
from semmem.stores.postgres.corrections import CorrectionStore
from semmem.stores.postgres.erasure import Eraser
from semmem.stores.postgres.events import EventStore
from semmem.stores.postgres.facts import FactStore
from semmem.stores.postgres.followers import Followers
from semmem.stores.postgres.groups import GroupStore
from semmem.stores.postgres.health import HealthStore
from semmem.stores.postgres.jobs import ENTRYPOINTS, Entrypoint, JobQueue
from semmem.stores.postgres.late_changes import LateChanges
from semmem.stores.postgres.ledger import Ledger
from semmem.stores.postgres.locks import LockStore
from semmem.stores.postgres.log import EntryLog
from semmem.stores.postgres.mirror import MirrorStore
from semmem.stores.postgres.pgvector import LexicalIndex, Patience
from semmem.stores.postgres.points import IndexWork
from semmem.stores.postgres.questions import QuestionStore
from semmem.stores.postgres.reading import PostgresReader
from semmem.stores.postgres.receipts import ReceiptStore
from semmem.stores.postgres.records import RecordStore
from semmem.stores.postgres.settings import SettingsStore
from semmem.stores.postgres.standing import StandingFacts
from semmem.stores.postgres.state import StateStore
from semmem.stores.postgres.summaries import SummaryStore
from semmem.stores.postgres.threads import ThreadStore
from semmem.stores.postgres.workspaces import WorkspaceStore
from semmem.wiring.entering import Opening
from semmem.wiring.opening import (
    import_all,
    make_embedder,
    make_extractor,
    open_embedded,
    open_reranker,
)
from semmem.wiring.settings import Settings, load_settings
from semmem.wiring.stores import Stores, open_stores

EMBED_SECONDS = 10.0  # that new events wait for an endpoint's vectors, before their words are indexed alone


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The memory, its worker, and the parts that the command line and the tests look into."""

    settings: Settings
    memory: Memory
    parts: Parts
    worker: Worker
    scrubber: Scrubber | None  # where every store is embedded
    stores: Stores
    models: Models
    work: IndexWork


def open(*, clock: Clock = now, reranker: Reranker | None = None, **given: Any) -> AbstractAsyncContextManager[Memory]:
    """Opens a memory, from arguments (the names of Settings), else SEMMEM_*, else the embedded servers.

    A `reranker` has its say in the order of the best hits; it stays the caller's to close. It is good for one
    `async with`, which raises ConfigurationError, EmbeddedServerError or StoreUnavailable, each with the way out.
    """
    return Opening(_opened(clock, reranker, given))


@asynccontextmanager
async def _opened(clock: Clock, reranker: Reranker | None, given: dict[str, Any]) -> AsyncIterator[Memory]:
    check_callable("clock", clock)
    if reranker is not None and not callable(getattr(reranker, "score", None)):
        raise InvalidInput("reranker", "must have a method score", "pass an object like semmem.Reranker")
    async with open_application(load_settings(**given), clock=clock, reranker=reranker) as application:
        yield application.memory


@asynccontextmanager
async def open_application(
    settings: Settings,
    *,
    clock: Clock = now,
    reranker: Reranker | None = None,
    jobs: Sequence[Entrypoint] = ENTRYPOINTS,
) -> AsyncIterator[Application]:
    """`jobs` are the kinds of work that a worker in this process does."""
    forking.watch(asyncio.get_running_loop(), owned=False)
    import_all(settings)
    opener = os.getpid()
    async with AsyncExitStack() as stack:
        try:
            models = await _models(stack, settings, reranker)
            stores = await open_stores(stack, settings, models.embedder)
            application = make_application(settings, stores, models, clock)
            stack.push_async_callback(application.parts.background.aclose)
            stack.push_async_callback(application.parts.watching.aclose)
            if keeping := application.parts.keeping:
                stack.push_async_callback(keeping.aclose)
                await keeping.start(application.parts.announce, application.parts.watching.wake)
            if settings.runs_worker:
                await stack.enter_async_context(_running(application.worker, jobs))
            stack.callback(application.memory.close)
            yield application
        finally:
            # A child that was forked meanwhile leaves what is open alone: it is the parent's to close.
            if os.getpid() != opener:
                forking.leave_alone(stack.pop_all())


async def migrate(settings: Settings) -> list[str]:
    """Brings the database that the settings name up to date; the embedded one, if they name none. What it mended."""
    if settings.postgres_admin_url:
        return await upgrade(settings.postgres_admin_url, name="SEMMEM_POSTGRES_ADMIN_URL")
    if settings.postgres_url:
        return await upgrade(settings.postgres_url)
    async with AsyncExitStack() as stack:
        servers = await open_embedded(stack, settings)
        assert servers is not None
        return await upgrade(servers.postgres_url)


def make_application(settings: Settings, stores: Stores, models: Models, clock: Clock) -> Application:
    parts, scrubber = _parts(settings, stores, models, clock), _scrubber(settings, stores, clock)
    return Application(
        settings=settings,
        memory=Memory(Opened(parts)),
        parts=parts,
        worker=_worker(settings, stores, models, clock, parts.erasure, scrubber),
        scrubber=scrubber,
        stores=stores,
        models=models,
        work=IndexWork(stores.postgres, stores.pgvector.index_name),
    )


def _parts(settings: Settings, stores: Stores, models: Models, clock: Clock) -> Parts:
    postgres, mirrored = stores.postgres, stores.mirror is not None
    events = EventStore(postgres, extract_after=settings.extraction_pause, stores=stores.names)
    entries, background = EntryLog(postgres), Background()
    summaries, branches, state = SummaryStore(postgres), BranchStore(postgres), StateStore(postgres)
    searcher = _searcher(settings, stores, models, clock)
    recent = Recent(events, stores.cache, Conditions(postgres), cap=settings.recent_events)
    present = Present(StandingFacts(postgres))
    receipts = ReceiptStore(postgres, scrub_within=settings.scrub_within if settings.all_embedded else None)
    eraser = Eraser(postgres, receipts)
    local, window = stores.local, settings.dedup_window
    late = LateChanges(postgres, state)
    keeping = Keeping(local, events, late, clock, dedup_window=window) if local else None
    return Parts(
        events=events,
        entries=entries,
        groups=GroupStore(postgres, events),
        facts=FactStore(postgres),
        summaries=summaries,
        branches=branches,
        records=RecordStore(postgres, events, eraser),
        state=state,
        locks=LockStore(postgres),
        checkpoints=CheckpointStore(postgres),
        workspaces=WorkspaceStore(postgres, events),
        questions=QuestionStore(postgres),
        threads=ThreadStore(postgres),
        settings=SettingsStore(postgres),
        corrections=CorrectionStore(postgres, mirrored=mirrored),
        ledger=Ledger(postgres),
        archiver=Archiver(postgres, eraser),
        archive=ArchiveStore(postgres, mirrored=mirrored),
        health=HealthStore(postgres),
        cache=stores.cache,
        searcher=searcher,
        tiers=Tiers(ContextStore(postgres), recent, searcher, present, state, models.counter, clock),
        erasure=Erasure(eraser, receipts, branches, stores.cache, clock),
        reconciler=_reconciler(stores),
        background=background,
        watching=Watching(entries, stores.wakeups, background),
        calls=_calls(settings, keeping),
        keeping=keeping,
        counter=models.counter,
        clock=clock,
        dedup_window=window,
    )


def _calls(settings: Settings, keeping: Keeping | None) -> Calls:
    read, write = settings.read_timeout.total_seconds(), settings.write_timeout.total_seconds()
    return Calls(read=read, write=write, before_write=keeping.caught_up if keeping else None)


def _searcher(settings: Settings, stores: Stores, models: Models, clock: Clock) -> Searcher:
    overdue = settings.overdue_after
    patience = Patience(clock=clock, index=overdue, facts=settings.extraction_pause + overdue)
    return Searcher(
        models.embedder,
        stores.mirror or stores.pgvector,
        stores.pgvector,
        LexicalIndex(stores.postgres, stores.pgvector.index_name, patience),
        PostgresReader(stores.postgres),
        clock,
        models.reranker,
        settings.rerank_timeout.total_seconds(),
    )


def _scrubber(settings: Settings, stores: Stores, clock: Clock) -> Scrubber | None:
    if stores.servers is None or not settings.all_embedded:
        return None
    return Scrubber(stores.servers, stores.cache, clock, within=settings.scrub_within)


def _reconciler(stores: Stores) -> Reconciler | None:
    if stores.mirror is None or stores.keeper is None:
        return None
    return Reconciler(
        postgres=stores.postgres,
        work=IndexWork(stores.postgres, stores.pgvector.index_name),
        store=MirrorStore(stores.postgres),
        mirror=stores.mirror,
        keeper=stores.keeper,
    )


def _worker(
    settings: Settings, stores: Stores, models: Models, clock: Clock, erasure: Erasure, scrubber: Scrubber | None
) -> Worker:
    postgres, index_name = stores.postgres, stores.pgvector.index_name
    mirror, keeper = stores.mirror, stores.keeper
    mirrored, events = mirror is not None, EventStore(postgres)
    writer = FactWriter(postgres, clock, index_name=index_name, mirrored=mirrored)
    rebuilder = SummaryRebuilder(postgres, clock)
    patience = None if settings.embeds_here else EMBED_SECONDS
    facts = FactStore(postgres)
    others: Sequence[object] = (stores.cache, mirror, models.embedder, models.extractor)
    return Worker(
        postgres,
        JobQueue(postgres, clock, extract_after=settings.extraction_pause, cache=stores.cache_name),
        Duties(
            indexer=Indexer(
                postgres, events, facts, models.embedder, stores.pgvector, clock, mirrored=mirrored, patience=patience
            ),
            fact_indexer=FactIndexer(
                postgres, models.embedder, stores.pgvector, clock, mirrored=mirrored, patience=patience
            ),
            sync=IndexSync(postgres, IndexWork(postgres, index_name), mirror, keeper) if mirror and keeper else None,
            consolidator=Consolidator(
                postgres, events, facts, SummaryStore(postgres), stores.pgvector, models, clock, writer, rebuilder
            ),
            erasure=erasure,
            rebuilder=rebuilder,
        ),
        Pace(
            lease=settings.lease,
            sweep_every=settings.sweep_every,
            attempts=settings.attempts,
            backoff=settings.backoff,
            jobs_at_once=settings.worker_jobs,
            stop_grace=settings.stop_grace,
        ),
        followers=Followers(postgres),
        heartbeat=Heartbeat(
            HealthStore(postgres),
            settings.lease,
            [each.breaker for each in others if isinstance(each, Guarded)],
            stores.names,
        ),
        keeper=keeper,
        scrubber=scrubber,
        stores=stores.names,
    )


async def _models(stack: AsyncExitStack, settings: Settings, given: Reranker | None) -> Models:
    counter = await asyncio.to_thread(load_counter)
    embedder, extractor = make_embedder(settings), make_extractor(settings, counter)
    stack.push_async_callback(embedder.aclose)
    stack.push_async_callback(extractor.aclose)
    if settings.embedder == "fastembed":
        await embedder.embed(["loads the weights, or says now what is wrong with them"])
    reranker = open_reranker(stack, settings, given)
    return Models(embedder=embedder, extractor=extractor, counter=counter, reranker=reranker)


@asynccontextmanager
async def _running(worker: Worker, jobs: Sequence[Entrypoint]) -> AsyncIterator[None]:
    """Runs the worker beside the caller, in the caller's loop."""
    task = asyncio.create_task(worker.run(jobs), name="semmem-worker")
    try:
        yield
    finally:
        worker.stop()
        await task
