"""Puts a memory together: the only place that knows the concrete classes."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from semmem import forking
from semmem.background import Background
from semmem.checks import check_callable
from semmem.consolidation import Consolidator
from semmem.erasure import Erasure
from semmem.errors import ConfigurationError, InvalidInput, ModelError, StoreUnavailable
from semmem.extractors.llm import LlmExtractor
from semmem.extractors.offline import OfflineExtractor
from semmem.fact_indexing import FactIndexer
from semmem.heartbeat import Heartbeat
from semmem.index_sync import IndexSync
from semmem.indexing import Indexer
from semmem.memory import Memory
from semmem.migrations import upgrade
from semmem.models.minilm import MiniLM
from semmem.models.states import LocalStates
from semmem.models.tokens import load_counter
from semmem.parts import Parts
from semmem.ports import (
    ChatModel,
    Clock,
    Embedder,
    Extractor,
    Models,
    RecentCache,
    Reranker,
    TokenCounter,
    VectorIndex,
)
from semmem.retrieval.search import Searcher
from semmem.settings import Settings, load_settings
from semmem.stores.archive import ArchiveStore
from semmem.stores.branches import BranchStore
from semmem.stores.erasure import Eraser
from semmem.stores.events import EventLog
from semmem.stores.facts import FactStore
from semmem.stores.health import HealthStore
from semmem.stores.identity import Identity
from semmem.stores.jobs import JobQueue
from semmem.stores.ledger import Ledger
from semmem.stores.pgvector import LexicalIndex, Patience, PgVectorIndex, standing_dimensions
from semmem.stores.points import IndexWork
from semmem.stores.postgres import Postgres
from semmem.stores.qdrant import QdrantIndex
from semmem.stores.qdrant import connect as connect_qdrant
from semmem.stores.reading import PostgresReader
from semmem.stores.records import RecordStore
from semmem.stores.redis import RedisRecent
from semmem.stores.redis import connect as connect_redis
from semmem.summaries import SummaryRebuilder
from semmem.tiers import Recent, Tiers
from semmem.worker import Worker
from semmem.writing import FactWriter

if TYPE_CHECKING:
    from semmem.embedded import Servers

log = logging.getLogger(__name__)

FIRST_ANSWER_SECONDS = 5.0  # that opening waits for the embedder to tell its dimensions


_inherited: list[object] = []  # of a parent: kept, so that nothing of it is ended here


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is open, besides the models."""

    servers: "Servers | None"
    postgres: Postgres
    pgvector: PgVectorIndex
    mirror: VectorIndex | None  # Qdrant, where it is the vector index
    cache: RecentCache | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The memory, its worker, and the parts that the command line and the tests look into."""

    settings: Settings
    memory: Memory
    worker: Worker
    stores: Stores
    models: Models
    work: IndexWork


@asynccontextmanager
async def open(*, clock: Clock = now, reranker: Reranker | None = None, **given: Any) -> AsyncIterator[Memory]:
    """A memory, from arguments (the names of semmem.settings.Settings), else SEMMEM_*, else the embedded servers.

    A `reranker` decides the order of the best hits; it stays the caller's to close. Raises ConfigurationError,
    EmbeddedServerError or StoreUnavailable, each with the way out.
    """
    check_callable("clock", clock)
    if reranker is not None and not callable(getattr(reranker, "score", None)):
        raise InvalidInput("reranker", "must have a method score", "pass an object like semmem.Reranker")
    async with open_application(load_settings(**given), clock=clock, reranker=reranker) as application:
        yield application.memory


@asynccontextmanager
async def open_application(
    settings: Settings, *, clock: Clock = now, reranker: Reranker | None = None
) -> AsyncIterator[Application]:
    forking.watch(asyncio.get_running_loop(), owned=False)
    async with AsyncExitStack() as stack, _kept_by_a_child(stack):
        models = replace(await _models(stack, settings), reranker=reranker)
        stores = await _stores(stack, settings, models.embedder)
        application = make_application(settings, stores, models, clock)
        stack.push_async_callback(application.memory.parts.background.aclose)
        if settings.runs_worker:
            await stack.enter_async_context(_running(application.worker))
        stack.callback(application.memory.close)
        yield application


@asynccontextmanager
async def _kept_by_a_child(stack: AsyncExitStack) -> AsyncIterator[None]:
    """A child that was forked meanwhile leaves what is open alone: it is the parent's to close."""
    opener = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != opener:
            _inherited.append(stack.pop_all())


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
    postgres, index_name = stores.postgres, stores.pgvector.index_name
    log, facts = EventLog(postgres, extract_after=settings.extraction_pause), FactStore(postgres)
    overdue = settings.overdue_after
    patience = Patience(clock=clock, index=overdue, facts=settings.extraction_pause + overdue)
    index, lexical = stores.mirror or stores.pgvector, LexicalIndex(postgres, index_name, patience)
    reader = PostgresReader(postgres)
    searcher = Searcher(models.embedder, index, stores.pgvector, lexical, reader, clock, models.reranker)
    recent = Recent(log, stores.cache, cap=settings.recent_events)
    eraser = Eraser(postgres, stores=_followers(stores))
    erasure = Erasure(eraser, stores.cache, clock)
    parts = Parts(
        log=log,
        facts=facts,
        branches=BranchStore(postgres),
        records=RecordStore(postgres, log, eraser),
        ledger=Ledger(postgres),
        archive=ArchiveStore(postgres, mirrored=stores.mirror is not None),
        health=HealthStore(postgres),
        cache=stores.cache,
        searcher=searcher,
        tiers=Tiers(log, facts, recent, searcher, models.counter),
        erasure=erasure,
        background=Background(),
        clock=clock,
        dedup_window=settings.dedup_window,
    )
    return Application(
        settings=settings,
        memory=Memory(parts),
        worker=_worker(settings, stores, models, clock, erasure),
        stores=stores,
        models=models,
        work=IndexWork(postgres, index_name),
    )


