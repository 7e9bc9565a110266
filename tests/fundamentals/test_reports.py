"""The dedup window merges reports of one happening, and never two events: who else saw it is kept."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from semmem import Event, NewEvent, ScopedMemory
from semmem.engine import indexing
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.faults.oracle import drift

pytestmark = pytest.mark.shared

APPROVED = "Yes, I approve."
# What agents notice: two that say these words in the window have seen one happening.
NOTICE: dict[str, Any] = {"content": "The build is red.", "role": "system", "session": "ci", "metadata": {"build": 7}}
QUOTED: dict[str, Any] = {"content": "The build is red.", "role": "assistant", "speaker": "ci", "session": "ci"}


async def _statuses(memory: ScopedMemory, *said: dict[str, Any]) -> list[str]:
    return [(await memory.remember(**fields)).status for fields in said]


async def _only(memory: ScopedMemory) -> Event:
    (event,) = await memory.history()
    return event


@pytest.mark.parametrize("report", [NOTICE, QUOTED])
async def test_reports_of_one_happening_are_one_event_with_its_witnesses(
    alice: ScopedMemory, report: dict[str, Any]
) -> None:
    said = [report | {"agent": agent} for agent in ("a", "b", "c")]

    assert await _statuses(alice, *said) == ["accepted", "duplicate", "duplicate"]

    event = await _only(alice)
    assert (event.agent, event.witnesses) == ("a", ("b", "c"))


async def test_witnesses_are_told_with_a_hit_and_found_by_their_agent(alice: ScopedMemory) -> None:
    await alice.remember(**QUOTED, agent="a")
    await alice.remember(**QUOTED, agent="b")
    await alice.settled()

    hit = next(hit for hit in await alice.recall("Is the build red?") if isinstance(hit.item, Event))
    assert isinstance(hit.item, Event)
    assert hit.item.witnesses == ("b",)
    assert [event.agent for event in await alice.history(agent="b")] == ["a"]
    assert await alice.history(agent="c") == []
    assert [event.witnesses async for event in alice.events()] == [("b",)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"session": "A"}, {"session": "B"}, id="another session"),
        pytest.param({"session": None}, {"session": "B"}, id="no session"),
        pytest.param({"metadata": {"order": 1}}, {"metadata": {"order": 2}}, id="other metadata"),
        pytest.param({"metadata": {}}, {"metadata": {"order": None}}, id="metadata with a null"),
        pytest.param({"metadata": {"n": 1}}, {"metadata": {"n": True}}, id="metadata that Python takes for equal"),
        pytest.param({"key": "m1"}, {"key": "m2"}, id="keys of their own"),
        pytest.param({}, {"key": "m2"}, id="one with a key"),
        pytest.param({"key": "m1"}, {}, id="the first with a key"),
        pytest.param({"event_type": "alarm"}, {"event_type": "test"}, id="another type"),
        pytest.param({"importance": 0.2}, {"importance": 0.9}, id="another importance"),
        pytest.param({"speaker": "ci"}, {"speaker": "cd"}, id="another speaker"),
        pytest.param({"content": "Red."}, {"content": "red."}, id="other words"),
        pytest.param({"agent": None}, {"agent": "b"}, id="nobody knows who saw it"),
        pytest.param({"agent": "a"}, {"agent": "a"}, id="the same agent again"),
        pytest.param({"role": "system"}, {"role": "assistant", "speaker": "x"}, id="another role"),
    ],
)
async def test_two_events_stay_two(alice: ScopedMemory, one: dict[str, Any], other: dict[str, Any]) -> None:
    said = [NOTICE | {"agent": "a"} | one, NOTICE | {"agent": "b"} | other]

    assert await _statuses(alice, *said) == ["accepted", "accepted"]

    assert [event.witnesses for event in await alice.history()] == [(), ()]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"content": APPROVED}, id="what a user says to each"),
        pytest.param({"content": APPROVED, "speaker": "Ann"}, id="what a named user says to each"),
        pytest.param({"content": "exit code 0", "role": "tool"}, id="what a tool answers each"),
        pytest.param({"content": "exit code 0", "role": "tool", "speaker": "make"}, id="a named tool"),
        pytest.param({"content": "I vote yes.", "role": "assistant"}, id="an agent's own vote"),
        pytest.param({"content": "yes", "role": "assistant", "event_type": "vote"}, id="a vote by its type"),
    ],
)
async def test_what_happens_to_each_agent_is_an_event_of_each(alice: ScopedMemory, said: dict[str, Any]) -> None:
    acks = await alice.remember_many([NewEvent(**said, agent=agent, session="s") for agent in ("a", "b", "c")])

    assert [ack.status for ack in acks] == ["accepted"] * 3
    assert [event.agent for event in await alice.history(session="s")] == ["c", "b", "a"]


async def test_an_agent_that_reports_twice_has_seen_it_twice(alice: ScopedMemory) -> None:
    said = [NOTICE | {"agent": agent} for agent in ("a", "b", "b", "a", "c")]

    assert await _statuses(alice, *said) == ["accepted", "duplicate", "accepted", "duplicate", "duplicate"]

    seen = [(event.agent, event.witnesses) for event in await alice.history()]
    assert seen == [("b", ("a",)), ("a", ("b", "c"))]


async def test_the_window_ends(alice: ScopedMemory, clock: ManualClock) -> None:
    assert await _statuses(alice, NOTICE | {"agent": "a"}) == ["accepted"]
    clock.advance(seconds=29)
    assert await _statuses(alice, NOTICE | {"agent": "b"}) == ["duplicate"]
    clock.advance(seconds=1)
    assert await _statuses(alice, NOTICE | {"agent": "c"}) == ["accepted"]


async def test_the_window_is_world_time(alice: ScopedMemory, clock: ManualClock) -> None:
    said = [
        NOTICE | {"agent": agent, "occurred_at": clock.now - timedelta(hours=hours)}
        for agent, hours in (("a", 3), ("b", 2), ("c", 2))
    ]
    assert await _statuses(alice, *said) == ["accepted", "accepted", "duplicate"]


async def test_other_places_have_windows_of_their_own(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    for agent, place in enumerate([alice, alice.branch("b"), *strangers]):
        assert await _statuses(place, NOTICE | {"agent": f"agent-{agent}"}) == ["accepted"]
        assert (await _only(place)).witnesses == ()


async def test_a_window_of_zero_merges_nothing(opener: Opener) -> None:
    async with opener(dedup_window=0) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        said = [NOTICE | {"agent": agent} for agent in ("a", "b")]
        assert await _statuses(alice, *said) == ["accepted", "accepted"]


async def test_a_forgotten_report_is_none_that_another_is_merged_into(alice: ScopedMemory) -> None:
    first = await alice.remember(**NOTICE, agent="a")
    await alice.forget(event=first.id)

    assert await _statuses(alice, NOTICE | {"agent": "b"}) == ["accepted"]
    assert (await _only(alice)).agent == "b"


async def test_a_report_outlives_the_agent_that_was_first(
    alice: ScopedMemory, application: Application, owner: asyncpg.Connection
) -> None:
    acks = [await alice.remember(**NOTICE, agent=agent, agent_type="watcher") for agent in ("heliotrope", "b", "c")]
    await alice.remember("Only mine.", role="system", agent="heliotrope")
    await alice.settled()
    before = await owner.fetchval("select body_hash from semmem.events where id = $1", acks[0].id)

    receipt = await alice.forget(agent="heliotrope")
    await alice.settled()

    event = await _only(alice)
    assert (receipt.counts["events"], event.id) == (1, acks[1].id)
    assert (event.agent, event.agent_type, event.witnesses) == ("b", None, ("c",))
    assert [hit.id for hit in await alice.recall("Is the build red?", agent="b")] == [event.id]
    assert await drift(application, alice) == set()
    assert before != await owner.fetchval("select body_hash from semmem.events where id = $1", acks[0].id)
    for table in ("events", "entries", "vectors", "passages", "audit"):
        rows = await owner.fetch(f"select t::text as t from semmem.{table} t where tenant = $1", alice.scope.tenant)  # noqa: S608
        assert "heliotrope" not in str(rows), table


async def test_a_report_that_is_being_indexed_is_found_by_whose_it_is_then(
    alice: ScopedMemory, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, forgotten = threading.Event(), threading.Event()
    words = indexing._words

    def slowly(events: Sequence[Event]) -> Any:
        reading.set()
        forgotten.wait(60)
        return words(events)

    monkeypatch.setattr(indexing, "_words", slowly)
    await _statuses(alice, NOTICE | {"agent": "a"}, NOTICE | {"agent": "b"})
    await wait_until(reading.is_set)
    await alice.forget(agent="a")
    forgotten.set()
    await alice.settled()
    assert not (await alice.recall("Is the build red?", agent="a")).hits
    assert (await alice.recall("Is the build red?", agent="b")).hits
    assert await drift(application, alice) == set()


async def test_a_report_that_is_handed_over_is_in_the_audit_and_no_entry(
    alice: ScopedMemory, owner: asyncpg.Connection
) -> None:
    acks = [await alice.remember(**NOTICE, agent=agent) for agent in ("a", "b")]

    await alice.forget(agent="a")

    rows = await owner.fetch(
        "select item_ids from semmem.audit where tenant = $1 and action = 'forget'", alice.scope.tenant
    )
    assert [row["item_ids"] for row in rows] == [[acks[0].id]]
    assert [(entry.kind, entry.agent) for entry in await alice.entries()] == [("event", "b")]


async def test_a_fact_of_a_report_is_found_by_whose_it_is_now(alice: ScopedMemory, application: Application) -> None:
    said: dict[str, Any] = {"content": "I booked the flight to Bergen.", "role": "assistant", "speaker": "ann"}
    assert await _statuses(alice, said | {"agent": "a"}, said | {"agent": "b"}) == ["accepted", "duplicate"]
    await alice.settled()
    assert {hit.kind for hit in await alice.recall("Bergen", agent="a")} == {"event", "fact"}

    await alice.forget(agent="a")
    await alice.settled()

    assert not (await alice.recall("Bergen", agent="a")).hits
    assert {hit.kind for hit in await alice.recall("Bergen", agent="b")} == {"event", "fact"}
    assert await drift(application, alice) == set()


async def test_a_dry_run_counts_no_report_that_stays(alice: ScopedMemory) -> None:
    await _statuses(alice, NOTICE | {"agent": "a"}, NOTICE | {"agent": "b"})

    assert (await alice.forget(agent="a", dry_run=True)).counts["events"] == 0


async def test_the_reports_of_a_time_and_a_session_are_handed_over(alice: ScopedMemory, clock: ManualClock) -> None:
    early = NOTICE | {"occurred_at": clock.now - timedelta(hours=2)}
    for said in (early, NOTICE, NOTICE | {"session": "cd"}):
        await _statuses(alice, said | {"agent": "a"}, said | {"agent": "b"})

    await alice.forget(agent="a", session="ci", before=clock.now - timedelta(hours=1))

    assert [(event.agent, event.witnesses) for event in await alice.history()] == [
        ("a", ("b",)),
        ("a", ("b",)),
        ("b", ()),
    ]


async def test_a_report_that_is_named_itself_goes_whoever_made_it(alice: ScopedMemory) -> None:
    first = await alice.remember(**NOTICE, agent="a")
    await alice.remember(**NOTICE, agent="b")

    await alice.forget(agent="a", event=first.id)

    assert await alice.history() == []


async def test_what_a_witness_reported_is_its_latest_and_comes_to_who_follows_it(alice: ScopedMemory) -> None:
    await alice.remember("Nothing yet.", role="system", agent="b")
    await _statuses(alice, NOTICE | {"agent": "a"}, NOTICE | {"agent": "b"})
    await alice.remember("Only a's.", role="system", agent="a")

    assert [event.content for event in await alice.latest(agent="b")] == [NOTICE["content"]]
    assert [event.content for event in await alice.latest()] == ["Only a's.", "Nothing yet."]
    async with aclosing(alice.follow(after=0, agents={"b"})) as follower, asyncio.timeout(60):
        entries = [await anext(follower), await anext(follower)]
    assert [entry.event and entry.event.content for entry in entries] == ["Nothing yet.", NOTICE["content"]]


async def test_who_passed_an_event_does_not_get_it_again_for_a_later_witness(alice: ScopedMemory) -> None:
    await _statuses(alice, NOTICE | {"agent": "a"})
    async with aclosing(alice.follow(after=1, agents={"b"})) as follower, asyncio.timeout(60):
        await _statuses(alice, NOTICE | {"agent": "b"})
        await alice.remember("Only b's.", role="system", agent="b")
        entry = await anext(follower)
    assert (entry.agent, entry.position) == ("b", 2)
    assert [event.content for event in await alice.history(agent="b")] == ["Only b's.", NOTICE["content"]]


async def test_a_category_of_a_witness_is_not_all_that_it_saw(alice: ScopedMemory) -> None:
    await _statuses(alice, NOTICE | {"agent": "a"}, NOTICE | {"agent": "b"})
    await alice.forget(agent="b", category="preference")
    assert (await _only(alice)).witnesses == ("b",)
    await alice.forget(agent="b")
    assert (await _only(alice)).witnesses == ()
