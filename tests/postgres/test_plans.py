"""With 50,000 events of 2,500 users of 50 tenants, each statement reads its own users' rows, and by an index.

What the application sends is watched on its connections (see spy.py) while it is used as a caller would use it.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from semmem import NewEvent, NewRecord, State, append
from semmem.domain.scope import Scope
from semmem.domain.thread import Claim, Encoded, NewCheckpoint, NewWrites, Searched, TaskWrite, ThreadKey
from semmem.memory.scoped import ScopedMemory
from semmem.memory.threads import threads_of
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened
from tests.fleet.asking import asked
from tests.postgres.spy import Spied, spying
from tests.servers import ServerUrls, own_database

pytestmark = pytest.mark.soak

SEED = (Path(__file__).parent / "fifty_tenants.sql").read_text("utf-8")
ADDED = 50  # rows to a table by the walk, at most
MOST_READS = 2  # of the same row by one statement, on average
OF_TENANTS = """
    select relname from pg_class c join pg_attribute a on a.attrelid = c.oid and attname = 'tenant'
    where relnamespace = 'semmem'::regnamespace and relkind = 'r'"""


class Shared(State, version=2):
    title: str = ""
    notes: Annotated[list[str], append]


def _settings(postgres_url: str) -> dict[str, Any]:
    """Qdrant is nowhere, so that vectors are searched in Postgres, and no index is built of all of them."""
    return {"postgres_url": postgres_url, "redis_url": None, "qdrant_url": "http://127.0.0.1:1"}


@pytest_asyncio.fixture(scope="module")
async def seeded(servers: ServerUrls, template: str) -> AsyncIterator[str]:
    async with own_database(servers, template) as url:
        async with opened(_settings(url), ManualClock(), worker=False):
            pass  # it registers the embedding model
        owner = await asyncpg.connect(url)
        await owner.execute(SEED)
        await owner.close()
        async with opened(_settings(url), ManualClock(), worker=False) as application:
            place = application.memory.scope(tenant="t07", user="u3", state=Shared)
            await place.update(title="A title")  # which is refused once, until the class of the walk is declared
        yield url


@pytest_asyncio.fixture(scope="module")
async def own(seeded: str) -> dict[str, int]:
    """How many rows the users of the walk have at most in each table that holds rows of tenants."""
    owner = await asyncpg.connect(seeded)
    tables = [row["relname"] for row in await owner.fetch(OF_TENANTS)]
    count = "select count(*) from semmem.{} where tenant = 't07' and scope_id in ('u3', 'u4', 'u0')"
    found = {table: await owner.fetchval(count.format(table)) + ADDED for table in tables}
    await owner.close()
    return found


@pytest_asyncio.fixture(scope="module")
async def spied(seeded: str, own: dict[str, int]) -> AsyncIterator[Spied]:
    """All that a walk through the memory and its jobs made Postgres do."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        async with opened(_settings(seeded), ManualClock(), backoff=60, sweep_every=60) as application:
            found = spying(monkeypatch)
            await _walk(application)
            yield found