def _followers(stores: Stores) -> list[str]:
    """The stores that have to follow Postgres when it forgets."""
    return [name for name, store in (("redis", stores.cache), ("qdrant", stores.mirror)) if store]


def _worker(settings: Settings, stores: Stores, models: Models, clock: Clock, erasure: Erasure) -> Worker:
    postgres, mirror, index_name = stores.postgres, stores.mirror, stores.pgvector.index_name
    mirrored, log = mirror is not None, EventLog(postgres)
    writer = FactWriter(postgres, clock, index_name=index_name, mirrored=mirrored)
    rebuilder = SummaryRebuilder(postgres, clock)
    return Worker(
        postgres,
        JobQueue(postgres, clock, extract_after=settings.extraction_pause),
        Indexer(postgres, log, FactStore(postgres), models.embedder, stores.pgvector, clock, mirrored=mirrored),
        FactIndexer(postgres, models.embedder, stores.pgvector, clock, mirrored=mirrored),
        IndexSync(postgres, IndexWork(postgres, index_name), mirror) if mirror else None,
        Consolidator(postgres, log, FactStore(postgres), stores.pgvector, models, clock, writer, rebuilder),
        erasure,
        Heartbeat(HealthStore(postgres), settings.lease),
        rebuilder,
        lease=settings.lease,
        sweep_every=settings.sweep_every,
        attempts=settings.attempts,
        backoff=settings.backoff,
        jobs_at_once=settings.worker_jobs,
        stop_grace=settings.stop_grace,
    )


async def _stores(stack: AsyncExitStack, settings: Settings, embedder: Embedder) -> Stores:
    servers = await open_embedded(stack, settings)
    if servers:
        await upgrade(servers.postgres_url)
    postgres = await open_postgres(stack, settings, servers)
    dimensions = await known_dimensions(postgres, embedder)
    standing = partial(standing_dimensions, postgres, embedder.model)
    mirror = await open_mirror(stack, settings, servers, embedder.model, dimensions, standing)
    pgvector = PgVectorIndex(postgres, model=embedder.model, dimensions=dimensions, hnsw=mirror is None)
    await pgvector.ensure()
    cache = await open_cache(stack, settings, servers, postgres.identity)
    return Stores(servers=servers, postgres=postgres, pgvector=pgvector, mirror=mirror, cache=cache)


async def open_postgres(
    stack: AsyncExitStack, settings: Settings, servers: "Servers | None", *, size: int | None = None
) -> Postgres:
    postgres = await Postgres.connect(
        servers.postgres_url if servers else settings.postgres_url or "",
        size=size or settings.postgres_pool,
        wait=settings.postgres_wait.total_seconds(),
    )
    stack.push_async_callback(postgres.aclose)
    return postgres


async def known_dimensions(postgres: Postgres, embedder: Embedder) -> int | None:
    """Those of the vectors that the database holds, else the embedder's; None where it does not answer now."""
    standing = await standing_dimensions(postgres, embedder.model)
    if standing is not None:
        embedder.expect(standing)
        return standing
    try:
        async with asyncio.timeout(FIRST_ANSWER_SECONDS):
            return await embedder.dimensions()
    except (ModelError, TimeoutError) as error:
        log.warning("%s; until it answers, the words alone are indexed and searched", error or type(error).__name__)
        return None


