"""`where` narrows by what events carry, on every store alike, and never shows what a view does not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from semmem import InvalidInput, NewEvent, ScopedMemory, Tier
from semmem.domain.condition import Comparison
from semmem.domain.hit import Filter
from semmem.domain.scope import View
from semmem.retrieval import search
from semmem.stores.postgres.conditions import Conditions
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

pytestmark = pytest.mark.shared

SAID: dict[str, dict[str, Any]] = {
    "chat": {"role": "user", "metadata": {"channel": "chat", "n": 1, "place": {"city": "Porto"}, "tags": ["a", "b"]}},
    "mail": {"role": "user", "metadata": {"channel": "mail", "n": 2.5, "done": True}, "event_type": "mail"},
    "tool": {"role": "tool", "agent": "scout", "agent_type": "planner", "metadata": {"channel": None, "n": "3"}},
    "bare": {"role": "assistant", "agent": "scout", "agent_type": "writer", "speaker": "Ana"},
}
Told = Mapping[str, Any]

CASES: list[tuple[Told, set[str]]] = [
    ({}, {"chat", "mail", "tool", "bare"}),
    ({"role": "user"}, {"chat", "mail"}),
    ({"role": {"$ne": "user"}}, {"tool", "bare"}),
    ({"agent_type": "planner"}, {"tool"}),
    ({"agent_type": None}, {"chat", "mail"}),
    ({"agent_type": {"$ne": None}}, {"tool", "bare"}),
    ({"agent": "scout", "role": "tool"}, {"tool"}),
    ({"speaker": "Ana"}, {"bare"}),
    ({"event_type": {"$in": ["mail", "none"]}}, {"mail"}),
    ({"metadata": {"channel": "chat"}}, {"chat"}),
    ({"metadata": {"channel": {"$ne": "chat"}}}, {"mail", "tool", "bare"}),
    ({"metadata": {"channel": None}}, {"tool", "bare"}),
    ({"metadata": {"channel": {"$in": [None, "mail"]}}}, {"mail", "tool", "bare"}),
    ({"metadata": {"n": {"$gte": 1, "$lt": 2.5}}}, {"chat"}),
    ({"metadata": {"n": {"$gt": "2"}}}, {"tool"}),
    ({"$not": {"metadata": {"n": {"$gt": 2}}}}, {"chat", "tool", "bare"}),
    ({"metadata": {"done": True}}, {"mail"}),
    ({"metadata": {"done": 1}}, set()),
    ({"metadata": {"n": 1.0}}, {"chat"}),
    ({"metadata": {"place": {"city": "Porto"}}}, {"chat"}),
    ({"$or": [{"metadata": {"done": True}}, {"agent_type": "writer"}]}, {"mail", "bare"}),
    ({"$not": {"$or": [{"role": "user"}, {"$not": {"role": "tool"}}]}}, {"tool"}),
    ({"$not": {"$and": [{"role": "user"}, {"metadata": {"channel": "chat"}}]}}, {"mail", "tool", "bare"}),
    ({"metadata": {"$or": [{"channel": "chat"}, {"n": "3"}]}}, {"chat", "tool"}),
    ({"metadata": {"channel": {"deeper": 1}}}, set()),
    ({"metadata": {"nowhere": 1}}, set()),
]

# What would widen a filter, were it ever part of a statement or of a path.
KEYS = ['"', "\\", "'", "$", "*", "**", "a.b", '"."', 'a"."b', "@", "?(@ > 1)", '" || true || "', "$v0", "", " ", "\n"]
KEYS += ["\u00e9", "e\u0301", "\U0001f600", "\x7f", "\x01", "{v0}", ":tenant", "%s", "$$", "x" * 500, "[*]", "strict $"]


@pytest_asyncio.fixture
async def narrowed(alice: ScopedMemory) -> ScopedMemory:
    """Four events that say almost the same, in one memory."""
    await alice.remember_many([NewEvent(content=f"The kettle is broken, {name}.", **of) for name, of in SAID.items()])
    await alice.settled()
    return alice


async def names(memory: ScopedMemory, where: Told, **given: Any) -> set[str]:
    hits = await memory.recall("Is the kettle broken?", limit=50, where=where, **given)
    assert not hits.degraded
    return {name for name in SAID for hit in hits if name in hit.text}


async def test_recall_finds_what_meets_a_condition_and_nothing_else(narrowed: ScopedMemory) -> None:
    for where, expected in CASES:
        assert await names(narrowed, where) == expected, where


async def test_a_context_shows_recent_and_recalled_events_that_meet_it(narrowed: ScopedMemory) -> None:
    for where, expected in CASES:
        context = await narrowed.context(
            "Is the kettle broken?", budget=2_000, where=where, tiers=("recent", "retrieved")
        )
        assert {name for name in SAID if name in context.text} == expected, where
    cut = await narrowed.context("kettle", budget=600, where={"role": "tool"}, tiers=("recent",))
    assert [item.text for item in cut.items] == ["The kettle is broken, tool."]


async def test_it_narrows_further_what_other_filters_leave(narrowed: ScopedMemory) -> None:
    assert await names(narrowed, {"role": "tool"}, agent="scout") == {"tool"}
    assert await names(narrowed, {"role": "user"}, agent="scout") == set()


async def test_a_fact_answers_where_an_event_it_rests_on_does(alice: ScopedMemory) -> None:
    await alice.remember("I moved to Lisbon.", metadata={"channel": "chat"})
    await alice.remember("I own a kayak.", metadata={"channel": "mail"})
    await alice.settled()
    for channel, word, other in (("chat", "Lisbon", "kayak"), ("mail", "kayak", "Lisbon")):
        hits = await alice.recall("Lisbon kayak", where={"metadata": {"channel": channel}})
        assert {hit.kind for hit in hits} == {"event", "fact"}
        assert all(word in hit.text and other not in hit.text for hit in hits)


async def test_names_and_values_of_any_letters_are_only_themselves(alice: ScopedMemory) -> None:
    await alice.remember_many(
        [NewEvent(content=f"Kettle number {n}.", metadata={key: key, "deep": {key: n}}) for n, key in enumerate(KEYS)]
    )
    await alice.settled(facts=False)
    for number, key in enumerate(KEYS):
        if key.startswith("$"):  # no field begins like an operator
            with pytest.raises(InvalidInput, match="no operator"):
                await alice.recall("kettle", where={"metadata": {key: key}})
            continue
        for where in ({"metadata": {key: key}}, {"metadata": {"deep": {key: number}}}):
            hits = await alice.recall("kettle number", limit=50, where=where)
            assert [hit.text for hit in hits if hit.kind == "event"] == [f"Kettle number {number}."], key


async def test_no_condition_shows_what_a_view_does_not(
    narrowed: ScopedMemory, strangers: list[ScopedMemory], application: Application
) -> None:
    for stranger in strangers:
        await stranger.remember("The kettle is broken, secret.", role="user", metadata={"channel": "chat"})
        await stranger.settled(facts=False)
    widest: list[Told] = [
        {"$or": [{"role": "user"}, {"$not": {"role": "user"}}]},
        {"$not": {"metadata": {"nowhere": 1}}},
        {"metadata": {"channel": {"$in": ["chat", None, '" || true || "', "' or 1=1 --", "$.*"]}}},
        {"speaker": {"$ne": strangers[0].scope.id}},
    ]
    for where in widest:
        hits = await narrowed.recall("Is the kettle broken?", limit=50, where=where)
        assert hits.hits
        assert all(hit.item.scope == narrowed.scope for hit in hits)
        shown = await narrowed.context("kettle", budget=3_000, where=where)
        assert "secret" not in shown.text
    # Nor do ids of others that an index is asked for.
    [foreign] = [event.id for event in await strangers[0].history()]
    vector = (await application.models.embedder.embed(["kettle"])).vectors[0]
    view, stores = View.of(narrowed.scope), application.stores
    assert stores.mirror is not None
    for index in (stores.mirror, stores.pgvector):
        assert await index.search(view, vector, 10, Filter(), None, [foreign]) == []


async def test_it_holds_for_every_scope_of_a_view(narrowed: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    other = strangers[0]
    await other.remember("The kettle is broken, other.", metadata={"channel": "chat"})
    await other.remember("The kettle is broken, none.", metadata={"channel": "mail"})
    await other.settled(facts=False)
    hits = await narrowed.recall("kettle", also=[other], limit=50, where={"metadata": {"channel": "chat"}})
    assert {hit.text.split()[-1] for hit in hits if hit.kind == "event"} == {"chat.", "other."}


async def test_a_path_may_lead_to_a_scalar_in_one_place_and_to_an_object_in_another(
    narrowed: ScopedMemory, strangers: list[ScopedMemory]
) -> None:
    await strangers[0].remember("The kettle stands in Porto.", metadata={"place": "Porto"})
    await strangers[0].settled(facts=False)
    tiers: Tier
    for tiers in ("recent", "retrieved"):
        context = await narrowed.context(
            "kettle", budget=3_000, also=[strangers[0]], where={"metadata": {"place": "Porto"}}, tiers=[tiers]
        )
        assert [item.text for item in context.items if item.kind == "event"] == ["The kettle stands in Porto."]
    with pytest.raises(InvalidInput, match=r"leads to an object"):
        await narrowed.context("kettle", budget=3_000, where={"metadata": {"place": "Porto"}}, tiers=["recent"])


@pytest.mark.parametrize("path", [{"place": "Porto"}, {"tags": "a"}, {"place": {"$gt": "a"}}])
async def test_a_path_that_leads_to_no_scalar_is_named(narrowed: ScopedMemory, path: Told) -> None:
    with pytest.raises(InvalidInput, match=r"leads to an object or a list.*name a key below it") as refused:
        await narrowed.recall("kettle", where={"metadata": path})
    assert refused.value.field == f"where.metadata.{next(iter(path))}"
    with pytest.raises(InvalidInput, match="leads to an object or a list"):
        await narrowed.context("kettle", budget=500, where={"metadata": path})


async def test_one_odd_event_spoils_nobodys_filter(narrowed: ScopedMemory) -> None:
    await narrowed.remember("An odd one.", metadata={"channel": {"name": "chat"}})
    await narrowed.settled(facts=False)
    assert await names(narrowed, {"metadata": {"channel": "chat"}}) == {"chat"}
    assert await names(narrowed, {"metadata": {"channel": "none"}}) == set()


@pytest_asyncio.fixture(params=["qdrant", "pgvector", "many"])
async def on_a_store(
    request: pytest.FixtureRequest, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ScopedMemory]:
    """A memory over each vector index, and over Qdrant where more meet a condition than a request names."""
    if request.param == "many":
        monkeypatch.setattr(search, "NAMED", 1)
    async with opener(vector_index="pgvector" if request.param == "pgvector" else "qdrant") as application:
        yield application.memory.scope(tenant="acme", user="alice")


async def test_every_store_agrees(on_a_store: ScopedMemory, postgres_url: str) -> None:
    said = [NewEvent(content=f"The kettle is broken, {name}.", **of) for name, of in SAID.items()]
    await on_a_store.remember_many(said)
    await on_a_store.settled()
    found = await asyncio.gather(*(names(on_a_store, where) for where, _ in CASES))
    assert list(found) == [expected for _, expected in CASES]


async def test_where_more_meet_it_than_are_sought_among_that_is_said(
    narrowed: ScopedMemory, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    conditions = Conditions(application.stores.postgres)
    view, users = View.of(narrowed.scope), Comparison(("role",), "==", "user")
    assert (await conditions.meeting(view, users, 2)).whole
    newest = await conditions.meeting(view, users, 1)
    events = {event.id: event.content for event in await narrowed.history()}
    assert not newest.whole
    assert [events[id] for id in newest.events] == ["The kettle is broken, mail."]

    original = Conditions.meeting
    monkeypatch.setattr(Conditions, "meeting", lambda self, view, condition, most=1: original(self, view, condition, 1))
    hits = await narrowed.recall("kettle", where={"role": "user"})
    assert hits.degraded == {"where"}


async def test_records_are_found_by_what_their_values_hold(alice: ScopedMemory) -> None:
    values: dict[str, Told] = {"a": {"stars": 3}, "b": {"stars": 5, "in": {"city": "Rome"}}, "c": {"note": "none"}}
    for key, value in values.items():
        await alice.records.put(key, value)

    async def keys(where: Told, **given: Any) -> list[str]:
        return [record.key for record in await alice.records.find(where=where, **given)]

    assert await keys({}) == ["a", "b", "c"]
    assert await keys({"stars": {"$gte": 4}}) == ["b"]
    assert await keys({"$not": {"stars": 5}}) == ["a", "c"]
    assert await keys({"$not": {"stars": 5}}, matching={"stars": 3}) == ["a"]
    assert await keys({"in": {"city": "Rome"}}) == ["b"]
    with pytest.raises(InvalidInput, match="where"):
        await alice.records.find(where={"stars": []})
