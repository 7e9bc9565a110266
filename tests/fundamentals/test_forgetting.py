"""Forgetting one item takes what rests on it, and makes again what rested on others too."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from semmem import InvalidInput, NewEvent, ScopedMemory
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener, extract_again
from tests.faults.oracle import drift

pytestmark = pytest.mark.shared

SAID = {
    "I live in Berlin.": "s1",
    "I am allergic to peanuts.": "s1",
    "My sister Marta is a dentist.": "s1",
    "I drive a red Volvo.": "s2",
    "I play the cello on Tuesdays.": "s2",
}
TOLD = [
    "alice lives in Berlin.",
    "alice is allergic to peanuts.",
    "alice's sister Marta is a dentist.",
    "alice drives a red Volvo.",
    "alice plays the cello on Tuesdays.",
]


async def _tell(alice: ScopedMemory) -> dict[str, UUID]:
    """The five things, one event each, by their words."""
    told = {words: (await alice.remember(words, session=session)).id for words, session in SAID.items()}
    await alice.settled()
    return told


async def test_what_was_to_end_with_a_plan_goes_on_without_it(alice: ScopedMemory) -> None:
    await alice.remember("I live in Berlin.")
    await alice.settled()
    plan = await alice.remember("I'm moving to Munich in August.")
    await alice.settled()
    ends = [fact.validity.end for fact in await alice.facts() if "Berlin" in fact.text]
    assert len([end for end in ends if end]) == 1, "the plan ends it"
    await alice.forget(event=plan.id)
    await alice.settled()
    assert [fact.validity.end for fact in await alice.facts() if "Berlin" in fact.text] == [None]


async def test_what_was_moved_holds_again_once_the_move_is_forgotten(alice: ScopedMemory) -> None:
    await alice.remember("My dentist appointment is on 20 March.")
    await alice.settled()
    [before] = await alice.facts()
    moved = await alice.remember("My dentist appointment was moved to 27 March.")
    await alice.settled()
    assert before.id not in [fact.id for fact in await alice.facts()]
    await alice.forget(event=moved.id)
    await alice.settled()
    [again] = await alice.facts()
    assert (again.id, again.validity) == (before.id, before.validity)


async def _summaries(alice: ScopedMemory) -> dict[str | None, list[str]]:
    return {summary.session: summary.text.split("\n") for summary in await alice.summaries()}


async def _fact(alice: ScopedMemory, word: str) -> UUID:
    return next(fact.id for fact in await alice.facts() if word in fact.text)


async def _texts(alice: ScopedMemory) -> str:
    """All that any read hands out."""
    hits = [hit.text for hit in await alice.recall("Berlin peanuts Marta Volvo cello", limit=50)]
    facts = [fact.text for fact in await alice.facts(superseded=True)]
    context = (await alice.context("Berlin peanuts Marta Volvo cello", budget=1_000)).text
    return "\n".join([*hits, *facts, context, *(summary.text for summary in await alice.summaries())])


@pytest.mark.parametrize("forgotten", range(5))
async def test_summaries_are_made_again_of_the_events_that_stay(alice: ScopedMemory, forgotten: int) -> None:
    told = await _tell(alice)
    words = list(SAID)[forgotten]

    receipt = await alice.forget(event=told[words])

    assert (receipt.counts["events"], receipt.counts["facts"], receipt.counts["summaries"]) == (1, 1, 2)
    assert TOLD[forgotten] not in await _texts(alice)
    await alice.settled()
    left = [text for text in TOLD if text != TOLD[forgotten]]
    assert await _summaries(alice) == {
        None: left,
        "s1": [text for text in TOLD[:3] if text in left],
        "s2": [text for text in TOLD[3:] if text in left],
    }
    assert TOLD[forgotten] not in await _texts(alice)


async def test_what_is_said_next_is_added_to_what_stays(alice: ScopedMemory) -> None:
    told = await _tell(alice)
    await alice.forget(event=told["I drive a red Volvo."])
    await alice.remember("I bought a kayak.", session="s2")
    await alice.settled()

    summaries = await _summaries(alice)
    assert summaries[None] == [*TOLD[:3], TOLD[4], "alice bought a kayak."]
    assert summaries["s2"] == [TOLD[4], "alice bought a kayak."]


async def test_a_summary_of_which_nothing_stays_is_gone(alice: ScopedMemory) -> None:
    await _tell(alice)
    await alice.forget(session="s2")
    await alice.settled()
    assert await _summaries(alice) == {None: TOLD[:3], "s1": TOLD[:3]}
    await alice.forget(session="s1")
    await alice.settled()
    assert await alice.summaries() == []


async def test_a_replaced_or_expired_record_takes_nothing_else_along(alice: ScopedMemory, clock: ManualClock) -> None:
    said = {"home": "I live in Berlin.", "diet": "I am allergic to peanuts.", "job": "I work at Siemens."}
    for key, words in said.items():
        await alice.records.put(key, {}, event=NewEvent(content=words))
    await alice.settled()

    await alice.records.put("job", {}, event=NewEvent(content="I work at Bosch."))
    await alice.settled()
    assert await _summaries(alice) == {None: [*TOLD[:2], "alice works at Bosch."]}

    meeting = NewEvent(content="I am in a meeting with Lena.")
    await alice.records.put("now", {}, event=meeting, ttl=timedelta(minutes=1))
    await alice.settled()
    assert "Lena" in (await alice.summaries())[0].text
    clock.advance(minutes=2)

    async def has_expired() -> bool:
        return not any("Lena" in event.content for event in await alice.history())

    await wait_until(has_expired)
    await alice.settled()
    assert await _summaries(alice) == {None: [*TOLD[:2], "alice works at Bosch."]}
    await alice.records.delete(["diet"])
    await alice.settled()
    assert await _summaries(alice) == {None: [TOLD[0], "alice works at Bosch."]}


async def test_a_fact_stays_where_another_event_states_it(alice: ScopedMemory, clock: ManualClock) -> None:
    first = await alice.remember("I am allergic to peanuts.", session="s1", agent="a")
    await alice.settled()
    clock.advance(days=1)
    second = await alice.remember("I am allergic to peanuts.", session="s2", agent="b")
    await alice.settled()
    (fact,) = await alice.facts()
    assert len(fact.sources) == 2

    receipt = await alice.forget(event=second.id)
    await alice.settled()

    assert receipt.counts["facts"] == 0
    (left,) = await alice.facts()
    assert (left.id, [source.event_id for source in left.sources]) == (fact.id, [first.id])
    assert left.said_at == fact.said_at - timedelta(days=1)
    assert await _summaries(alice) == {None: [fact.text], "s1": [fact.text]}


async def test_a_fact_is_found_by_the_session_of_an_event_that_stays(
    alice: ScopedMemory, application: Application
) -> None:
    first = await alice.remember("I am allergic to peanuts.", session="s1", agent="a")
    await alice.remember("I am allergic to peanuts.", session="s2", agent="b")
    await alice.settled()
    await alice.forget(event=first.id)
    await alice.settled()

    assert not (await alice.recall("peanuts", session="s1")).hits
    assert {hit.kind for hit in await alice.recall("peanuts", session="s2", agent="b")} == {"event", "fact"}
    assert await drift(application, alice) == set()


async def test_a_fact_in_forgotten_words_is_drawn_anew_from_what_confirmed_it(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    """Rules confirm what has the same stems and nearly the same vector; the second event still has its own words."""
    first = await alice.remember("I have a red bicycle.", session="s1")
    await alice.settled()
    clock.advance(days=1)
    await alice.remember("I have the red bicycle.", session="s2")
    await alice.settled()
    (fact,) = await alice.facts()
    assert ("a red bicycle" in fact.text, len(fact.sources)) == (True, 2)

    await alice.forget(event=first.id)
    assert "a red bicycle" not in await _texts(alice)
    await alice.settled()

    (anew,) = await alice.facts()
    assert anew.id != fact.id
    assert "the red bicycle" in anew.text
    assert "a red bicycle" not in await _texts(alice)
    assert await drift(application, alice) == set()


async def _told_one_by_one(alice: ScopedMemory, clock: ManualClock, *said: str, session: str = "s1") -> list[UUID]:
    told = []
    for words in said:
        told.append((await alice.remember(words, session=session)).id)
        await alice.settled()
        clock.advance(days=1)
    return told


async def test_what_was_superseded_before_what_is_forgotten_stays_so(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    """London held no more: Oslo took its place, though as another fact's next version."""
    said = ["I live in Berlin.", "I moved to London.", "I live in Hackney, in London.", "I moved to Oslo."]
    _, london, *_ = await _told_one_by_one(alice, clock, *said)
    await alice.forget(event=london)
    await alice.settled()
    assert [fact.text for fact in await alice.facts()] == ["alice moved to Oslo."]
    assert await drift(application, alice) == set()


