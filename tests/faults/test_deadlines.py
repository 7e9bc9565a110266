"""A dependency that says nothing costs a caller one deadline at most, and the callers after it nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from semmem import InvalidInput, ScopedMemory, StoreUnavailable, TimedOut, Unconfirmed
from semmem.stores.postgres import trust
from semmem.stores.qdrant.client import WRITE_SECONDS
from semmem.testing import ManualClock, ModelServer, Reply, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened
from tests.counts import further
from tests.faults.proxy import BlackHole, Delay, Drop, Proxy

DEADLINE = 3.0  # seconds: long enough for a busy machine to answer in, where nothing hangs


@pytest_asyncio.fixture
async def proxied(urls: dict[str, Any]) -> AsyncIterator[Proxy]:
    """Before Postgres, whose URL in `urls` leads through it."""
    parts = urlsplit(urls["postgres_url"])
    place = {key: values[0] for key, values in parse_qs(parts.query).items()}
    if "host" not in place:
        pytest.skip("the test's Postgres is not reached by a socket")
    connect = partial(asyncio.open_unix_connection, f"{place['host']}/.s.PGSQL.{place['port']}")
    async with Proxy(connect) as proxy:
        urls["postgres_url"] = f"postgresql://{parts.username}@127.0.0.1:{proxy.port}{parts.path}"
        yield proxy


@pytest_asyncio.fixture
async def behind(proxied: Proxy, urls: dict[str, Any], clock: ManualClock) -> AsyncIterator[Application]:
    """Without a worker, so that the pool's connections are the callers' own."""
    given = {"worker": False, "read_timeout": DEADLINE, "write_timeout": DEADLINE, "redis_url": None}
    async with opened(urls, clock, **given) as application:
        yield application
        await proxied.heal()


@pytest.fixture
def reader(behind: Application) -> ScopedMemory:
    return behind.memory.scope(tenant="acme", user="alice")


async def _timed(call: Awaitable[object]) -> float:
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreUnavailable):
        await call
    return asyncio.get_running_loop().time() - began


async def _works(call: Callable[[], Awaitable[object]]) -> bool:
    try:
        await call()
    except StoreUnavailable:
        return False
    return True


READS: dict[str, Callable[[ScopedMemory], Awaitable[object]]] = {
    "recall": lambda alice: alice.recall("cello"),
    "context": lambda alice: alice.context("cello", budget=500),
    "history": lambda alice: alice.history(),
    "facts": lambda alice: alice.facts(),
    "records": lambda alice: alice.records.get("key"),
}


@pytest.mark.parametrize("verb", ["recall", "history", *further("context", "facts", "records")])
async def test_a_silent_postgres_costs_one_deadline_and_is_then_known(
    verb: str, behind: Application, reader: ScopedMemory, proxied: Proxy
) -> None:
    await READS[verb](reader)
    await proxied.impose(BlackHole())
    assert await _timed(READS[verb](reader)) < 2 * DEADLINE

    async with asyncio.timeout(20 * DEADLINE):
        while not behind.stores.postgres.breaker.open:
            await _timed(READS[verb](reader))
    assert await _timed(READS[verb](reader)) < DEADLINE / 2, "it is known to be down"

    await proxied.heal()
    await wait_until(lambda: _works(lambda: READS[verb](reader)))


async def test_dropped_connections_cost_one_deadline_together(reader: ScopedMemory, proxied: Proxy) -> None:
    await asyncio.gather(*(reader.history() for _ in range(20)))
    await proxied.impose(Drop())

    outcomes = [await _works(reader.history) for _ in range(20)]
    assert outcomes.count(False) <= 1, "all others found out, or had a new connection"


async def test_a_connection_that_was_idle_is_asked_before_it_is_trusted(
    reader: ScopedMemory, proxied: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "CHECKED_AFTER", 0.0)
    await asyncio.gather(*(reader.history() for _ in range(20)))
    await proxied.impose(Drop())
    assert [await _works(reader.history) for _ in range(5)] == [True] * 5


async def test_a_write_that_was_not_confirmed_says_so_and_its_key_makes_it_safe(
    reader: ScopedMemory, proxied: Proxy
) -> None:
    await reader.remember("I play the cello.", key="first")
    await proxied.impose(BlackHole())
    with pytest.raises(Unconfirmed, match=r"may have been stored, or not.*same key"):
        await reader.remember("I moved to Berlin.", key="k1")
    await proxied.heal()

    await wait_until(lambda: _works(lambda: reader.remember("I moved to Berlin.", key="k1")))
    assert [event.content for event in await reader.history()] == ["I moved to Berlin.", "I play the cello."]


async def test_a_write_that_was_never_sent_is_not_called_unconfirmed(
    behind: Application, reader: ScopedMemory, proxied: Proxy
) -> None:
    await proxied.impose(BlackHole())
    async with asyncio.timeout(20 * DEADLINE):
        while not behind.stores.postgres.breaker.open:
            await _timed(reader.history())
    with pytest.raises(StoreUnavailable) as refused:
        await reader.remember("I play the cello.")
    assert not isinstance(refused.value, Unconfirmed)


async def test_a_call_may_have_a_deadline_of_its_own(reader: ScopedMemory, proxied: Proxy) -> None:
    await reader.history()
    await proxied.impose(BlackHole())
    with pytest.raises(TimedOut, match=r"within 0\.2 s"):
        await reader.history(timeout=0.2)


@pytest.mark.parametrize("timeout", [-1, float("nan"), "5", True])
async def test_a_deadline_is_a_number_of_seconds(reader: ScopedMemory, timeout: Any) -> None:
    for call in (reader.recall("cello", timeout=timeout), reader.remember("I play the cello.", timeout=timeout)):
        with pytest.raises(InvalidInput, match="timeout"):
            await call
    assert await reader.history() == []


async def test_a_silent_embedder_leaves_the_words(urls: dict[str, Any], clock: ManualClock) -> None:
    never = Event()
    with ModelServer() as server:
        embedding = {"embedding_base_url": server.base_url, "embedding_model": "hashed", "embedding_api_key": "test"}
        async with opened(urls, clock, embedder="openai", read_timeout=DEADLINE, **embedding) as application:
            alice = application.memory.scope(tenant="acme", user="alice")
            await alice.remember("I play the cello.")
            await alice.settled()
            server.embed = lambda body: Reply(after=never)
            first = await alice.recall("cello")
            asked = len(server.requests)
            second = await alice.recall("cello")

            assert [recall.degraded for recall in (first, second)] == [{"embedder"}] * 2
            assert "cello" in first[0].text
            assert len(server.requests) - asked <= 1, "by a probe, not by the second question"
            never.set()


async def test_a_worker_whose_connection_was_dropped_goes_on_by_itself(
    proxied: Proxy, urls: dict[str, Any], clock: ManualClock
) -> None:
    async with opened(urls, clock, read_timeout=DEADLINE, write_timeout=DEADLINE) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("I play the cello.")
        await alice.settled()
        await proxied.impose(Drop())

        await wait_until(lambda: _works(lambda: alice.remember("I moved to Berlin.", key="k1")))
        await wait_until(lambda: _found(alice, "Berlin"))


async def _found(alice: ScopedMemory, word: str) -> bool:
    return word in str(await alice.recall(word))


@pytest.mark.soak
async def test_a_slow_qdrant_has_as_long_as_the_write_timeout_says(urls: dict[str, Any], clock: ManualClock) -> None:
    """A second more than the ten that are its client's own."""
    address = urlsplit(urls["qdrant_url"])
    async with Proxy(partial(asyncio.open_connection, address.hostname, address.port)) as proxy:
        through = {"qdrant_url": f"http://127.0.0.1:{proxy.port}"}
        async with opened(urls | through, clock, worker=False, write_timeout=60) as application:
            mirror = application.stores.mirror
            assert mirror is not None
            await proxy.impose(Delay(WRITE_SECONDS + 1))
            assert not await mirror.stands("nobody")
            await proxy.heal()


async def test_closing_does_not_wait_for_a_silent_postgres(
    proxied: Proxy, urls: dict[str, Any], clock: ManualClock
) -> None:
    async with asyncio.timeout(60), opened(urls, clock, read_timeout=DEADLINE) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("I play the cello.")
        await alice.settled()
        await proxied.impose(BlackHole())
