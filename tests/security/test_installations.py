"""Installations that share a Redis never see each other's entries, nor a database its own from before it went back."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from semmem import ScopedMemory, StoreUnavailable
from semmem.embedded import open_servers
from semmem.migrations import upgrade
from semmem.stores.redis.recent import RedisRecent
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened
from tests.servers import ServerUrls, with_database

Installed = Callable[..., AbstractAsyncContextManager[ScopedMemory]]
WORDS = "production only"


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


async def _administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def databases(servers: ServerUrls, template: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes a database as a copy of another, in place of one that has the name already; `template` is a new one."""
    made: set[str] = set()

    async def make(name: str, copy_of: str = template) -> str:
        known, source = f"{name}_{run}", copy_of if copy_of == template else f"{copy_of}_{run}"
        made.add(known)
        drop = f'drop database if exists "{known}" with (force)'
        await _administer(servers.postgres_url, drop, f'create database "{known}" template "{source}"')
        return with_database(servers.postgres_url, known)

    run = uuid4().hex[:8]
    yield make
    for name in made:
        await _administer(servers.postgres_url, f'drop database if exists "{name}" with (force)')


@pytest.fixture
def installed(urls: dict[str, Any], clock: ManualClock) -> Installed:
    """Alice's memory in a database, beside the one Redis, with the one prefix that all here share."""

    @asynccontextmanager
    async def open(url: str, **given: Any) -> AsyncIterator[ScopedMemory]:
        async with opened(urls | {"postgres_url": url}, clock, **given) as application:
            yield _alice(application)

    return open


async def _shown(memory: ScopedMemory) -> str:
    return (await memory.context("What is in use?", budget=500, tiers=("recent",))).text


async def _say(memory: ScopedMemory, *texts: str) -> None:
    """Pushed to Redis by the time it returns, into a list that is whole."""
    await _shown(memory)
    for text in texts:
        await memory.remember(text, agent="a")
    await _shown(memory)


async def test_two_databases_on_one_redis_see_nothing_of_each_other(
    databases: Callable[..., Any], installed: Installed
) -> None:
    async with installed(await databases("prod")) as prod, installed(await databases("staging")) as staging:
        await _say(prod, WORDS, "and more")
        assert await _shown(staging) == ""
        await _say(staging, "hello from staging")
        assert WORDS not in await _shown(staging)
        assert "staging" not in await _shown(prod)

        await staging.forget(everything=True)
        assert WORDS in await _shown(prod)
        assert await _shown(staging) == ""


async def test_another_installations_report_is_no_duplicate(
    databases: Callable[..., Any], installed: Installed
) -> None:
    async with installed(await databases("prod")) as prod, installed(await databases("staging")) as staging:
        await prod.remember(WORDS, agent="a", role="system")
        assert (await staging.remember(WORDS, agent="b", role="system")).status == "accepted"
        assert (await prod.remember(WORDS, agent="b", role="system")).status == "duplicate"


async def test_a_copy_of_a_database_goes_its_own_way(databases: Callable[..., Any], installed: Installed) -> None:
    prod_url = await databases("prod")
    async with installed(prod_url) as prod:
        await _say(prod, "known to both")
    copy_url = await databases("copy", copy_of="prod")
    async with installed(prod_url) as prod, installed(copy_url) as copy:
        await _say(prod, WORDS)
        await _say(copy, "copy only")
        assert WORDS not in await _shown(copy)
        assert "copy only" not in await _shown(prod)
        assert "known to both" in await _shown(copy)
        await copy.forget(everything=True)
        assert "known to both" in await _shown(prod)
        assert await _shown(copy) == ""


async def test_a_database_that_was_restored_does_not_know_its_future(
    databases: Callable[..., Any], installed: Installed
) -> None:
    prod_url = await databases("prod")
    async with installed(prod_url) as prod:
        await _say(prod, "before the backup")
    await databases("backup", copy_of="prod")
    async with installed(prod_url) as prod:
        await _say(prod, WORDS)
    assert await databases("prod", copy_of="backup") == prod_url
    async with installed(prod_url) as prod:
        assert WORDS not in await _shown(prod)
        await _say(prod, "after the restore")
        shown = await _shown(prod)
        assert WORDS not in shown
        assert "before the backup" in shown
        assert "after the restore" in shown


