"""A person puts right what was learnt, takes it back or pins it; it stays so, and each of it can be undone."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from semmem import Conflict, Fact, FactChanged, InvalidInput, NewEvent, NotFound, ScopedMemory, Validity
from semmem.domain.fact import MAX_PINS
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application
from tests.applications import extract_again
from tests.faults.oracle import drift

pytestmark = pytest.mark.shared

BERLIN, BERN, MUNICH = "alice lives in Berlin.", "alice lives in Bern.", "alice lives in Munich."
MAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, 9, tzinfo=UTC)


async def _learnt(alice: ScopedMemory, *said: str) -> Fact:
    """What rests on the last of these, once all were said, one after the other."""
    for text in said:
        ack = await alice.remember(text, session="s1")
        await alice.settled()
    [fact] = [fact for fact in await alice.facts() if ack.id in {source.event_id for source in fact.sources}]
    return fact


async def _current(alice: ScopedMemory) -> list[str]:
    return [fact.text for fact in await alice.facts()]


async def _again(application: Application, alice: ScopedMemory) -> None:
    await extract_again(application, alice, [event.id for event in await alice.history(limit=100)])


async def _read(alice: ScopedMemory) -> str:
    """All that reads show of what holds."""
    hits = [hit.text for hit in await alice.recall("Where does alice live?", limit=50) if hit.kind == "fact"]
    profile = [item.text for item in (await alice.context("Where?", budget=1_000)).tier("profile")]
    return "\n".join([*hits, *profile, *(summary.text for summary in await alice.summaries())])


class TestCorrecting:
    async def test_the_right_words_are_what_a_context_answers_with(self, alice: ScopedMemory) -> None:
        wrong = await _learnt(alice, "I prefer phone calls.", "I live in Bern.")
        await alice.correct(wrong.id, text="Dora lives in Basel.", by="nurse")
        await alice.settled()
        context = await alice.context("Where does she live?", budget=2_000, tiers=("retrieved",))
        assert "Dora lives in Basel." in [item.text for item in context.tier("retrieved")]
        assert not context.nothing_relevant

    async def test_the_right_words_are_the_next_version(
        self, alice: ScopedMemory, application: Application, clock: ManualClock
    ) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        clock.advance(days=1)

        right = await alice.correct(wrong.id, text=BERN, by="nurse")
        await alice.settled()

        assert (right.text, right.version, right.thread, right.current) == (BERN, 2, wrong.thread, True)
        assert (right.validity, right.sources, right.trust) == (wrong.validity, wrong.sources, "user")
        assert right.said_at == clock.now
        [before, after] = await alice.timeline(right.id)
        assert after.made
        assert (after.made.kind, after.made.by, after.made.at) == ("corrected", "nurse", clock.now)
        assert before.ended == after.made
        assert (before.current, before.text, before.made, after.ended) == (False, BERLIN, None, None)
        shown = await _read(alice)
        assert BERN in shown
        assert "Berlin" not in shown
        assert await drift(application, alice) == set()

    async def test_dates_are_put_right_alone(self, alice: ScopedMemory) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        right = await alice.correct(wrong.id, validity=Validity(start=MAY, precision="month"), by="alice")
        assert (right.text, right.validity) == (BERLIN, Validity(start=MAY, precision="month"))

    async def test_it_is_not_what_held_before(self, alice: ScopedMemory, clock: ManualClock) -> None:
        """Unlike what was superseded: it was wrong all along."""
        wrong = await _learnt(alice, "I live in Berlin.")
        clock.advance(days=9)
        await alice.correct(wrong.id, text=BERN, validity=Validity(start=wrong.said_at), by="alice")
        await alice.settled()
        then = await alice.recall("Where does alice live?", as_of=wrong.said_at + timedelta(days=1))
        assert [hit.text for hit in then if hit.kind == "fact"] == [BERN]

    async def test_a_context_says_so_below_the_words(self, alice: ScopedMemory, clock: ManualClock) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.correct(wrong.id, text=BERN, by="alice")
        await alice.settled()
        asked: dict[str, Any] = {"query": "Where does alice live?", "budget": 1_000}
        assert f"corrected {clock.now:%Y-%m-%d}\nnow: {BERN}\n" in (await alice.context(**asked)).text
        tagged = (await alice.context(**asked, format="xml")).text
        assert f'<corrected on="{clock.now:%Y-%m-%d}">{BERN}</corrected>' in tagged

    async def test_what_is_right_is_recalled_first(self, alice: ScopedMemory) -> None:
        """Above the wrong event, and above others that are near it."""
        wrong = await _learnt(alice, "I prefer emails now.", "My sister works in Berlin.", "I live in Berlin.")
        await alice.correct(wrong.id, text=BERN, by="alice")
        await alice.settled()
        best, *others = await alice.recall("Where does alice live?")
        [event] = [hit for hit in others if hit.text == "I live in Berlin."]
        assert (best.text, event.signals["outdated"] < 0) == (BERN, True)

    async def test_what_is_said_later_takes_its_place(self, alice: ScopedMemory, clock: ManualClock) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.correct(wrong.id, text=BERN, by="alice")
        clock.advance(days=1)
        moved = await _learnt(alice, "I moved to Munich.")
        assert (moved.version, moved.thread, await _current(alice)) == (3, wrong.thread, ["alice moved to Munich."])

    async def test_also_where_that_is_what_was_corrected(self, alice: ScopedMemory, clock: ManualClock) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.correct(wrong.id, text=BERN, by="alice")
        clock.advance(days=1)
        await _learnt(alice, "I live in Berlin.")
        assert await _current(alice) == [BERLIN]

    async def test_it_can_be_corrected_again(self, alice: ScopedMemory) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        better = await alice.correct(wrong.id, text="alice lives in Basel.", by="bob")
        await alice.correct(better.id, text=BERN, by="carol")
        made = [(each.text, each.made and each.made.by, each.ended and each.ended.by) for each in await _all(alice)]
        assert made == [(BERLIN, None, "bob"), ("alice lives in Basel.", "bob", "carol"), (BERN, "carol", None)]


async def _all(alice: ScopedMemory) -> list[Fact]:
    return await alice.timeline((await alice.facts(superseded=True))[0].id)


class TestEarlierEvents:
    """What was said before a correction never overturns it, whenever it is read."""

    async def test_extracting_them_again_changes_nothing(self, alice: ScopedMemory, application: Application) -> None:
        wrong = await _learnt(alice, "I play the cello.", "I live in Berlin.")
        await alice.correct(wrong.id, text="Home is Bern.", by="alice")
        before = {fact.id for fact in await alice.facts(superseded=True)}
        await _again(application, alice)
        assert {fact.id for fact in await alice.facts(superseded=True)} == before
        assert "Berlin" not in "".join(summary.text for summary in await alice.summaries())

    @pytest.mark.parametrize("said", ["I live in Berlin.", "I moved to Munich in May.", "My home is Munich."])
    async def test_what_comes_in_late_is_history(self, alice: ScopedMemory, clock: ManualClock, said: str) -> None:
        clock.advance(seconds=max(0.0, (JUNE - clock.now).total_seconds()))
        await alice.remember("I live in Berlin.", occurred_at=MAY - timedelta(days=90))
        await alice.settled()
        wrong = (await alice.facts())[0]
        dated = Validity(start=MAY - timedelta(days=90), precision="day")
        await alice.correct(wrong.id, text=BERN, validity=dated, by="alice")
        await alice.remember(said, occurred_at=MAY + timedelta(days=20), session="late")
        await alice.settled()
        assert await _current(alice) == [BERN]

    async def test_a_plan_for_later_still_comes_true(self, alice: ScopedMemory, clock: ManualClock) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        said = clock.now
        clock.advance(days=1)
        await alice.correct(wrong.id, text=BERN, by="alice")
        coming = (said + timedelta(days=70)).strftime("%B %Y")
        await alice.remember(f"I'm moving to Oslo in {coming}.", occurred_at=said + timedelta(hours=1))
        await alice.settled()
        [bern] = [fact for fact in await alice.facts() if fact.text == BERN]
        assert bern.validity.end
        assert bern.validity.end > clock.now


class TestRejecting:
    async def test_it_holds_no_more_and_is_kept_for_the_undo(
        self, alice: ScopedMemory, application: Application, clock: ManualClock
    ) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")

        assert await alice.reject(wrong.id, by="nurse") is None
        await alice.settled()

        assert await _current(alice) == []
        [kept] = await alice.timeline(wrong.id)
        assert kept.ended
        assert (kept.ended.kind, kept.ended.by, kept.ended.at) == ("rejected", "nurse", clock.now)
        assert await _read(alice) == ""
        assert f"rejected {clock.now:%Y-%m-%d}" in (await alice.context("Where does alice live?", budget=1_000)).text
        assert await drift(application, alice) == set()

    async def test_it_does_not_come_back_from_its_events(self, alice: ScopedMemory, application: Application) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.reject(wrong.id, by="alice")
        await _again(application, alice)
        await alice.reindex()
        await alice.settled()
        assert await _current(alice) == []
        assert await _read(alice) == ""

    async def test_nor_from_an_earlier_event_that_comes_in_late(self, alice: ScopedMemory, clock: ManualClock) -> None:
        said = clock.now
        clock.advance(days=2)
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.reject(wrong.id, by="alice")
        await alice.remember("I live in Berlin.", session="late", occurred_at=said)
        await alice.settled()
        assert await _current(alice) == []

    async def test_it_is_learnt_where_it_is_said_again_later(self, alice: ScopedMemory, clock: ManualClock) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.reject(wrong.id, by="alice")
        clock.advance(days=1)
        again = await _learnt(alice, "I live in Berlin.")
        assert (again.text, again.thread != wrong.thread) == (BERLIN, True)

    async def test_what_it_had_superseded_holds_again(
        self, alice: ScopedMemory, application: Application, clock: ManualClock
    ) -> None:
        await _learnt(alice, "I live in Munich.")
        clock.advance(days=1)
        wrong = await _learnt(alice, "I moved to Berlin.")

        holds = await alice.reject(wrong.id, by="alice")
        await _again(application, alice)

        assert holds
        assert (holds.text, holds.version, holds.validity.end) == (MUNICH, 3, None)
        assert holds.made
        assert (holds.made.kind, holds.made.by) == ("reopened", "alice")
        assert [fact.id for fact in await alice.facts()] == [holds.id]
        assert MUNICH in await _read(alice)
        assert await drift(application, alice) == set()

    async def test_of_what_was_reopened_nothing_holds_either(self, alice: ScopedMemory, clock: ManualClock) -> None:
        await _learnt(alice, "I live in Munich.")
        clock.advance(days=1)
        reopened = await alice.reject((await _learnt(alice, "I moved to Berlin.")).id, by="alice")
        assert reopened
        assert await alice.reject(reopened.id, by="alice") is None
        assert [fact.ended is not None for fact in await alice.timeline(reopened.id)] == [True, True, True]

    async def test_a_correction_is_rejected_with_what_it_corrected(self, alice: ScopedMemory) -> None:
        right = await alice.correct((await _learnt(alice, "I live in Berlin.")).id, text=BERN, by="alice")
        assert await alice.reject(right.id, by="alice") is None
        assert await _current(alice) == []


class TestRestoring:
    async def test_a_correction_is_undone(self, alice: ScopedMemory, application: Application) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        right = await alice.correct(wrong.id, text=BERN, by="bob")

        again = await alice.restore_fact(wrong.id, by="carol")
        await alice.settled()

        assert (again.text, again.version, again.validity) == (BERLIN, 3, wrong.validity)
        assert again.made
        assert (again.made.kind, again.made.by) == ("restored", "carol")
        ended = (await alice.timeline(right.id))[1].ended
        assert ended
        assert (ended.kind, ended.by) == ("restored", "carol")
        assert "Bern." not in await _read(alice)
        assert "rejected" not in (await alice.context("Where does alice live?", budget=1_000)).text
        assert await drift(application, alice) == set()

    async def test_and_done_again(self, alice: ScopedMemory, application: Application) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        right = await alice.correct(wrong.id, text=BERN, by="bob")
        await alice.restore_fact(wrong.id, by="carol")
        again = await alice.restore_fact(right.id, by="dave")
        await _again(application, alice)
        assert (again.text, again.version, await _current(alice)) == (BERN, 4, [BERN])

    async def test_what_was_rejected_holds_again_and_may_be_learnt(
        self, alice: ScopedMemory, application: Application
    ) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.reject(wrong.id, by="bob")
        again = await alice.restore_fact(wrong.id, by="bob")
        await _again(application, alice)
        [fact] = await alice.facts()
        assert (fact.id, fact.text, fact.version) == (again.id, BERLIN, 2)
        assert BERLIN in await _read(alice)

    async def test_in_place_of_what_was_reopened(self, alice: ScopedMemory, clock: ManualClock) -> None:
        await _learnt(alice, "I live in Munich.")
        clock.advance(days=1)
        moved = await _learnt(alice, "I moved to Berlin.")
        await alice.reject(moved.id, by="bob")
        again = await alice.restore_fact(moved.id, by="bob")
        assert (again.text, await _current(alice)) == ("alice moved to Berlin.", ["alice moved to Berlin."])


class TestPinning:
    async def test_it_stands_first_in_the_profile(self, alice: ScopedMemory, application: Application) -> None:
        await _learnt(alice, "I live in Berlin.", "I am allergic to peanuts.")
        await alice.remember("The gate code is 4711.", role="tool", importance=0.1)
        await alice.remember("I bought three green lamps yesterday.")
        await alice.settled()
        [lamps] = [fact for fact in await alice.facts() if "lamps" in fact.text]
        assert lamps.text not in await _profile(alice)

        pinned = await alice.pin_fact(lamps.id, by="alice")

        assert pinned.pinned
        assert (pinned.id, pinned.pinned.by, pinned.version) == (lamps.id, "alice", 1)
        assert (await _profile(alice))[0] == lamps.text
        assert (await alice.context("Hello", budget=1_000, min_importance=0.99)).tier("profile")[0].text == lamps.text
        assert (await alice.pin_fact(lamps.id, by="bob")).pinned == pinned.pinned
        assert (await alice.pin_fact(lamps.id, pinned=False, by="bob")).pinned is None
        assert lamps.text not in await _profile(alice)
        assert await drift(application, alice) == set()

    async def test_what_takes_its_place_is_pinned_too(self, alice: ScopedMemory, clock: ManualClock) -> None:
        """A later statement, a correction, what is restored, and what a rejection reopens."""
        home = await _learnt(alice, "I live in Munich.")
        await alice.pin_fact(home.id, by="alice")
        clock.advance(days=1)
        moved = await _learnt(alice, "I moved to Berlin.")
        right = await alice.correct(moved.id, text=BERN, by="bob")
        again = await alice.restore_fact(moved.id, by="bob")
        reopened = await alice.reject(again.id, by="bob")
        assert reopened
        assert [each.pinned and each.pinned.by for each in (moved, right, again, reopened)] == ["alice"] * 4

    async def test_what_was_rejected_is_pinned_no_more(self, alice: ScopedMemory) -> None:
        home = await _learnt(alice, "I live in Munich.")
        await alice.pin_fact(home.id, by="alice")
        await alice.reject(home.id, by="alice")
        assert (await alice.restore_fact(home.id, by="alice")).pinned is None

    async def test_so_many_and_no_more(self, alice: ScopedMemory) -> None:
        named = [f"My friend number {number} is called Nick{number}x." for number in range(MAX_PINS + 1)]
        await alice.remember_many([NewEvent(content=text) for text in named])
        await alice.settled()
        facts = [fact for fact in await alice.facts() if "Nick" in fact.text]
        assert len(facts) == MAX_PINS + 1
        for fact in facts[:-1]:
            await alice.pin_fact(fact.id, by="alice")
        with pytest.raises(InvalidInput, match="50 facts of this scope are pinned, which is the most; unpin one"):
            await alice.pin_fact(facts[-1].id, by="alice")
        await alice.pin_fact(facts[0].id, pinned=False, by="alice")
        await alice.pin_fact(facts[-1].id, by="alice")


async def _profile(alice: ScopedMemory) -> list[str]:
    return [item.text for item in (await alice.context("Hello", budget=2_000)).tier("profile")]


class TestBadInput:
    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, "text: must be there, or validity; pass what is right"),
            ({"text": ""}, "text: must not be empty"),
            ({"text": " \n"}, "text: must not be empty"),
            ({"text": "x" * 2_001}, "text: must be at most 2000 bytes"),
            ({"text": BERLIN}, "text: is what the fact says already"),
            ({"text": BERN, "by": ""}, "by: must not be empty"),
            ({"text": BERN, "version": 0}, "version: must be"),
            ({"validity": "May"}, "validity: must be a Validity"),
        ],
    )
    async def test_of_a_correction(self, alice: ScopedMemory, given: dict[str, Any], says: str) -> None:
        fact = await _learnt(alice, "I live in Berlin.")
        with pytest.raises(InvalidInput) as raised:
            await alice.correct(fact.id, **{"by": "alice"} | given)
        assert str(raised.value).startswith(says)
        assert [each.id for each in await alice.timeline(fact.id)] == [fact.id]

    def test_dates_the_wrong_way_round(self) -> None:
        with pytest.raises(InvalidInput, match=r"validity\.end: must not be before its start; swap or drop one"):
            Validity(start=JUNE, end=MAY)

    @pytest.mark.parametrize("act", ["correct", "reject", "restore_fact", "pin_fact"])
    async def test_of_a_fact_that_is_not_here(
        self, alice: ScopedMemory, strangers: list[ScopedMemory], act: str
    ) -> None:
        """One of another scope, one that was forgotten, and one that never was, look the same."""
        fact = await _learnt(alice, "I live in Berlin.")
        given = {"text": BERN} if act == "correct" else {}
        told = set()
        for other in strangers:
            with pytest.raises(NotFound) as raised:
                await getattr(other, act)(fact.id, by="mallory", **given)
            told.add(str(raised.value))
        await alice.forget(fact=fact.id)
        for id in (fact.id, UUID(int=7)):
            with pytest.raises(NotFound) as raised:
                await getattr(alice, act)(id, by="alice", **given)
            told.add(str(raised.value).replace(str(UUID(int=7)), str(fact.id)))
        assert told == {f"no fact {fact.id} in this scope; `facts` lists those that are there"}

    @pytest.mark.parametrize("act", ["correct", "reject", "pin_fact"])
    async def test_of_a_superseded_fact(self, alice: ScopedMemory, clock: ManualClock, act: str) -> None:
        old = await _learnt(alice, "I live in Munich.")
        clock.advance(days=1)
        new = await _learnt(alice, "I moved to Berlin.")
        with pytest.raises(
            InvalidInput, match=rf"fact: was superseded by version 2, {new.id}; pass the id of that one"
        ):
            await getattr(alice, act)(old.id, by="alice", **({"text": BERN} if act == "correct" else {}))

    async def test_of_a_rejected_fact(self, alice: ScopedMemory) -> None:
        fact = await _learnt(alice, "I live in Berlin.")
        await alice.reject(fact.id, by="bob")
        with pytest.raises(InvalidInput, match="fact: was rejected by bob; restore it first"):
            await alice.correct(fact.id, text=BERN, by="alice")

    async def test_of_a_version_that_was_not_taken_back(self, alice: ScopedMemory, clock: ManualClock) -> None:
        old = await _learnt(alice, "I live in Munich.")
        with pytest.raises(InvalidInput, match="fact: holds already; pass the id of the version to go back to"):
            await alice.restore_fact(old.id, by="alice")
        clock.advance(days=1)
        new = await _learnt(alice, "I moved to Berlin.")
        with pytest.raises(InvalidInput, match=rf"by no person; correct version 2, {new.id}, where that one is wrong"):
            await alice.restore_fact(old.id, by="alice")

    async def test_of_a_correction_that_later_news_took_the_place_of(
        self, alice: ScopedMemory, clock: ManualClock
    ) -> None:
        wrong = await _learnt(alice, "I live in Berlin.")
        await alice.correct(wrong.id, text=BERN, by="alice")
        clock.advance(days=1)
        new = await _learnt(alice, "I moved to Munich.")
        with pytest.raises(InvalidInput, match=rf"a later statement took its place, version 3, {new.id}"):
            await alice.restore_fact(wrong.id, by="alice")

    async def test_of_what_another_fact_says(self, alice: ScopedMemory) -> None:
        cello = await _learnt(alice, "I play the cello.")
        fact = await _learnt(alice, "I live in Berlin.")
        with pytest.raises(InvalidInput, match=rf"fact: another fact, {cello.id}, says this already; reject this one"):
            await alice.correct(fact.id, text=cello.text, by="alice")
        assert fact.id in {each.id for each in await alice.facts()}


class TestConflicts:
    async def test_a_version_that_is_none_any_more(self, alice: ScopedMemory) -> None:
        seen = await _learnt(alice, "I live in Berlin.")
        right = await alice.correct(seen.id, text=BERN, by="bob", version=1)
        acts = (
            partial(alice.correct, text=MUNICH),
            alice.reject,
            alice.restore_fact,
            alice.pin_fact,
        )
        for act in acts:
            with pytest.raises(FactChanged, match="version 2 holds by bob; read its timeline") as raised:
                await act(seen.id, by="carol", version=1)
            assert isinstance(raised.value, Conflict)
            assert (raised.value.seen, raised.value.found, raised.value.value) == (1, 2, BERN)
        assert [fact.id for fact in await alice.facts()] == [right.id]
        assert (await alice.correct(right.id, text=MUNICH, by="carol", version=2)).version == 3

    async def test_of_a_fact_of_which_nothing_holds(self, alice: ScopedMemory) -> None:
        seen = await _learnt(alice, "I live in Berlin.")
        await alice.reject(seen.id, by="bob")
        with pytest.raises(FactChanged, match="now no version holds by bob"):
            await alice.correct(seen.id, text=BERN, by="carol", version=1)


class TestWhoFollows:
    async def test_the_log_tells_of_each_without_its_words(self, alice: ScopedMemory) -> None:
        fact = await _learnt(alice, "I live in Berlin.")
        agent = alice.agent("desk")
        right = await agent.correct(fact.id, text=BERN, by="nurse")
        await agent.pin_fact(right.id, by="nurse")
        await alice.reject(right.id, by="nurse")
        await alice.restore_fact(right.id, by="nurse")
        told = [entry for entry in await alice.entries(limit=100) if entry.kind == "corrected"]
        assert [entry.subject for entry in told] == ["corrected", "pinned", "rejected", "restored"]
        assert [entry.agent for entry in told] == ["desk", "desk", None, None]
        assert told[0].ids == (fact.id, right.id)
        assert not any(word in repr(told) for word in ("Bern", "Berlin", "nurse"))

    async def test_forget_of_the_event_takes_it_along(self, alice: ScopedMemory) -> None:
        fact = await _learnt(alice, "I live in Berlin.")
        right = await alice.correct(fact.id, text="alice lives in Xanten.", by="zebulon")
        await alice.forget(event=fact.sources[0].event_id)
        assert await alice.facts(superseded=True) == []
        with pytest.raises(NotFound):
            await alice.timeline(right.id)
        assert "Xanten" not in (await alice.context("Where does alice live?", budget=1_000)).text

    async def test_what_a_later_event_says_too_stays(self, alice: ScopedMemory, clock: ManualClock) -> None:
        fact = await _learnt(alice, "I live in Berlin.")
        right = await alice.correct(fact.id, text=BERN, by="alice")
        at = clock.now
        clock.advance(days=1)
        later = await alice.remember("I live in Bern.", session="s2")
        await alice.settled()
        await alice.forget(event=fact.sources[0].event_id)
        [left] = await alice.facts()
        assert (left.id, [source.event_id for source in left.sources]) == (right.id, [later.id])
        await alice.forget(event=later.id)
        assert await alice.facts(superseded=True) == []
        assert at < clock.now

    async def test_a_correction_goes_by_itself_where_it_is_forgotten_as_wrong(self, alice: ScopedMemory) -> None:
        fact = await _learnt(alice, "I live in Berlin.")
        right = await alice.correct(fact.id, text=BERN, by="alice")
        await alice.forget(fact=right.id, keep_events=True)
        assert await _current(alice) == []
        assert [each.id for each in await alice.timeline(fact.id)] == [fact.id]
