"""What ended a fact is known, in whatever thread it stands: once that goes, or is taken back, the fact holds again."""

from datetime import UTC, datetime

import pytest

from semmem import Fact, NewEvent, ScopedMemory
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application
from tests.applications import extract_again
from tests.faults.oracle import drift

pytestmark = pytest.mark.shared

CAT = ("My cat's name is Mia.", "My cat Mia is three years old.", "My cat Mia died.")
NAMED, AGED, DIED = "alice's cat's name is Mia.", "alice's cat Mia is three years old.", "alice's cat Mia died."


async def _learn(alice: ScopedMemory, *said: str) -> None:
    for text in said:
        await alice.remember(text)
        await alice.settled()


async def _learn_of_the_cat(alice: ScopedMemory, clock: ManualClock) -> None:
    """Two facts at once, and a day later the one that ends both."""
    await alice.remember_many([NewEvent(content=text) for text in CAT[:2]])
    await alice.settled()
    clock.advance(days=1)
    await _learn(alice, CAT[2])


async def _current(alice: ScopedMemory) -> set[str]:
    return {fact.text for fact in await alice.facts()}


async def _fact(alice: ScopedMemory, text: str) -> Fact:
    [fact] = [fact for fact in await alice.facts() if fact.text == text]
    return fact


async def _forget_what_says(alice: ScopedMemory, text: str) -> None:
    [source] = (await _fact(alice, text)).sources
    await alice.forget(event=source.event_id)
    await alice.settled()


