"""Whoever reads a scope's log behind a position misses nothing, however writers are broken off meanwhile."""

import asyncio
import os
from contextlib import suppress

import asyncpg
import pytest

from semmem import Entry, NewEvent
from semmem.memory.scoped import ScopedMemory
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.counts import whole_count
from tests.fleet.logs import Broken, kill_connections, write

WRITERS = 20
SHORT, WHOLE = 1_000, int(os.environ.get("SEMMEM_TEST_ORDERED_EVENTS", "50000"))


async def _read(alice: ScopedMemory, done: asyncio.Event) -> list[Entry]:
    """Always on from the last position, until nothing comes and nobody writes."""
    seen: list[Entry] = []
    while True:
        over = done.is_set()
        found = await alice.entries(after=seen[-1].position if seen else 0, limit=500)
        seen += found
        if over and not found:
            return seen


async def _check(application: Application, url: str, count: int) -> None:
    alice = application.memory.scope(tenant="acme", user="alice")
    parts, postgres, done = application.parts, application.stores.postgres, asyncio.Event()
    reading, killing = asyncio.create_task(_read(alice, done)), asyncio.create_task(kill_connections(url, 0.1, done))
    share = count // WRITERS
    written = await asyncio.gather(*(write(alice, parts.events, postgres, share, seed) for seed in range(WRITERS)))
    done.set()
    killed, seen = await killing, await reading

    assert killed, "no connection was ended"
    assert sum(one.aborted for one in written) > count / 20, "too little was taken back"
    ids = [entry.event.id for entry in seen if entry.event]
    acked = {id for one in written for id in one.acked}
    assert (len(acked - set(ids)), len(ids) - len(set(ids))) == (0, 0), "missed, doubled"
    assert [entry.position for entry in seen] == list(range(1, len(seen) + 1))
    assert ids == [event.id async for event in alice.events()]


async def test_nothing_is_missed_and_positions_have_no_gaps(opener: Opener, postgres_url: str) -> None:
    async with opener(worker=False, postgres_pool=WRITERS + 4) as application:
        await _check(application, postgres_url, SHORT)


@whole_count
@pytest.mark.timeout(3_600)
async def test_nothing_is_missed_of_the_whole_count(opener: Opener, postgres_url: str) -> None:
    async with opener(worker=False, postgres_pool=WRITERS + 4) as application:
        await _check(application, postgres_url, WHOLE)


async def test_who_appends_waits_for_the_one_before_and_gets_the_position_that_was_given_up(
    application: Application, alice: ScopedMemory
) -> None:
    """By `seq`, which is given at once, a reader would have passed the first one's event before it was committed."""
    parts, postgres = application.parts, application.stores.postgres
    with suppress(Broken):
        async with postgres.transaction(alice.place, parts.clock()) as tx:
            await parts.events.append(tx, [NewEvent(content="never said")], dedup_window=parts.dedup_window)
            second = asyncio.create_task(alice.remember("said"))
            await asyncio.sleep(0.2)
            assert (second.done(), await alice.entries()) == (False, [])
            raise Broken
    ack = await second
    (entry,) = await alice.entries()
    assert entry.event is not None
    assert (entry.position, entry.event.id) == (1, ack.id)


async def test_what_was_known_takes_no_position(alice: ScopedMemory) -> None:
    for _ in range(2):
        await alice.remember_many([NewEvent(content=f"step {n}", key=f"k{n}") for n in range(3)])
    await alice.remember("the last step")
    assert [entry.position for entry in await alice.entries()] == [1, 2, 3, 4]


async def test_an_import_takes_positions_too(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    await alice.remember_many([NewEvent(content=f"step {n}") for n in range(3)])
    lines = [line async for line in alice.export()]
    other = strangers[0]
    await other.remember("before")
    await other.import_(lines)  # with new ids, for alice has these
    await other.import_(lines)
    entries = await other.entries()
    assert [(each.position, each.event and each.event.content) for each in entries] == [
        (1, "before"),
        (2, "step 0"),
        (3, "step 1"),
        (4, "step 2"),
    ]


async def test_each_scope_counts_by_itself(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    for memory in (alice, *strangers, alice.branch("notes")):
        await memory.remember("one")
        await memory.remember("two")
    for memory in (alice, *strangers, alice.branch("notes")):
        assert [entry.position for entry in await memory.entries()] == [1, 2]


async def test_the_application_moves_no_head_of_another_scope(application: Application, alice: ScopedMemory) -> None:
    async with application.stores.postgres.transaction(alice.scope) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.connection.execute("select semmem.advance('acme', 'user', 'bob', 1)")


async def test_a_write_notifies_where_it_adds_a_job_and_else_not(opener: Opener, postgres_url: str) -> None:
    """Who commits a notification holds a lock of the whole cluster: all writers of all tenants stand in one line."""
    listening = await asyncpg.connect(postgres_url)
    heard: list[object] = []
    await listening.add_listener("ch_pgqueuer", lambda *notification: heard.append(notification))
    async with opener(worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("this one queues its jobs")
        await listening.fetchval("select 1")
        first = len(heard)
        for n in range(20):
            await alice.remember(f"step {n}")
        await listening.fetchval("select 1")
    await listening.close()
    assert (first, len(heard)) == (1, 1)