async def _walk(application: Application) -> None:
    memory = application.memory.scope(tenant="t07", user="u3")
    other = application.memory.scope(tenant="t07", user="u4")
    ack = await memory.remember("I am allergic to peanuts.", session="s1", key="one")
    await memory.remember("The gate moved to B12.", role="system", session="s1", agent="desk")
    await memory.remember_many([NewEvent(content=f"I live in {city}.", session="s2") for city in ("Lisbon", "Oslo")])
    await memory.branch("trips", "rome").remember("I booked a room in Rome.")
    await _settled(application, memory)

    await memory.recall("Which nuts am I allergic to?")
    await memory.recall("Where do I live?", also=[other], min_importance=0.1)
    narrowings: list[dict[str, Any]] = [
        {"agent": "desk"},
        {"session": "s1"},
        {"category": "preference"},
        {"until": application.parts.clock()},
    ]
    for narrowed in narrowings:
        await memory.recall("allergic", **narrowed)
    await memory.context("Which nuts am I allergic to?", budget=2_000, session="s1", also=[other])

    await memory.history(limit=10)
    await memory.history(agent="desk", session="s1", before=10**9, limit=10)
    assert len([event async for event in memory.events()]) > 20
    [fact, *_] = await memory.facts(limit=5)
    await memory.facts(category="other", subject=fact.subject, before=fact.id, superseded=True, limit=5)
    await memory.timeline(fact.id)
    await memory.summaries(limit=5)
    await memory.branches()
    await memory.waiting()
    await memory.usage()
    await memory.configure(replace(await memory.settings(), keep_events_for=timedelta(days=3_650)))
    await _walk_records(memory)
    await _walk_the_log(application, memory)
    await _walk_the_state(application, memory)
    await _walk_the_work(memory)
    await _walk_the_threads(memory)
    await _walk_the_mirrors_way(application)

    letters = await memory.dead_letters(limit=2)
    await memory.replay([letter.id for letter in letters])
    await memory.forget(session="s3", dry_run=True)
    receipt = await memory.forget(event=ack.id)
    await memory.forget(fact=fact.id)
    await memory.forget(session="s4")
    assert receipt.id is not None
    await memory.receipt(receipt.id)
    await memory.receipts(limit=2)
    await _settled(application, memory)


async def _walk_records(memory: Any) -> None:
    event = NewEvent(content="The shoe size is 42.")
    await memory.records.put("size", {"size": 42}, event=event, ttl=timedelta(days=3))
    await memory.records.put_many([NewRecord(key="size", value={"size": 43}), NewRecord(key="hat", value={"size": 7})])
    await memory.records.get("size", refresh=True)
    await memory.records.named(["size", "hat"], refresh=True)
    [first, *_] = await memory.records.find(limit=5)
    await memory.records.find(matching={"size": 7}, after=first, refresh=True)
    await memory.records.of([uuid4()])
    await memory.records.delete(["size"])


async def _walk_the_log(application: Application, memory: ScopedMemory) -> None:
    async with aclosing(memory.follow(after=0, event_types={"message"}, fields={"verdict"})) as follower:
        await anext(follower)
    await memory.entries(after=1, until=9)
    await memory.latest(agent="desk")
    await application.parts.entries.head(memory.scope)
    await application.parts.entries.heads([memory.scope])
    group = memory.group("billing", start="first")
    async with group.deliveries(consumer="b-1") as inbox:
        await (await anext(inbox)).settle(remember=[NewEvent(content="It is paid.")])
        await (await anext(inbox)).release()
    await group.lag()
    await group.dead_letters()
    await group.replay()
    await group.delete()


async def _walk_the_state(application: Application, memory: ScopedMemory) -> None:
    shared = application.memory.at(memory.place, state=Shared).agent("desk")
    await shared.update(title="Another title", notes=["another note"])
    state = await shared.state()
    await shared.update(expected=state, title="The third")
    await memory.agent("door").health()
    await application.memory.at(memory.place, state=Shared).agent("door").update(title="Unseen")
    await shared.state(at=18, fields=["notes"])
    await shared.state(at=application.parts.clock())
    async with shared.lock("report", "draft", ttl=timedelta(minutes=1)) as lock:
        await lock.renew()
        await shared.update(title="The fourth", lock=lock)
        await shared.remember("The report is written.", lock=lock)
    checkpoint = await shared.checkpoint()
    await shared.checkpoints()
    await shared.pin(checkpoint)
    await shared.verify(checkpoint)
    await shared.update(title="The fifth", notes=["a last note"])
    await shared.restore(checkpoint)