async def test_what_was_returned_to_is_forgotten_with_what_it_had_left(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    """The version that holds again says what one of those says that go."""
    await _told_one_by_one(alice, clock, "I live in Berlin.")
    await _told_one_by_one(alice, clock, "I moved to Munich.", "I live in Berlin.", session="s2")
    await alice.forget(session="s2")
    await alice.settled()
    [berlin] = await alice.facts()
    assert (berlin.text, berlin.version, berlin.validity.end) == ("alice lives in Berlin.", 1, None)
    assert await drift(application, alice) == set()


class TestAWrongFactOfARightEvent:
    async def test_it_goes_and_its_event_stays(self, alice: ScopedMemory, application: Application) -> None:
        await _tell(alice)
        wrong = await _fact(alice, "Volvo")

        planned = await alice.forget(fact=wrong, keep_events=True, dry_run=True)
        receipt = await alice.forget(fact=wrong, keep_events=True)

        counts = {"events": 0, "facts": 1, "summaries": 2, "dead_letters": 0, "records": 0, "fields": 0, "threads": 0}
        assert planned.counts == receipt.counts == counts
        assert TOLD[3] not in await _texts(alice)
        await alice.settled()
        assert TOLD[3] not in await _texts(alice)
        assert len(await alice.history()) == 5
        assert {hit.kind for hit in await alice.recall("red Volvo") if "Volvo" in hit.text} == {"event"}
        assert await _summaries(alice) == {None: [*TOLD[:3], TOLD[4]], "s1": TOLD[:3], "s2": [TOLD[4]]}
        assert receipt.id
        assert (await alice.receipt(receipt.id)).complete
        assert await drift(application, alice) == set()

    async def test_it_is_not_learnt_again_from_its_event(self, alice: ScopedMemory, application: Application) -> None:
        told = await _tell(alice)
        await alice.forget(fact=await _fact(alice, "Volvo"), keep_events=True)
        await extract_again(application, alice, list(told.values()))

        assert {fact.text for fact in await alice.facts(superseded=True)} == {*TOLD[:3], TOLD[4]}
        assert await _summaries(alice) == {None: [*TOLD[:3], TOLD[4]], "s1": TOLD[:3], "s2": [TOLD[4]]}

    async def test_it_is_learnt_where_it_is_said_again(self, alice: ScopedMemory, application: Application) -> None:
        told = await _tell(alice)
        await alice.forget(fact=await _fact(alice, "Volvo"), keep_events=True)
        again = await alice.remember("I drive a red Volvo.", session="s3")
        await alice.settled()
        await extract_again(application, alice, list(told.values()))

        fact = next(fact for fact in await alice.facts() if "Volvo" in fact.text)
        assert [source.event_id for source in fact.sources] == [again.id]

    async def test_what_it_had_superseded_holds_again(self, alice: ScopedMemory, application: Application) -> None:
        await alice.remember("I live in Munich.", session="s1")
        await alice.settled()
        moved = await alice.remember("I moved to Berlin.", session="s2")
        await alice.settled()
        await alice.forget(fact=await _fact(alice, "Berlin"), keep_events=True)
        await extract_again(application, alice, [moved.id])

        (fact,) = await alice.facts(superseded=True)
        assert ("Munich" in fact.text, fact.current, fact.validity.end) == (True, True, None)
        assert (await _summaries(alice))[None] == ["alice lives in Munich."]
        assert len(await alice.history()) == 2

    async def test_an_older_version_goes_alone(self, alice: ScopedMemory) -> None:
        for city in ("I live in Munich.", "I moved to Berlin."):
            await alice.remember(city, session="s1")
            await alice.settled()
        old, new = await alice.timeline(await _fact(alice, "Berlin"))
        await alice.forget(fact=old.id, keep_events=True)
        assert [fact.id for fact in await alice.timeline(new.id)] == [new.id]
        assert (await alice.facts())[0].id == new.id

    async def test_it_is_in_the_audit(self, alice: ScopedMemory, urls: dict[str, Any]) -> None:
        await _tell(alice)
        wrong = await _fact(alice, "Volvo")
        await alice.forget(fact=wrong, keep_events=True)
        connection = await asyncpg.connect(urls["postgres_url"])
        rows = await connection.fetch("select item_ids from semmem.audit where action = 'retract'")
        await connection.close()
        assert [row["item_ids"] for row in rows] == [[wrong]]

    async def test_forgetting_its_event_leaves_no_trace_of_it(self, alice: ScopedMemory, urls: dict[str, Any]) -> None:
        told = await _tell(alice)
        await alice.forget(fact=await _fact(alice, "Volvo"), keep_events=True)
        await alice.forget(event=told["I drive a red Volvo."])
        connection = await asyncpg.connect(urls["postgres_url"])
        assert await connection.fetchval("select count(*) from semmem.retractions") == 0
        await connection.close()

    async def test_of_a_stranger_nothing_goes(self, alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
        await _tell(alice)
        wrong = await _fact(alice, "Volvo")
        for stranger in strangers:
            assert (await stranger.forget(fact=wrong, keep_events=True)).counts["facts"] == 0
        assert await _fact(alice, "Volvo") == wrong

    @pytest.mark.parametrize(
        "given",
        [{}, {"everything": True}, {"session": "s"}, {"fact": UUID(int=1), "session": "s"}, {"category": "plan"}],
    )
    async def test_keeping_events_goes_with_a_fact_alone(self, alice: ScopedMemory, given: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput, match="keep_events: goes with a fact alone"):
            await alice.forget(keep_events=True, **given)


async def test_an_agent_that_is_forgotten_is_no_witness_any_more(alice: ScopedMemory) -> None:
    for agent in ("door", "camera", "alarm"):
        await alice.remember("The front door was opened.", role="system", agent=agent)
    await alice.forget(agent="camera")
    (event,) = await alice.history()
    assert (event.agent, event.witnesses) == ("door", ("alarm",))


async def test_a_summary_is_made_again_by_a_worker_that_comes_later(opener: Opener) -> None:
    async with opener() as application:
        told = await _tell(application.memory.scope(tenant="acme", user="alice"))
    async with opener(worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.forget(event=told["I live in Berlin."])
        assert [summary.session for summary in await alice.summaries()] == ["s2"]
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.settled()
        assert await _summaries(alice) == {None: TOLD[1:], "s1": TOLD[1:3], "s2": TOLD[3:]}
