"""What a Postgres server says in trouble: a typed error with the way out, and all is well when it is over."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from semmem import ScopedMemory, StoreUnavailable, Unconfirmed
from semmem.migrations import upgrade
from semmem.testing import ManualClock, wait_until
from tests.applications import opened
from tests.postgres.cluster import Cluster, cluster

SAID = "The door code is 4711."
ASKED = "What is the door code?"
END_OURS = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'service'"


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Cluster]:
    async with cluster() as server:
        await server.execute("create database semmem", "create role service login")
        await upgrade(server.url("semmem"))
        await server.execute("grant semmem_app to service", "alter system set deadlock_timeout = '100ms'")
        yield server


@pytest_asyncio.fixture
async def alice(server: Cluster) -> AsyncIterator[ScopedMemory]:
    """A memory of a login that is no superuser, with something in it."""
    urls = {"postgres_url": server.url("semmem", "service")}
    async with opened(urls, ManualClock()) as application:
        alice = application.memory.scope(tenant=f"tenant-{uuid4()}", user="alice")
        await alice.remember(SAID, session="s1")
        await alice.settled()
        yield alice


READS: dict[str, Callable[[ScopedMemory], Awaitable[object]]] = {
    "recall": lambda alice: alice.recall(ASKED),
    "context": lambda alice: alice.context(ASKED, budget=500),
    "history": lambda alice: alice.history(),
    "facts": lambda alice: alice.facts(),
}
WRITES: dict[str, Callable[[ScopedMemory], Awaitable[object]]] = {
    "remember": lambda alice: alice.remember("I play the cello.", key="cello"),
    "forget": lambda alice: alice.forget(session="s9"),
    "put": lambda alice: alice.records.put("top drawer", {"holds": "socks"}),
}

_OFF = {"default_transaction_read_only": "off"}  # in the session that resets it; 0 for the others

Trouble = Callable[[Cluster], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _set(server: Cluster, name: str, value: str) -> AsyncIterator[None]:
    """A setting of the whole server, for sessions that stand as well."""

    async def is_set() -> bool:
        connection = await asyncpg.connect(server.url("semmem", "service"))
        try:
            return str(await connection.fetchval("select current_setting($1)", name)) == value
        finally:
            await connection.close()

    await server.execute(f"alter system set {name} = '{value}'", "select pg_reload_conf()")
    try:
        await wait_until(is_set)
        yield
    finally:
        await server.execute(
            f"set {name} = '{_OFF.get(name, 0)}'", f"alter system reset {name}", "select pg_reload_conf()"
        )


@asynccontextmanager
async def _locked(server: Cluster) -> AsyncIterator[None]:
    """Somebody changes the tables that everything reads and writes."""
    connection = await asyncpg.connect(server.url("semmem"))
    try:
        async with connection.transaction():
            await connection.execute("lock table semmem.events, semmem.facts, semmem.records in access exclusive mode")
            yield
    finally:
        await connection.close()


@asynccontextmanager
async def _read_only(server: Cluster) -> AsyncIterator[None]:
    async with _set(server, "default_transaction_read_only", "on"):
        yield


@asynccontextmanager
async def _lock_timeout(server: Cluster) -> AsyncIterator[None]:
    async with _set(server, "lock_timeout", "100ms"), _locked(server):
        yield


@asynccontextmanager
async def _statement_timeout(server: Cluster) -> AsyncIterator[None]:
    async with _set(server, "statement_timeout", "300ms"), _locked(server):
        yield


@asynccontextmanager
async def _standby(server: Cluster) -> AsyncIterator[None]:
    """The server comes back as a hot standby, as the one that lost a failover does."""
    await server.stop()
    (server.folder / "data" / "standby.signal").touch()
    await server.start()
    try:
        yield
    finally:
        await server.execute("select pg_promote()")


@asynccontextmanager
async def _crowded(server: Cluster) -> AsyncIterator[None]:
    await server.execute("alter role service connection limit 0", END_OURS)
    try:
        yield
    finally:
        await server.execute("alter role service connection limit -1")


@pytest.mark.parametrize(
    ("trouble", "says", "calls", "answers"),
    [
        (_read_only, "read-only", WRITES, READS),
        (_standby, "read-only", WRITES, READS),
        (_lock_timeout, "lock_timeout", {**WRITES, "history": READS["history"], "facts": READS["facts"]}, {}),
        (_statement_timeout, "statement_timeout", {"remember": WRITES["remember"], "history": READS["history"]}, {}),
        (_crowded, "no connection left", {**WRITES, **READS}, {}),
    ],
    ids=["read-only", "standby", "lock_timeout", "statement_timeout", "connection limit"],
)
async def test_trouble_is_told_with_the_way_out_and_passes(
    server: Cluster, alice: ScopedMemory, trouble: Trouble, says: str, calls: Any, answers: Any
) -> None:
    async with trouble(server):
        for verb, call in calls.items():
            refused = await _refusal(alice, call)
            assert says in refused.args[0], verb
            assert not isinstance(refused, Unconfirmed), verb  # nothing was written, and that is known
        for call in answers.values():
            assert "4711" in str(await call(alice))
    await _well(alice)


async def _refusal(alice: ScopedMemory, call: Callable[[ScopedMemory], Awaitable[object]]) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as refused:
        await call(alice)
    assert refused.value.store == "postgres"
    assert "4711" not in str(refused.value)
    return refused.value


async def _well(alice: ScopedMemory) -> None:
    async def answers() -> bool:
        try:
            await WRITES["remember"](alice)
            await alice.settled()
        except StoreUnavailable:
            return False
        return True

    await wait_until(answers)
    assert "cello" in str(await alice.recall("What does she play?"))
    assert "4711" in str(await alice.recall(ASKED))
    assert sum("cello" in event.content for event in await alice.history()) == 1


async def test_ended_sessions_are_replaced_without_a_word(server: Cluster, alice: ScopedMemory) -> None:
    for call in (*READS.values(), *WRITES.values()):
        await server.execute(END_OURS)
        await call(alice)
    await _well(alice)


async def test_a_crash_of_one_process_of_the_server_passes(server: Cluster, alice: ScopedMemory) -> None:
    connection = await asyncpg.connect(server.url())
    victim = await connection.fetchval("select pid from pg_stat_activity where usename = 'service' limit 1")
    connection.terminate()
    os.kill(victim, signal.SIGKILL)
    await _well(alice)


CODES = {
    "53100": "disk is full",
    "53200": "memory",
    "53400": "ConfigurationLimitExceededError",
    "57014": "statement_timeout",
    "57P01": "call again",
    "57P02": "crashed",
    "57P03": "call again",
    "57P05": "IdleSessionTimeoutError",
    "25P03": "stood still",
    "25P04": "transaction_timeout",
    "25006": "target_session_attrs",
    "55P03": "call again",
    "55006": "ObjectInUseError",
    "40001": "call again",
    "40P01": "call again",
    "40003": "StatementCompletionUnknownError",
    "58000": "its log",
    "58030": "its log",
    "58P01": "its log",
    "XX000": "InternalServerError",
    "XX001": "its log",
    "XX002": "reindex",
    "08006": "ConnectionFailureError",
}


async def test_every_code_of_a_server_in_trouble_is_told(server: Cluster, alice: ScopedMemory) -> None:
    owner = await asyncpg.connect(server.url("semmem"))
    trouble = """create or replace function public.trouble() returns trigger language plpgsql as
        $$ begin raise exception '% cannot be written', new.content using errcode = '{}'; end $$"""
    await owner.execute(trouble.format("53100"))
    await owner.execute("create trigger trouble before insert on semmem.events for each row execute function trouble()")
    for code, says in CODES.items():
        await owner.execute(trouble.format(code))
        refused = await _refusal(alice, lambda alice: alice.remember(SAID, key="again"))
        assert says in str(refused), code
    await owner.execute("drop trigger trouble on semmem.events")
    await owner.close()
    await _well(alice)
