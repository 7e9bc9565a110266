"""Opens one store, or makes one model, as the settings say; what is opened closes with the stack it is given."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from pydantic import SecretStr

from semmem.errors import ConfigurationError, ModelError
from semmem.extractors.llm import LlmExtractor
from semmem.extractors.offline import OfflineExtractor
from semmem.migrations import upgrade
from semmem.models.fastembed import FastEmbedder
from semmem.models.guarded import GuardedEmbedder, GuardedExtractor, GuardedReranker, WatchedChat, chat_breaker
from semmem.models.minilm import MiniLM
from semmem.models.states import LocalStates
from semmem.ports import ChatModel, Embedder, Extractor, Mirror, RecentCache, Reranker, TokenCounter, Wakeups
from semmem.retrieval.listwise import ListwiseReranker
from semmem.runtime import forking
from semmem.stores.postgres.identity import Identity
from semmem.stores.postgres.pgvector import standing_dimensions
from semmem.stores.postgres.pool import Postgres
from semmem.wiring.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from semmem.embedded import Servers
    from semmem.stores.local.folder import LocalFolder

log = logging.getLogger(__name__)

FIRST_ANSWER_SECONDS = 5.0  # that opening waits for the embedder to tell its dimensions, and for a look into Qdrant


def import_all(settings: Settings) -> None:
    """Imports at once what these settings need of all that is imported as late as possible: no fork comes between."""
    asks_models = settings.uses_llm or not settings.embeds_here
    wanted = ["encodings.idna"]
    if settings.embedded:
        wanted += ["semmem.embedded"]
    if settings.all_embedded:
        wanted += ["semmem.embedded.scrubbing"]
    if settings.uses_redis:
        wanted += ["semmem.stores.redis.recent", "semmem.stores.redis.wakeups"]
    if settings.uses_qdrant:
        wanted += ["semmem.stores.qdrant.index"]
    if asks_models:
        wanted += ["openai.resources.chat", "openai.resources.embeddings", "semmem.models.chat"]
    if asks_models or settings.uses_qdrant or settings.all_embedded:  # each of them speaks HTTP
        wanted += ["certifi", "httpcore", "anyio._backends._asyncio"]
    with forking.undivided():
        for module in wanted:
            with suppress(ModuleNotFoundError):  # where it is needed, that is said
                import_module(module)


async def open_postgres(
    stack: AsyncExitStack, settings: Settings, servers: "Servers | None", *, size: int | None = None
) -> Postgres:
    postgres = await Postgres.connect(
        servers.postgres_url if servers else settings.postgres_url or "",
        size=size or settings.postgres_pool,
        wait=settings.postgres_wait.total_seconds(),
        patience=settings.patience,
        statement_timeout=settings.statement_timeout.total_seconds(),
    )
    stack.push_async_callback(postgres.aclose)
    return postgres


async def known_dimensions(postgres: Postgres, embedder: Embedder) -> int | None:
    """Returns the dimensions of the database's vectors, else the embedder's; None where it does not answer now."""
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
    """Opens the embedded servers, where the settings name no Postgres."""
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


async def open_migrated(stack: AsyncExitStack, settings: Settings) -> "Servers | None":
    """Opens the embedded servers with this release's schema; another database is its operator's to migrate."""
    servers = await open_embedded(stack, settings)
    if servers:
        await upgrade(servers.postgres_url)
    return servers


async def open_mirror(
    stack: AsyncExitStack,
    settings: Settings,
    servers: "Servers | None",
    identity: Identity,
    model: str,
    dimensions: int | None,
    standing: Callable[[], Awaitable[int | None]] | None = None,
) -> Mirror | None:
    """Qdrant, unless the settings choose pgvector or know no Qdrant. Nothing is asked of it yet."""
    url = settings.qdrant_url or (servers.qdrant_url if servers else None)
    if settings.vector_index == "pgvector" or (url is None and settings.vector_index is None):
        return None
    if url is None:
        raise ConfigurationError("SEMMEM_VECTOR_INDEX=qdrant needs SEMMEM_QDRANT_URL; set it, or choose pgvector")
    from semmem.stores.qdrant.client import connect
    from semmem.stores.qdrant.index import QdrantIndex

    own = servers.qdrant_api_key if servers and settings.qdrant_url is None else None
    search, write = settings.patience, settings.write_timeout.total_seconds()
    try:
        client = connect(url, own or _secret(settings.qdrant_api_key), seconds=max(search, write))
    except ValueError as error:
        raise ConfigurationError("SEMMEM_QDRANT_URL must be like http://host:6333; correct it") from error
    mirror = QdrantIndex(
        client,
        identity=identity,
        embedder_model=model,
        dimensions=dimensions,
        prefix=settings.qdrant_prefix,
        search_seconds=search,
        write_seconds=write,
        standing=standing,
    )
    stack.push_async_callback(mirror.aclose)
    return mirror


async def open_cache(
    stack: AsyncExitStack, settings: Settings, servers: "Servers | None", identity: Identity
) -> RecentCache | None:
    client = _redis(settings, servers)
    if client is None:
        return None
    from semmem.stores.redis.recent import RedisRecent

    cache = RedisRecent(
        client,
        identity=identity,
        prefix=settings.redis_prefix,
        cap=settings.recent_events,
        ttl=settings.recent_ttl,
        seconds=settings.patience / 4,
    )
    stack.push_async_callback(cache.aclose)
    return cache


def open_wakeups(
    stack: AsyncExitStack, settings: Settings, servers: "Servers | None", identity: Identity
) -> Wakeups | None:
    client = _redis(settings, servers)
    if client is None:
        return None
    from semmem.stores.redis.wakeups import RedisWakeups

    wakeups = RedisWakeups(client, identity=identity, prefix=settings.redis_prefix, seconds=settings.patience / 4)
    stack.push_async_callback(wakeups.aclose)
    return wakeups


def open_local(settings: Settings, identity: Identity) -> "LocalFolder | None":
    """Raises ConfigurationError where nothing can be written there."""
    if settings.local_log is None:
        return None
    from semmem.stores.local.folder import LocalFolder

    folder = LocalFolder(settings.local_log, identity)
    folder.prepare()
    return folder


def _redis(settings: Settings, servers: "Servers | None") -> "Redis | None":
    """A client of the Redis that there is, if any."""
    url = settings.redis_url or (servers.redis_url if servers else None)
    if url is None:
        return None
    from semmem.stores.redis.client import connect

    try:
        return connect(url, settings.patience / 4)
    except ValueError as error:
        raise ConfigurationError("SEMMEM_REDIS_URL must be like redis://host:6379/0; correct it") from error


def make_embedder(settings: Settings) -> Embedder:
    if settings.embedder == "minilm":
        return MiniLM()
    if settings.embedder == "fastembed":
        own = FastEmbedder(settings.fastembed_model, cache=settings.fastembed_cache, folder=settings.fastembed_folder)
        return LocalStates(own) if settings.token_states == "local" else own
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
    whole = LocalStates(embedder) if settings.token_states == "local" else embedder
    return GuardedEmbedder(whole, patience=settings.patience)


def make_extractor(settings: Settings, counter: TokenCounter) -> Extractor:
    if not settings.uses_llm:
        return OfflineExtractor()
    breaker = chat_breaker(settings.llm_timeout.total_seconds())
    extractor = LlmExtractor(
        WatchedChat(make_chat(settings), breaker),
        counter,
        answer_tokens=settings.llm_answer_tokens,
        context_tokens=settings.llm_context_tokens,
    )
    return GuardedExtractor(extractor, breaker)


def open_reranker(stack: AsyncExitStack, settings: Settings, given: Reranker | None) -> GuardedReranker | None:
    """Opens the caller's own reranker, or the settings' chat model in its place."""
    reranker = given
    if settings.rerank == "llm":
        if given is not None:
            raise ConfigurationError("a reranker was given, and SEMMEM_RERANK=llm names another; unset one of the two")
        if not settings.uses_llm:
            raise ConfigurationError(
                "SEMMEM_RERANK=llm needs a chat model; set SEMMEM_LLM_BASE_URL or a key, or unset it"
            )
        chat = make_chat(settings)
        stack.push_async_callback(chat.aclose)
        reranker = ListwiseReranker(chat, answer_tokens=settings.llm_answer_tokens)
    if reranker is None:
        return None
    guarded = GuardedReranker(reranker, patience=settings.patience)
    stack.push_async_callback(guarded.aclose)
    return guarded


def make_chat(settings: Settings, *, retries: int = 1) -> ChatModel:
    """Few retries by default: a worker comes back by itself, and others need not wait for that."""
    from semmem.models.chat import OpenAIChat

    return OpenAIChat(
        settings.llm_model,
        base_url=settings.llm_base_url,
        api_key=_model_key(settings.llm_api_key, settings),
        timeout=settings.llm_timeout.total_seconds(),
        max_retries=retries,
        context_tokens=settings.llm_context_tokens,
        reasoning_effort=settings.llm_reasoning_effort,
    )


def _model_key(own: SecretStr | None, settings: Settings) -> str | None:
    """Returns the endpoint's own key, else OpenAI's, which by its type goes to OpenAI's own host only."""
    from semmem.models.endpoint import OpenAIKey

    if own or settings.openai_api_key is None:
        return _secret(own)
    return OpenAIKey(settings.openai_api_key.get_secret_value())


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
