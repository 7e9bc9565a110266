"""semmem in short lessons, each a test."""

from datetime import UTC, datetime, timedelta

import pytest

from semmem import Memory, NewEvent
from semmem.domain.context import TIERS
from semmem.memory.scoped import ScopedMemory
from semmem.testing import ManualClock

pytestmark = pytest.mark.shared


async def test_what_was_said_in_one_session_is_recalled_in_another(alice: ScopedMemory) -> None:
    await alice.remember("I moved to Berlin in May and I am allergic to peanuts.", session="s1", agent="support")
    await alice.settled()

    hits = await alice.recall("Which food must she avoid?")

    assert "allergic to peanuts" in hits[0].text
    assert not hits.degraded


async def test_an_event_is_in_the_context_at_once(alice: ScopedMemory) -> None:
    await alice.remember("The courier has left the parcel at the bakery.", session="s1")

    context = await alice.context("Where is my parcel?", budget=500)

    assert "at the bakery" in context.text
    assert [item.text for item in context.tier("recent")] == ["The courier has left the parcel at the bakery."]


async def test_a_fact_says_which_words_of_which_event_it_rests_on(alice: ScopedMemory) -> None:
    ack = await alice.remember("Thanks! I work at Siemens as an engineer.", session="s1")
    await alice.settled()

    (fact,) = await alice.facts()

    assert fact.sources[0].event_id == ack.id
    assert fact.sources[0].quote in "Thanks! I work at Siemens as an engineer."
    assert "Siemens" in fact.text


async def test_a_newer_fact_supersedes_an_older_one_and_history_stays(alice: ScopedMemory, clock: ManualClock) -> None:
    await alice.remember("I live in Munich.", session="s1")
    await alice.settled()
    clock.advance(days=30)
    moved = clock.now
    await alice.remember("I moved to Berlin.", session="s2")
    await alice.settled()

    (current,) = await alice.facts()
    old, new = await alice.timeline(current.id)

    assert ("Munich" in old.text, "Berlin" in new.text) == (True, True)
    assert (old.version, new.version) == (1, 2)
    assert old.validity.end == moved
    then = await alice.recall("Where does she live?", as_of=moved - timedelta(days=1))
    assert old.id in [hit.id for hit in then]
    assert old.id not in [hit.id for hit in await alice.recall("Where does she live?")]


async def test_what_was_replaced_does_not_stand_above_what_replaced_it(alice: ScopedMemory, clock: ManualClock) -> None:
    await alice.remember("Hello! I live in Munich, near the river.", session="s1")
    await alice.settled()
    clock.advance(days=30)
    await alice.remember("By the way, I moved to Berlin.", session="s2")
    await alice.settled()

    hits = await alice.recall("Where does alice live? In Munich?")

    cities = [city for hit in hits for city in ("Munich", "Berlin") if city in hit.text]
    assert cities[0] == "Berlin"
    assert "Munich" not in (await alice.summaries())[0].text


async def test_the_same_key_is_stored_once(alice: ScopedMemory) -> None:
    first = await alice.remember("Please call me Ali.", key="msg-17")
    again = await alice.remember("Please call me Ali.", key="msg-17")

    assert (first.status, again.status) == ("accepted", "duplicate")
    assert first.id == again.id
    assert len(await alice.history()) == 1


async def test_what_several_agents_noticed_is_kept_once_with_who_saw_it(alice: ScopedMemory) -> None:
    for agent in ("door", "camera", "alarm"):
        await alice.remember("The front door was opened.", role="system", agent=agent)

    (event,) = await alice.history()

    assert (event.agent, event.witnesses) == ("door", ("camera", "alarm"))


async def test_a_session_that_is_taken_up_again_keeps_its_summary(alice: ScopedMemory) -> None:
    await alice.remember("I am allergic to peanuts.", session="first")
    await alice.settled()
    for number in range(12):
        await alice.remember(f"I bought lamp number {number} today.", session=f"order-{number}")
    await alice.settled()
    await alice.remember("I like jasmine tea.", session="first")
    await alice.settled()

    taken_up = next(summary for summary in await alice.summaries() if summary.session == "first")

    assert "peanuts" in taken_up.text
    assert "jasmine" in taken_up.text


async def test_nobody_else_sees_it(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    await alice.remember("My safe word is heliotrope.", session="s1")
    await alice.settled()

    for stranger in strangers:
        await stranger.settled()
        assert not await stranger.recall("What is the safe word?")
        assert "heliotrope" not in (await stranger.context("What is the safe word?", budget=500)).text
        assert not await stranger.facts()
        assert not await stranger.history()


async def test_a_team_shares_a_workspace(memory: Memory, alice: ScopedMemory, tenant: str) -> None:
    launch = memory.scope(tenant=tenant, workspace="launch")
    await launch.remember("The launch is on 3 June in Lisbon.", agent="planner")
    await alice.remember("I can not travel in June.", session="s1")
    await launch.settled()
    await alice.settled()

    context = await alice.context("Can she come to the launch?", budget=600, also=[launch])

    assert "3 June in Lisbon" in context.text
    assert "can not travel in June" in context.text


async def test_a_context_keeps_to_its_budget(alice: ScopedMemory) -> None:
    day = datetime(2026, 2, 1, tzinfo=UTC)
    notes = [
        NewEvent(content=f"Note {n}: the meeting about topic {n} was moved to room {n}.", session="s1", occurred_at=day)
        for n in range(60)
    ]
    await alice.remember_many(notes)
    await alice.settled()

    for budget in (200, 400, 1_000):
        context = await alice.context("Which room is topic 7 in?", budget=budget)
        assert 0 < context.tokens <= budget
        assert "room 7" in context.text


async def test_a_context_shows_only_the_tiers_asked_for(alice: ScopedMemory) -> None:
    await alice.remember("I moved to Berlin in May and I am allergic to peanuts.", session="s1")
    await alice.settled()

    for tier in TIERS:
        if tier == "state":  # nobody has shared any here: tests/fleet/test_contexts.py
            continue
        context = await alice.context("Which food must she avoid?", budget=500, tiers=[tier])
        assert {item.tier for item in context.items} == {tier}
        assert "peanuts" in context.text
    both = await alice.context("Which food must she avoid?", budget=500, tiers={"summary", "retrieved"})
    assert {item.tier for item in both.items} == {"summary", "retrieved"}


async def test_forgetting_takes_it_out_of_every_tier(alice: ScopedMemory) -> None:
    ack = await alice.remember("My card number ends in 9917.", session="s1")
    await alice.remember("I like jasmine tea.", session="s2")
    await alice.settled()

    planned = await alice.forget(event=ack.id, dry_run=True)
    receipt = await alice.forget(event=ack.id)

    assert (
        planned.counts
        == receipt.counts
        == {"events": 1, "facts": 1, "summaries": 2, "dead_letters": 0, "records": 0, "fields": 0, "threads": 0}
    )
    assert "9917" not in (await alice.context("What is the card number?", budget=500)).text
    assert not [hit for hit in await alice.recall("card number") if "9917" in hit.text]
    assert not [fact for fact in await alice.facts() if "9917" in fact.text]
    await alice.settled()
    assert (await alice.receipt(receipt.id)).complete if receipt.id else False
    assert "jasmine" in (await alice.recall("What does she drink?"))[0].text
