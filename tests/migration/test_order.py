"""Revision 0002 while processes of the release before write, which knows of no positions."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from semmem.errors import SchemaOutdated
from semmem.migrations import filling, upgrade
from semmem.migrations.running import run
from semmem.postgres.session import session_settings
from semmem.postgres.url import parse
from semmem.stores.postgres.pool import Postgres
from tests.servers import ServerUrls, own_database

BEFORE = "0001"
SCOPES = ("alice", "bob", "carol")
REMEMBER = "select id, status, seq, epoch from semmem.remember('acme', 'user', $1, $2, $3, $3, $4)"
POSITIONS = "select id, position from semmem.events where scope_id = $1 order by position"


@pytest.fixture
async def old(servers: ServerUrls) -> AsyncIterator[str]:
    """A database as the release before left it."""
    async with own_database(servers) as url:
        await asyncio.to_thread(run, parse(url), BEFORE, mends=False)
        yield url


async def _login(url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    await connection.execute(session_settings(local=False))
    return connection


async def _remember(connection: asyncpg.Connection, user: str, *contents: str, keyed: bool = True) -> None:
    """As the release before did."""
    events: list[dict[str, object]] = [
        {
            "id": str(uuid4()),
            "role": "user",
            "event_type": "message",
            "content": content,
            "importance": 0.5,
            "metadata": {},
            "occurred_at": datetime.now(UTC).isoformat(),
            "key": str(uuid4()) if keyed else None,
            "body_hash": "00",
        }
        for content in contents
    ]
    await connection.fetch(REMEMBER, user, datetime.now(UTC), timedelta(), json.dumps(events))


async def _write(url: str, user: str, done: asyncio.Event) -> int:
    """Single events, batches, and what is taken back, until it is done; how many calls were made since."""
    connection, calls = await _login(url), 0
    while not done.is_set():
        await _remember(connection, user, "one")
        await _remember(connection, user, "two", "three")
        transaction = connection.transaction()
        await transaction.start()
        await _remember(connection, user, "taken back")
        await asyncio.sleep(0.005)
        await transaction.rollback()
        calls += 3
    await connection.close()
    return calls


async def test_before_it_whoever_read_on_by_seq_missed_what_was_committed_late(old: str) -> None:
    """Why there are positions: `seq` is given before the commit."""
    slow, quick, reader = await _login(old), await _login(old), await asyncpg.connect(old)
    await _remember(slow, "alice", "before")
    held = slow.transaction()
    await held.start()
    await _remember(slow, "alice", "first", keyed=False)
    await _remember(quick, "alice", "second", keyed=False)
    behind = "select content, seq from semmem.events where seq > $1 order by seq"
    before, seen = await reader.fetch(behind, 0)
    await held.commit()
    assert (before["content"], seen["content"], await reader.fetch(behind, seen["seq"])) == ("before", "second", [])
    for connection in (slow, quick, reader):
        await connection.close()


async def test_old_processes_write_through_it(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "BATCH", 50)
    connection, done = await _login(old), asyncio.Event()
    for user in SCOPES:
        for _ in range(5):
            await _remember(connection, user, *(f"before {n}" for n in range(60)))
    writers = [asyncio.create_task(_write(old, user, done)) for user in SCOPES for _ in range(3)]
    await asyncio.sleep(0.3)
    await upgrade(old)
    await asyncio.sleep(0.3)
    done.set()
    assert min(await asyncio.gather(*writers)) > 3

    owner = await asyncpg.connect(old)
    for user in SCOPES:
        rows = await owner.fetch(POSITIONS, user)
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
        assert await owner.fetchval("select head from semmem.heads where scope_id = $1", user) == len(rows)
        first = await owner.fetch("select id from semmem.events where scope_id = $1 order by seq limit 300", user)
        assert [row["id"] for row in rows[:300]] == [row["id"] for row in first]
    await owner.close()
    await connection.close()
    await (await Postgres.connect(old)).aclose()


async def test_a_call_that_waited_for_the_revision_gets_its_position(old: str) -> None:
    """It goes on with the function's body of before, and is the trap of every default that is given elsewhere."""
    holding, waiting = await _login(old), await _login(old)
    await _remember(waiting, "alice", "before")
    held = holding.transaction()
    await held.start()
    await _remember(holding, "alice", "held")  # the revision waits for this one
    migrating = asyncio.create_task(upgrade(old))
    await asyncio.sleep(1)
    late = asyncio.create_task(_remember(waiting, "bob", "waited for the revision"))
    await asyncio.sleep(0.3)
    assert (migrating.done(), late.done()) == (False, False)
    await held.commit()
    await asyncio.gather(migrating, late)
    owner = await asyncpg.connect(old)
    found = await owner.fetch("select content, position from semmem.events order by scope_id, position")
    assert [tuple(row) for row in found] == [("before", 1), ("held", 2), ("waited for the revision", 1)]
    for connection in (holding, waiting, owner):
        await connection.close()


async def test_what_was_broken_off_is_refused_and_is_found_again(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await _login(old)
    await _remember(connection, "alice", *(f"before {n}" for n in range(30)))
    await asyncio.to_thread(run, parse(old), "head", mends=True)  # and then the process dies
    await _remember(connection, "alice", "meanwhile")
    with pytest.raises(SchemaOutdated, match="events_in_order"):
        await Postgres.connect(old)
    monkeypatch.setattr(filling, "BATCH", 7)
    await upgrade(old)
    await connection.close()
    owner = await asyncpg.connect(old)
    rows = await owner.fetch("select content from semmem.events order by position")
    assert [row["content"] for row in rows] == [*(f"before {n}" for n in range(30)), "meanwhile"]
    await owner.close()
    await (await Postgres.connect(old)).aclose()