async def test_a_database_made_anew_beside_an_old_redis_is_empty(
    databases: Callable[..., Any], installed: Installed
) -> None:
    async with installed(await databases("prod")) as prod:
        await _say(prod, WORDS)
    async with installed(await databases("prod")) as prod:
        assert await _shown(prod) == ""
        await _say(prod, "the first event again")
        assert WORDS not in await _shown(prod)


async def test_tables_that_are_emptied_and_restored_in_place_are_another_state(
    databases: Callable[..., Any], installed: Installed
) -> None:
    url = await databases("prod")
    async with installed(url) as prod:
        await _say(prod, WORDS)
    await _administer(url, "truncate semmem.events cascade")
    async with installed(url) as prod:
        assert await _shown(prod) == ""


async def test_a_process_that_lived_through_a_restore_shows_nothing_from_the_future(
    databases: Callable[..., Any], installed: Installed
) -> None:
    """It keeps its connections, and so its idea of the database; what Redis holds is compared with Postgres."""
    url = await databases("prod")
    async with installed(url, worker=False) as prod:
        await _say(prod, "before the backup", WORDS, f"{WORDS} too")
        delete = "delete from semmem.events where content like 'production only%'"
        await _administer(url, delete)
        shown = await _shown(prod)
        assert WORDS not in shown
        assert "before the backup" in shown


async def test_a_process_that_lived_through_a_restore_to_an_older_epoch_asks_postgres(
    databases: Callable[..., Any], installed: Installed, clock: ManualClock
) -> None:
    url = await databases("prod")
    async with installed(url, worker=False) as prod:
        await _say(prod, "first", "second")
        await prod.forget(before=clock())
        await _say(prod, WORDS)
        await _administer(url, "update semmem.scopes set epoch = 0", "update semmem.events set content = 'older'")
        shown = await _shown(prod)
        assert WORDS not in shown
        assert "older" in shown


async def test_one_database_with_two_prefixes_has_two_caches(
    databases: Callable[..., Any], installed: Installed, urls: dict[str, Any]
) -> None:
    url, other = await databases("prod"), f"test-{uuid4().hex[:12]}"
    async with installed(url) as one, installed(url, redis_prefix=other) as two:
        await _say(one, WORDS)
        assert WORDS in await _shown(two)  # from Postgres, whose database it shares
        async with Redis.from_url(urls["redis_url"]) as redis:
            assert len(await redis.keys(f"{other}:*:recent")) == 1
            assert len(await redis.keys(f"{urls['redis_prefix']}:*:recent")) == 1


async def test_a_restart_of_postgres_starts_a_new_cache_and_forgetting_reaches_the_old_one(
    clock: ManualClock, tmp_path: Path
) -> None:
    async with await open_servers(tmp_path) as own:
        await upgrade(own.postgres_url)
        urls = {"postgres_url": own.postgres_url, "redis_url": own.redis_url, "vector_index": "pgvector"}
        async with opened(urls, clock) as application, Redis.from_url(own.redis_url) as redis:
            alice, cache = _alice(application), application.stores.cache
            assert isinstance(cache, RedisRecent)
            await _say(alice, WORDS)
            old = cache.keys(alice.scope)
            await own.kill("postgres")
            await own.start("postgres")
            await _after_reconnecting(alice)
            assert cache.keys(alice.scope) != old
            assert WORDS in await _shown(alice)
            assert await redis.exists(old.recent)

            receipt = await alice.forget(everything=True)
            await alice.settled()
            assert receipt.id is not None
            assert (await alice.receipt(receipt.id)).complete
            for key in await redis.keys("semmem:*"):
                assert WORDS.encode() not in (await redis.dump(key) or b"")


async def _after_reconnecting(memory: ScopedMemory) -> None:
    async def answers() -> bool:
        try:
            return bool(await memory.history())
        except StoreUnavailable:
            return False

    await wait_until(answers)
