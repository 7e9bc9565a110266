"""What export writes, import makes the same again: in another database, byte for byte."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import numpy as np
import pytest

from semmem import InvalidInput, Memory, NewEvent, NewRecord, ScopedMemory
from semmem.domain.archive import KINDS
from semmem.integrations.langgraph import SemmemStore
from semmem.stores.postgres.ledger import Stage, add_dead_letter
from semmem.testing import ManualClock, ModelServer
from semmem.wiring.bootstrap import Application
from tests.applications import FAST, Opener
from tests.unit.extractors.builders import answer, said_fact, verdicts

pytestmark = pytest.mark.shared

START = datetime(2025, 6, 1, 9, 30, 0, 1, tzinfo=UTC)


async def exported(memory: ScopedMemory) -> list[str]:
    return [line async for line in memory.export()]


async def places_of(memory: ScopedMemory) -> list[ScopedMemory]:
    return [memory.branch(*place.path, owner=place.owner) for place in await memory.branches()]


async def settled(memory: ScopedMemory) -> None:
    await memory.settled(also=await places_of(memory))


async def everything_of(memory: ScopedMemory) -> dict[str, Any]:
    """All that its readers answer with, place by place."""
    found: dict[str, Any] = {}
    for at in await places_of(memory):
        found[f"{at.place.path} {at.place.owner}"] = {
            "events": [
                (e.id, e.content, e.key, e.occurred_at, e.recorded_at, e.metadata, e.witnesses)
                async for e in at.events()
            ],
            "facts": [(f.id, f.version, f.text, f.sources, f.validity) for f in await at.facts(superseded=True)],
            "summaries": [(s.id, s.text, s.events) for s in await at.summaries()],
            "records": [(r.key, r.value, r.event, r.expires_at) for r in await at.records.find()],
        }
    return found


@pytest.fixture
async def full(alice: ScopedMemory) -> ScopedMemory:
    """Of everything something: superseded facts, branches, private ones, records, merged reports, odd texts."""
    await alice.remember("I live in Gothenburg.", occurred_at=START - timedelta(days=300), session="s1", key="k1")
    await alice.settled()
    moved = [
        NewEvent(
            content="I moved to Malmö. 🐟", occurred_at=START.astimezone(timezone(timedelta(hours=5.5))), session="s1"
        ),
        NewEvent(content="I moved to Oslo.", occurred_at=START + timedelta(weeks=2), metadata={"a": [1, {"b": None}]}),
        NewEvent(content="é\u2028" * 6_000 + "end", role="tool", speaker="日本", agent="crawler", importance=0.1),
    ]
    await alice.remember_many(moved)
    await alice.remember("The ticket is closed.", agent="one", role="system")
    await alice.remember("The ticket is closed.", agent="two", role="system")
    await alice.branch("projects", "alpha").remember("The deadline of Alpha is 3 May 2027.", session="p")
    await alice.branch("projects", "alpha", owner="bot").remember("I think Alpha will be late.", role="assistant")
    await alice.records.put_many(
        [
            NewRecord(key="ø/1", value={"kind": "profile", "n": 1.5, "deep": [[]]}),
            NewRecord(key="diet", value={"text": "vegetarian"}, event=NewEvent(content="I am a vegetarian.")),
            NewRecord(key="brief", value={}, ttl=timedelta(days=1, microseconds=1)),
        ]
    )
    await alice.branch("notes").records.put("only", {"here": True})
    await settled(alice)
    return alice


async def test_an_export_imported_elsewhere_exports_as_the_same_bytes(
    full: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    lines = await exported(full)
    other = elsewhere.memory.scope(tenant=tenant.replace("acme", "globex"), workspace="moved")
    imported = await other.import_(lines)
    await settled(other)

    assert (await exported(other))[1:] == lines[1:]
    assert imported.stored == Counter(kind for line in lines[2:] if (kind := json.loads(line)["kind"]) in KINDS)
    assert imported.known == {}
    assert await everything_of(other) == await everything_of(full)


async def test_what_was_imported_is_recalled_as_before(full: ScopedMemory, elsewhere: Application, tenant: str) -> None:
    other = elsewhere.memory.scope(tenant=tenant, user="alice")
    await other.import_(await exported(full))
    await settled(other)
    for question in ("Where does she live?", "What does she eat?"):
        before, after = await full.recall(question), await other.recall(question)
        assert [(hit.id, hit.text) for hit in after] == [(hit.id, hit.text) for hit in before]
        assert after.degraded == frozenset()
    then = await other.recall("Where does she live?", as_of=START - timedelta(days=1))
    assert "Gothenburg" in then[0].text


async def test_an_export_goes_straight_into_another_user_of_the_same_database(
    full: ScopedMemory, memory: Memory, tenant: str
) -> None:
    bob = memory.scope(tenant=tenant, user="bob")
    imported = await bob.import_(full.export())
    await settled(bob)

    assert any("new ids" in warning for warning in imported.warnings)
    assert [event.content async for event in bob.events()] == [event.content async for event in full.events()]
    facts, own = await full.facts(superseded=True), await bob.facts(superseded=True)
    assert sorted(fact.text for fact in own) == sorted(fact.text for fact in facts)
    assert not {fact.id for fact in own} & {fact.id for fact in facts}
    events = {event.id async for event in bob.events()}
    assert all(source.event_id in events for fact in own for source in fact.sources)
    [home] = [fact for fact in await bob.facts() if "Oslo" in fact.text]
    assert len(await bob.timeline(home.id)) == 3
    again = await bob.import_(full.export())
    assert again.stored == {}
    assert len(await bob.history(limit=100)) == len(await full.history(limit=100))


async def test_an_import_again_stores_nothing_twice(full: ScopedMemory, elsewhere: Application, tenant: str) -> None:
    lines, other = await exported(full), elsewhere.memory.scope(tenant=tenant, user="alice")
    first = await other.import_(lines)
    second = await other.import_(iter(line.encode() for line in lines))
    assert (second.stored, second.known) == ({}, first.stored)
    assert (await exported(other))[1:] == lines[1:]


async def test_a_later_export_of_the_same_memory_carries_on(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    await alice.remember("I live in Gothenburg.", occurred_at=START)
    await alice.settled()
    other = elsewhere.memory.scope(tenant=tenant, user="alice")
    await other.import_(await exported(alice))
    await other.settled()
    await alice.remember("I moved to Oslo.", occurred_at=START + timedelta(days=30))
    await alice.settled()

    await other.import_(await exported(alice))
    await other.settled()

    assert [fact.text for fact in await other.facts()] == [fact.text for fact in await alice.facts()]
    assert (await exported(other))[1:] == (await exported(alice))[1:]
    hits = [hit for hit in await other.recall("Where does she live?") if hit.kind == "fact"]
    assert "Oslo" in hits[0].text


async def test_events_that_were_not_extracted_yet_are_extracted_where_they_arrive(
    alice: ScopedMemory, own_application: Application, elsewhere: Application
) -> None:
    own_application.worker.stop()
    await alice.remember("I live in Gothenburg.")
    other = elsewhere.memory.scope(tenant="acme", user="alice")
    await other.import_(await exported(alice))
    await other.settled()
    assert ["Gothenburg" in fact.text for fact in await other.facts()] == [True]


@pytest.mark.usefixtures("own_application")
async def test_writers_do_not_tear_an_export(alice: ScopedMemory, elsewhere: Application) -> None:
    await alice.remember_many([NewEvent(content=f"I like tea number {n}.") for n in range(300)])
    lines: list[str] = []
    async for line in alice.export():
        lines.append(line)
        if len(lines) == 5:
            await alice.remember("I live in Gothenburg.")
            await alice.branch("new").remember("I have a dog.")
    await asyncio.sleep(0)
    imported = await elsewhere.memory.scope(tenant="acme", user="alice").import_(lines)
    assert imported.stored["event"] == 300


async def test_facts_that_a_model_made_come_along_and_no_model_is_asked(opener: Opener, elsewhere: Application) -> None:
    def said(body: dict[str, Any]) -> str:
        task, events = body["messages"][1]["content"].split("DATA", 1)
        if "TASK: decide" in task:
            return verdicts((1, "supersede", 1))
        city = "Munich" if "I live in Munich" in events else "Rome"
        fact = said_fact(text=f"alice lives in {city}.", quote=f"I live in {city}", when=None)
        return answer(fact, summaries=[{"session": 0, "text": f"alice, at 42.50 € a night, in {city}."}])

    with ModelServer(said) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "test", "llm_model": "test"}
        async with opener(**model) as application:
            alice = application.memory.scope(tenant="acme", user="alice")
            for city in ("Rome", "Munich"):
                await alice.remember(f"I live in {city}.", session="s1")
                await alice.settled()
            [fact] = await alice.facts()
            versions = await alice.timeline(fact.id)
            lines = await exported(alice)
            asked = len(server.requests)

    other = elsewhere.memory.scope(tenant="acme", user="alice")
    await other.import_(lines)
    await other.settled()
    assert [(one.version, one.text) for one in versions] == [(1, "alice lives in Rome."), (2, "alice lives in Munich.")]
    assert await other.timeline(fact.id) == versions
    assert (await exported(other))[1:] == lines[1:]
    assert len(server.requests) == asked
    assert [hit.text for hit in await other.recall("Where does she live?") if hit.kind == "fact"] == [fact.text]


async def test_an_export_that_is_not_read_to_its_end_lets_go_of_its_connection(opener: Opener) -> None:
    async with opener(postgres_pool=2) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember_many([NewEvent(content=f"I like tea number {n}.") for n in range(300)])
        for _ in range(4):
            lines = alice.export()
            assert isinstance(lines, AsyncGenerator)
            await anext(lines)
            await anext(lines)
            await lines.aclose()
            with pytest.raises(InvalidInput):
                await alice.branch("below").import_(line for line in ["{}"])
        assert len(await alice.history(limit=5)) == 5


async def test_what_a_langgraph_store_keeps_comes_along(
    memory: Memory, urls: dict[str, Any], elsewhere: Application, clock: ManualClock
) -> None:
    clock.advance(days=36_500)  # beyond the store's own
    items = {(("preferences",), "diet"): "I am a vegetarian.", (("projects", "alpha"), "due"): "Due on 3 May 2027."}

    def fill() -> None:
        with SemmemStore(tenant="acme", user="alice", **FAST | urls) as store:
            for (namespace, key), text in items.items():
                store.put(namespace, key, {"text": text})

    await asyncio.to_thread(fill)
    alice = memory.scope(tenant="acme", user="alice")
    await settled(alice)
    other = elsewhere.memory.scope(tenant="acme", user="alice")
    await other.import_(alice.export())
    await settled(other)
    places = await places_of(other)
    kept = [record.value for place in places for record in await place.records.find()]
    assert sorted(value["text"] for value in kept) == sorted(items.values())
    assert (await exported(other))[1:] == (await exported(alice))[1:]


async def test_a_langgraph_store_reads_what_was_imported(
    memory: Memory, elsewhere: Application, urls: dict[str, Any], clock: ManualClock
) -> None:
    clock.advance(days=36_500)
    own = {"postgres_url": elsewhere.settings.postgres_url, "qdrant_prefix": elsewhere.settings.qdrant_prefix}

    def fill() -> None:
        with SemmemStore(tenant="acme", user="alice", **FAST | urls) as store:
            store.put(("projects", "alpha"), "due", {"text": "Alpha is due on 3 May 2027.", "n": 1})

    def read() -> list[tuple[tuple[str, ...], str, dict[str, Any]]]:
        with SemmemStore(tenant="acme", user="alice", **FAST | urls | own) as store:
            found = store.search(("projects",), query="When is Alpha due?")
            item = store.get(("projects", "alpha"), "due")
            assert item is not None
            return [(each.namespace, each.key, each.value) for each in (item, *found)]

    await asyncio.to_thread(fill)
    alice, other = (each.scope(tenant="acme", user="alice") for each in (memory, elsewhere.memory))
    await settled(alice)
    await other.import_(alice.export())
    await settled(other)
    due = (("projects", "alpha"), "due", {"text": "Alpha is due on 3 May 2027.", "n": 1})
    assert await asyncio.to_thread(read) == [due, due]


async def test_a_private_place_is_exported_without_its_neighbours(alice: ScopedMemory) -> None:
    for owner in ("researcher", "writer", None):
        await alice.branch("crew", "a", owner=owner).remember(f"Noted by {owner}.")
    await alice.settled()

    text = "\n".join(await exported(alice.branch("crew", owner="researcher")))
    assert "Noted by researcher." in text
    assert "writer" not in text
    assert "None" not in text


async def test_what_crewai_keeps_comes_along(alice: ScopedMemory, elsewhere: Application, tenant: str) -> None:
    """Records with an embedding in their values, in nested places, private ones too."""
    vector = base64.b64encode(np.linspace(-1, 1, 384, dtype="<f4").tobytes()).decode()
    shared, private = alice.branch("crew", "a/b %"), alice.branch("crew", "a/b %", owner="researcher")
    for place, content in ((shared, "The launch is in Porto."), (private, "I doubt that Porto is ready.")):
        value = {"embedding": vector, "categories": ["plan"], "private": place is private, "source": "crew"}
        event = NewEvent(content=content, role="assistant", agent="researcher", metadata={"categories": ["plan"]})
        await place.records.put("0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55", value, event=event)
    await settled(alice)

    lines, other = await exported(alice), elsewhere.memory.scope(tenant=tenant.replace("acme", "globex"), user="alice")
    await other.import_(lines)
    await settled(other)

    assert (await exported(other))[1:] == lines[1:]
    [record] = await other.branch("crew", "a/b %", owner="researcher").records.find()
    assert (record.value["embedding"], record.value["private"]) == (vector, True)
    assert next(hit.text for hit in await other.branch("crew", "a/b %").recall("Porto")) == "The launch is in Porto."


async def test_letters_of_vectors_are_made_anew_like_the_vectors(
    alice: ScopedMemory, application: Application, elsewhere: Application, tenant: str
) -> None:
    ack = await alice.remember("I drive a red Volvo.")
    await alice.settled()
    for stage in get_args(Stage):
        async with application.stores.postgres.transaction(alice.scope, START) as tx:
            await add_dead_letter(tx, stage, "filtered", "", [ack.id])
    lines, other = await exported(alice), elsewhere.memory.scope(tenant=tenant, user="alice")
    await other.import_(lines)
    await other.settled()
    assert {letter.stage for letter in await other.dead_letters()} == {"extraction", "draft"}
    assert (await exported(other))[1:] == lines[1:]
