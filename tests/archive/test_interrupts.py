"""An import that is stopped in the middle stops cleanly, says how to go on, and a second one completes it."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from semmem import Memory, ScopedMemory
from semmem.testing import wait_until
from tests.applications import Opener
from tests.archive.files import sealed

EVENTS = 1_300  # three batches
SOON = 120  # seconds, on a busy machine


@pytest.fixture
async def lines(opener: Opener) -> list[str]:
    """Many events, of which the last has a fact and a summary."""
    async with opener() as application:
        source = application.memory.scope(tenant="northwind", user="maya")
        await source.remember("I own a red Volvo.")
        await source.settled()
        header, place, *body, _ = [line async for line in source.export()]
    event = json.loads(body[0])
    others = [event | {"id": str(uuid4()), "content": f"I have visited {n} countries."} for n in range(1, EVENTS)]
    return sealed(header, [place, *others, *body])


async def _count(url: str, table: str) -> int:
    connection = await asyncpg.connect(url)
    found = await connection.fetchval(f"select count(*) from semmem.{table} where tenant = 'acme'")  # noqa: S608
    await connection.close()
    return int(found)


async def test_a_cancelled_import_has_whole_batches_and_goes_on(
    memory: Memory, lines: list[str], postgres_url: str
) -> None:
    alice: ScopedMemory = memory.scope(tenant="acme", user="alice")

    def interrupt(done: int, of: int) -> None:
        importing.cancel()

    importing = asyncio.create_task(alice.import_(lines, progress=interrupt))
    with pytest.raises(asyncio.CancelledError):
        await importing
    assert await _count(postgres_url, "events") % 500 == 0
    assert await _count(postgres_url, "facts") == 0
    assert await _count(postgres_url, "summaries") == 0

    again = await alice.import_(lines)

    assert again.stored["event"] + again.known["event"] == EVENTS
    assert [json.loads(line) async for line in alice.export()][1:-1] == [json.loads(line) for line in lines[1:-1]]


async def test_ctrl_c_in_the_middle_stops_says_what_is_stored_and_the_second_run_completes(
    lines: list[str], urls: dict[str, Any], postgres_url: str, opener: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "maya.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    told = {f"SEMMEM_{name.upper()}": str(value) for name, value in urls.items() if value is not None}
    command = (sys.executable, "-m", "semmem", "import", str(file), "--tenant", "acme", "--user", "alice", "--no-wait")
    env = os.environ | told | {"SEMMEM_WORKER": "false"}

    blocker = await asyncpg.connect(postgres_url)
    async with blocker.transaction():
        await blocker.execute("lock table semmem.facts in exclusive mode")  # so that it stands still after the events
        process = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.PIPE)
        await wait_until(lambda: _stored(postgres_url, EVENTS))
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(SOON):
            _, error = await process.communicate()
    await blocker.close()

    assert process.returncode == 130, error.decode()
    assert "lines are stored; import the file again to go on, nothing is stored twice" in error.decode()
    assert "Traceback" not in error.decode()
    assert (await _count(postgres_url, "events"), await _count(postgres_url, "facts")) == (EVENTS, 0)

    again = await asyncio.create_subprocess_exec(*command, env=env)
    async with asyncio.timeout(2 * SOON):
        assert await again.wait() == 0
    assert (await _count(postgres_url, "events")) == EVENTS
    assert (await _count(postgres_url, "facts")) == 1


async def _stored(url: str, events: int) -> bool:
    return await _count(url, "events") == events