async def _walk_the_work(memory: ScopedMemory) -> None:
    await memory.begin("Another task", roster={"desk": "clerk"})
    desk = memory.agent("desk")
    await desk.status("busy", ttl=timedelta(minutes=1))
    await desk.role()
    question = await asked(desk, memory, "Send it?", ("yes", "no"))
    await memory.answer(question.id, "yes")
    await desk.ask("Send it?", ("yes", "no"), within=timedelta(hours=1))
    await memory.questions(of="human", answered=True, before=question.position, limit=5)
    await desk.context("What is allergic?", budget=2_000, min_importance=0.9)
    await memory.overview()
    await memory.forget(agent="door")
    await memory.end("done", "It is sent.")


async def _walk_the_threads(memory: ScopedMemory) -> None:
    threads, run = threads_of(memory), Claim(uuid4())
    value = Encoded("json", b"[]")
    key = ThreadKey("walked")
    new: dict[str, Any] = {
        "run": "r2",
        "body": value,
        "metadata": value,
        "versions": {"steps": "1"},
        "values": {"steps": ("1", value)},
    }
    await threads.put(NewCheckpoint(key=key, id="c1", parent=None, **new), run, first=True)
    write = TaskWrite(ordinal=0, channel="steps", value=value)
    await threads.put_writes(NewWrites(key=key, checkpoint="c1", task="task", path="", writes=[write]), run)
    await threads.put(NewCheckpoint(key=key, id="c2", parent="c1", **new), run, first=False)
    found = await threads.page(Searched(thread=key.thread), after=None, limit=2)
    await threads.contents(found)
    await threads.get(key, None)
    await threads.copy(key.thread, "copied")
    await threads.drop((await threads.chain(key.thread))[-1:])
    await threads.delete_runs(["r2"])
    await threads.delete(["copied", "t5"])


async def _walk_the_mirrors_way(application: Application) -> None:
    behind = Scope.user("t07", "u0")
    changes, _ = await application.work.take(behind, 10)
    await application.work.finish(behind, changes)
    await application.work.page(behind, None, 10)
    await application.work.settled(behind, list(changes))
    await application.work.versions(behind)


async def _settled(application: Application, memory: Any) -> None:
    """Indexed, extracted and erased; the mirror is not there."""
    await memory.settled(facts=False)

    async def extracted() -> bool:
        waiting = await memory.waiting()
        return not (waiting.unindexed or waiting.unextracted)

    await wait_until(extracted)


def _listed(found: set[tuple[str, str]]) -> str:
    return "\n\n".join(f"{table}: {statement}" for table, statement in sorted(found))


async def test_the_walk_leads_past_the_hot_statements(spied: Spied, own: dict[str, int]) -> None:
    assert spied.errors == []
    said = "\n".join(spied.statements)
    for part in ("semmem.append(", "semmem.lexical(", "semmem.matching(", "semmem.sourced_facts", "semmem.queue("):
        assert part in said
    assert own.keys() <= {node.table for node in spied.nodes}
    assert len(spied.statements) >= 100


async def test_no_table_of_tenants_is_read_whole(spied: Spied, own: dict[str, int]) -> None:
    whole = {(node.table, node.statement) for node in spied.nodes if node.kind == "Seq Scan"} | spied.whole
    assert not _listed({each for each in whole if each[0] in own})


async def test_every_index_is_entered_by_the_tenant(spied: Spied, own: dict[str, int]) -> None:
    late = {
        (node.table, node.statement)
        for node in spied.nodes
        if node.table in own.keys() - {"pgqueuer"} and "tenant" not in node.condition  # a job is known by its number
    }
    assert not _listed(late)


async def test_no_more_rows_are_read_than_the_places_have(spied: Spied, own: dict[str, int]) -> None:
    """By a step of a plan each time, and by all of a statement together, what its functions do included."""
    much = {
        (node.table, f"{node.rows:g} rows where {node.condition}: {node.statement}")
        for node in spied.nodes
        if node.rows > own.get(node.table, node.rows)
    }
    assert not _listed(much)
    assert not _listed({each for each, rows in spied.found.items() if rows > MOST_READS * own.get(each[0], rows)})