async def open_embedded(stack: AsyncExitStack, settings: Settings) -> "Servers | None":
    """The embedded servers, where the settings name no Postgres."""
    if not settings.embedded:
        return None
    if settings.postgres_admin_url:
        raise ConfigurationError(
            "SEMMEM_POSTGRES_ADMIN_URL is for `semmem migrate` alone; set SEMMEM_POSTGRES_URL to the same database"
        )
    from semmem.embedded import open_servers

    servers = await stack.enter_async_context(await open_servers(settings.data))
    if settings.keep_servers:
        await servers.linger(settings.keep_servers.total_seconds())
    return servers


async def open_mirror(
    stack: AsyncExitStack,
    settings: Settings,
    servers: "Servers | None",
    model: str,
    dimensions: int | None,
    standing: Callable[[], Awaitable[int | None]] | None = None,
) -> VectorIndex | None:
    """Qdrant, unless the settings choose pgvector or know no Qdrant. Its absence now is not an error: it may come."""
    url = settings.qdrant_url or (servers.qdrant_url if servers else None)
    if settings.vector_index == "pgvector" or (url is None and settings.vector_index is None):
        return None
    if url is None:
        raise ConfigurationError("SEMMEM_VECTOR_INDEX=qdrant needs SEMMEM_QDRANT_URL; set it, or choose pgvector")
    own = servers.qdrant_api_key if servers and settings.qdrant_url is None else None
    client = connect_qdrant(url, own or _secret(settings.qdrant_api_key))
    mirror = QdrantIndex(
        client, embedder_model=model, dimensions=dimensions, prefix=settings.qdrant_prefix, standing=standing
    )
    stack.push_async_callback(mirror.aclose)
    with suppress(StoreUnavailable):
        await mirror.ensure()
    return mirror


async def open_cache(
    stack: AsyncExitStack, settings: Settings, servers: "Servers | None", identity: Identity
) -> RecentCache | None:
    url = settings.redis_url or (servers.redis_url if servers else None)
    if url is None:
        return None
    try:
        client = connect_redis(url)
    except ValueError as error:
        raise ConfigurationError("SEMMEM_REDIS_URL must be like redis://host:6379/0; correct it") from error
    cache = RedisRecent(
        client,
        identity=identity,
        prefix=settings.redis_prefix,
        cap=settings.recent_events,
        ttl=settings.recent_ttl,
        notices=settings.notices,
    )
    stack.push_async_callback(cache.aclose)
    return cache


async def _models(stack: AsyncExitStack, settings: Settings) -> Models:
    counter = await asyncio.to_thread(load_counter)
    models = Models(embedder=make_embedder(settings), extractor=_extractor(settings, counter), counter=counter)
    stack.push_async_callback(models.embedder.aclose)
    stack.push_async_callback(models.extractor.aclose)
    return models


def make_embedder(settings: Settings) -> Embedder:
    if settings.embedder == "minilm":
        return MiniLM()
    from semmem.models.embedding import OpenAIEmbedder

    embedder = OpenAIEmbedder(
        settings.embedding_model,
        base_url=settings.embedding_base_url,
        api_key=_model_key(settings.embedding_api_key, settings),
        dimensions=settings.embedding_dimensions,
        batch=settings.embedding_batch,
        text_bytes=settings.embedding_text_bytes,
        timeout=settings.embedding_timeout.total_seconds(),
    )
    return LocalStates(embedder) if settings.token_states == "local" else embedder


def _extractor(settings: Settings, counter: TokenCounter) -> Extractor:
    if not settings.uses_llm:
        return OfflineExtractor()
    return LlmExtractor(
        make_chat(settings),
        counter,
        answer_tokens=settings.llm_answer_tokens,
        context_tokens=settings.llm_context_tokens,
    )


def make_chat(settings: Settings) -> ChatModel:
    from semmem.models.chat import OpenAIChat

    return OpenAIChat(
        settings.llm_model,
        base_url=settings.llm_base_url,
        api_key=_model_key(settings.llm_api_key, settings),
        timeout=settings.llm_timeout.total_seconds(),
        max_retries=1,  # the worker comes back by itself, and others need not wait for that
        context_tokens=settings.llm_context_tokens,
        reasoning_effort=settings.llm_reasoning_effort,
    )


def _model_key(own: SecretStr | None, settings: Settings) -> str | None:
    """The endpoint's own key, else OpenAI's, which by its type goes to OpenAI's own host only."""
    from semmem.models.endpoint import OpenAIKey

    if own or settings.openai_api_key is None:
        return _secret(own)
    return OpenAIKey(settings.openai_api_key.get_secret_value())


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


@asynccontextmanager
async def _running(worker: Worker) -> AsyncIterator[None]:
    """The worker beside the caller, in the caller's loop."""
    task = asyncio.create_task(worker.run(), name="semmem-worker")
    try:
        yield
    finally:
        worker.stop()
        await task
