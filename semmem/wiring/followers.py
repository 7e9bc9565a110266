"""The stores beside Postgres that receipts wait for: for an operator, who sees counts, and never content."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from semmem.domain.stores import in_words, names_of
from semmem.errors import ConfigurationError, NotFound
from semmem.stores.postgres.followers import Followers
from semmem.stores.postgres.health import HealthStore
from semmem.stores.postgres.pool import Postgres
from semmem.wiring.opening import open_migrated, open_postgres
from semmem.wiring.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A store, how many receipts of all tenants wait for it, and whether a worker that lives has it."""

    store: str
    receipts: int
    worker: bool


async def followers(settings: Settings) -> list[Follower]:
    """Returns all that the database knows of, by name. Raises what opening a memory raises."""
    async with _postgres(settings) as postgres:
        return await followers_in(postgres)


async def followers_in(postgres: Postgres) -> list[Follower]:
    known = Followers(postgres)
    named, waiting = await known.named(), await known.waiting()
    had = (await HealthStore(postgres).read()).stores
    return [
        Follower(store=store, receipts=waiting.get(store, 0), worker=store in had)
        for store in sorted({*named, *waiting})
    ]


async def retire(settings: Settings, store: str) -> int:
    """Lets no receipt wait any more for a store that is gone for good; how many did.

    Raises NotFound where the database knows no such store, ConfigurationError where these settings or a worker have it.
    """
    async with _postgres(settings) as postgres:
        found = {each.store: each for each in await followers_in(postgres)}
        if store not in found:
            raise NotFound(f"the database knows no store {store}; `semmem stores` lists those that it knows")
        if found[store].worker or store in own_stores(settings):
            who = "a running worker" if found[store].worker else "this process"
            raise ConfigurationError(
                f"{who} still has {in_words(store)}; take it out of the settings of every process, restart them, and "
                "then retire it"
            )
        return await Followers(postgres).retire(store)


def own_stores(settings: Settings) -> list[str]:
    """Returns the names of those that a process with these settings has."""
    return names_of(settings.redis_prefix if settings.uses_redis else None, qdrant=settings.uses_qdrant)


@asynccontextmanager
async def _postgres(settings: Settings) -> AsyncIterator[Postgres]:
    async with AsyncExitStack() as stack:
        servers = await open_migrated(stack, settings)
        yield await open_postgres(stack, settings, servers, size=2)
