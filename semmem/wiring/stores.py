"""The stores of an application, opened together."""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from semmem.domain.stores import names_of, redis_named
from semmem.engine.mirroring import MirrorKeeper
from semmem.errors import StoreUnavailable
from semmem.ports import Embedder, Mirror, RecentCache, Wakeups
from semmem.stores.postgres.followers import Followers
from semmem.stores.postgres.mirror import MirrorStore
from semmem.stores.postgres.pgvector import PgVectorIndex, standing_dimensions
from semmem.stores.postgres.pool import Postgres
from semmem.wiring.opening import (
    FIRST_ANSWER_SECONDS,
    known_dimensions,
    open_cache,
    open_local,
    open_migrated,
    open_mirror,
    open_postgres,
    open_wakeups,
)
from semmem.wiring.settings import Settings

if TYPE_CHECKING:
    from semmem.embedded import Servers
    from semmem.stores.local.folder import LocalFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is open, besides the models."""

    servers: "Servers | None"
    postgres: Postgres
    pgvector: PgVectorIndex
    mirror: Mirror | None  # Qdrant, where it is the vector index
    keeper: MirrorKeeper | None  # of the mirror
    cache: RecentCache | None
    wakeups: Wakeups | None
    local: "LocalFolder | None" = None

    @property
    def cache_name(self) -> str | None:
        return redis_named(self.cache.prefix) if self.cache else None

    @property
    def names(self) -> list[str]:
        """The stores that have to follow Postgres when it forgets."""
        return names_of(self.cache.prefix if self.cache else None, qdrant=self.mirror is not None)


async def open_stores(stack: AsyncExitStack, settings: Settings, embedder: Embedder) -> Stores:
    servers = await open_migrated(stack, settings)
    postgres = await open_postgres(stack, settings, servers)
    dimensions = await known_dimensions(postgres, embedder)
    standing = partial(standing_dimensions, postgres, embedder.model)
    mirror = await open_mirror(stack, settings, servers, postgres.identity, embedder.model, dimensions, standing)
    keeper = MirrorKeeper(MirrorStore(postgres), mirror) if mirror else None
    pgvector = PgVectorIndex(postgres, model=embedder.model, dimensions=dimensions, hnsw=mirror is None)
    await pgvector.ensure()
    cache = await open_cache(stack, settings, servers, postgres.identity)
    stores = Stores(
        servers=servers,
        postgres=postgres,
        pgvector=pgvector,
        mirror=mirror,
        keeper=keeper,
        cache=cache,
        wakeups=open_wakeups(stack, settings, servers, postgres.identity),
        local=open_local(settings, postgres.identity),
    )
    await Followers(postgres).name(stores.names)  # first, or what others write meanwhile would not be carried there
    if keeper:
        with suppress(StoreUnavailable, TimeoutError):  # it may come later
            async with asyncio.timeout(FIRST_ANSWER_SECONDS):
                await keeper.check()
    return stores
