"""A memory that is opened, used and closed many times leaves nothing behind: descriptors, sockets, tasks, threads."""

import asyncio
import gc
import os
import threading
from collections import Counter
from contextlib import suppress

import asyncpg
import psutil
import pytest

from semmem import ScopedMemory
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

pytestmark = pytest.mark.soak

OPENS, ROUNDS = 12, 10
BACKENDS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


def _held() -> Counter[str]:
    """What this process holds now."""
    gc.collect()
    process = psutil.Process()
    return Counter(
        descriptors=process.num_fds(),
        sockets=len(process.net_connections("all")),
        threads=threading.active_count(),
        tasks=len(asyncio.all_tasks()),
        children=len(process.children()),
    )


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


async def _wait_for(before: Counter[str], *, connections: int = 0) -> None:
    """Until no more is held than before, and so many connections."""
    allowed = before + Counter(descriptors=connections, sockets=connections)
    with suppress(AssertionError):
        await wait_until(lambda: not _held() - allowed, timeout=20)
    assert _held() - allowed == Counter()


async def _fill_the_thread_pool() -> None:
    """Up to its bound, which work reaches only by chance."""
    everyone = threading.Barrier(min(32, (os.cpu_count() or 1) + 4))
    await asyncio.gather(*(asyncio.to_thread(everyone.wait) for _ in range(everyone.parties)))


async def _use(opener: Opener) -> None:
    async with opener() as application:
        alice = _alice(application)
        await alice.remember("I am allergic to peanuts.")
        assert (await alice.recall("What is she allergic to?")).hits is not None
        await alice.context("Any allergies?", budget=500)


async def test_opening_and_closing_leaves_nothing(opener: Opener, postgres_url: str) -> None:
    await _use(opener)  # what is loaded once for the whole process is no leak
    await _use(opener)
    await _fill_the_thread_pool()
    before = _held()
    for _ in range(OPENS):
        await _use(opener)
    await _wait_for(before)
    connection = await asyncpg.connect(postgres_url)
    try:

        async def nobody_is_connected() -> bool:
            return not await connection.fetchval(BACKENDS)

        await wait_until(nobody_is_connected)
    finally:
        await connection.close()


async def test_recalls_and_failures_leave_nothing(opener: Opener) -> None:
    """As many at a time as the pool has connections, some of them given up half-way."""
    async with opener(worker=False) as application:
        alice = _alice(application)
        await alice.remember("I am allergic to peanuts.")
        for _ in range(ROUNDS):
            await _many(alice)
        await _fill_the_thread_pool()
        before = _held()
        for _ in range(2 * ROUNDS):
            await _many(alice)
        # How many connections are in use at once is chance, so a pool may still grow; a leak adds some each round.
        await _wait_for(before, connections=ROUNDS)
        assert (await alice.recall("peanuts")).degraded == frozenset()


async def _many(alice: ScopedMemory) -> None:
    calls = [asyncio.create_task(alice.recall(f"What is she allergic to? {number}")) for number in range(12)]
    given_up = [asyncio.create_task(alice.context("Any allergies?", budget=500)) for _ in range(3)]
    for task in given_up:
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.gather(*calls)
    await asyncio.gather(*given_up, return_exceptions=True)