async def test_all_that_a_forgotten_fact_had_ended_holds_again(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    await _learn_of_the_cat(alice, clock)
    assert await _current(alice) == {DIED}
    await _forget_what_says(alice, DIED)
    assert await _current(alice) == {NAMED, AGED}
    assert await drift(application, alice) == set()


async def test_all_that_a_rejected_fact_had_ended_holds_again_and_what_restores_it_ends_that_again(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    await _learn_of_the_cat(alice, clock)
    assert await _current(alice) == {DIED}

    rejected = await _fact(alice, DIED)
    await alice.reject(rejected.id, by="alice")
    await alice.settled()
    assert await _current(alice) == {NAMED, AGED}
    assert all(fact.validity.end is None for fact in await alice.facts())
    assert await drift(application, alice) == set()

    await alice.restore_fact(rejected.id, by="alice")
    await alice.settled()
    assert await _current(alice) == {DIED}
    assert await drift(application, alice) == set()

    await _forget_what_says(alice, DIED)
    assert await _current(alice) == {NAMED, AGED}
    assert await drift(application, alice) == set()


async def test_what_took_its_place_in_turn_keeps_it_ended(alice: ScopedMemory, clock: ManualClock) -> None:
    """Two facts of Berlin end with Munich, and Munich with Hamburg; Munich goes, and then Hamburg."""
    await alice.remember_many(
        [NewEvent(content="I live in Berlin."), NewEvent(content="My address is Elm Street 5, Berlin.")]
    )
    await alice.settled()
    before = await _current(alice)
    clock.advance(days=1)
    await _learn(alice, "I moved to Munich.")
    munich = await _fact(alice, "alice moved to Munich.")
    clock.advance(days=1)
    await _learn(alice, "I moved to Hamburg.")
    assert await _current(alice) == {"alice moved to Hamburg."}

    await alice.forget(event=munich.sources[0].event_id)
    assert await _current(alice) == {"alice moved to Hamburg."}
    await _forget_what_says(alice, "alice moved to Hamburg.")
    assert await _current(alice) == before


async def test_what_came_as_history_holds_once_the_news_is_gone(alice: ScopedMemory, clock: ManualClock) -> None:
    """Late, and in one batch with what took its place."""
    await _learn(alice, "I live in Munich.")
    await alice.remember("I live in Berlin.", occurred_at=datetime(2026, 1, 1, tzinfo=UTC))
    await alice.settled()
    assert await _current(alice) == {"alice lives in Munich."}
    await alice.reject((await _fact(alice, "alice lives in Munich.")).id, by="alice")
    assert await _current(alice) == {"alice lives in Berlin."}


async def test_an_end_of_its_own_is_what_it_goes_back_to(alice: ScopedMemory, clock: ManualClock) -> None:
    await _learn(alice, "I live in Berlin until 1 May 2027.")
    [berlin] = await alice.facts()
    assert berlin.validity.end
    clock.advance(days=1)
    await _learn(alice, "I moved to Munich.")
    await _forget_what_says(alice, "alice moved to Munich.")
    [again] = await alice.facts()
    assert (again.id, again.validity) == (berlin.id, berlin.validity)


async def test_a_plan_that_goes_leaves_ends_of_their_own(alice: ScopedMemory, clock: ManualClock) -> None:
    """Berlin ends by itself on the day on which another job begins, and that plan is forgotten."""
    await _learn(alice, "I live in Berlin until 1 March 2027.", "I work at Acme.")
    [berlin] = [fact for fact in await alice.facts() if "Berlin" in fact.text]
    await _learn(alice, "I will start a new job at Globex on 1 March 2027.")
    [plan] = [fact for fact in await alice.facts() if "Globex" in fact.text]
    await alice.forget(event=plan.sources[0].event_id)
    [left] = [fact for fact in await alice.facts() if "Berlin" in fact.text]
    assert left.validity == berlin.validity


async def test_what_was_taken_back_ends_nothing_when_both_are_read_anew(
    alice: ScopedMemory, application: Application
) -> None:
    await _learn(alice, "I live in Berlin.", "I moved to Munich.")
    wrong = await _fact(alice, "alice moved to Munich.")
    await alice.reject(wrong.id, by="alice")
    berlin = await _fact(alice, "alice lives in Berlin.")
    events = [event.id for event in await alice.history()]
    await alice.forget(fact=berlin.id, keep_events=True)
    await extract_again(application, alice, events)
    assert "alice moved to Munich." not in await _current(alice)


async def test_what_ended_what_goes_along_in_an_export(
    alice: ScopedMemory, elsewhere: Application, clock: ManualClock
) -> None:
    await _learn_of_the_cat(alice, clock)
    lines = [line async for line in alice.export()]
    for user in ("alice", "bob"):  # whose facts get ids of their own, for those of the file are taken by then
        other = elsewhere.memory.scope(tenant=alice.scope.tenant, user=user)
        await other.import_(lines)
        assert await _current(other) == {DIED}
        await _forget_what_says(other, DIED)
        assert await _current(other) == {NAMED, AGED}


async def test_a_correction_keeps_the_plan_that_ends_a_fact(alice: ScopedMemory, clock: ManualClock) -> None:
    await _learn(alice, "I live in Berln.")
    [home] = await alice.facts()
    await _learn(alice, "I'm moving to Munich on 1 March 2027.")
    corrected = await alice.correct(home.id, text="alice lives in Berlin.", by="alice")
    assert corrected.validity.end
    [plan] = [fact for fact in await alice.facts() if "Munich" in fact.text]
    await alice.forget(event=plan.sources[0].event_id)
    [left] = await alice.facts()
    assert (left.id, left.validity.end) == (corrected.id, None)


async def test_what_is_restored_and_taken_back_again_gives_back_what_it_had_ended(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    await _learn_of_the_cat(alice, clock)
    died = await _fact(alice, DIED)
    corrected = await alice.correct(died.id, text="alice's cat Mia was ill.", by="alice")
    restored = await alice.restore_fact(died.id, by="alice")
    for _ in range(2):
        await alice.reject(restored.id, by="alice")
        assert await _current(alice) == {NAMED, AGED}
        restored = await alice.restore_fact(restored.id, by="alice")
        assert await _current(alice) == {DIED}
    assert corrected.thread == restored.thread

    await alice.settled()
    await _forget_what_says(alice, DIED)
    assert await _current(alice) == {NAMED, AGED}
    other = application.memory.scope(tenant=alice.scope.tenant, user="carol")
    await other.import_([line async for line in alice.export()])
    assert await _current(other) == {NAMED, AGED}
