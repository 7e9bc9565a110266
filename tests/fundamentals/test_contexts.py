"""A context shows what holds: a profile first, and no outdated value without the one in its place."""

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from semmem import Format, NewEvent, ScopedMemory
from semmem.domain.context import UNSURE
from semmem.domain.hit import RELEVANT
from semmem.retrieval.budget import MIN_BUDGET
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application

pytestmark = pytest.mark.shared

FORMATS: tuple[Format, ...] = get_args(Format)
MAY = datetime(2026, 5, 4, 12, tzinfo=UTC)
LIVED = ["Berlin", "Munich", "Hamburg"]
ASKED = "Where does alice live now?"
BUDGETS = [MIN_BUDGET, 180, 220, 300, 400, 600, 1_000, 4_000]


async def _moves(alice: ScopedMemory, clock: ManualClock) -> None:
    """Three homes, with other talk between, and the first of them named in passing with what still holds."""
    told = [
        ("I live in Berlin. I am allergic to peanuts. My sister Marta is a dentist.", 0),
        ("Yesterday I bought three lamps for the kitchen, two of them green.", 3),
        ("I moved to Munich.", 40),
        ("I play the cello on Tuesdays, with two friends of mine from school.", 50),
        ("I moved to Hamburg.", 90),
    ]
    for number, (text, days) in enumerate(told):
        said = MAY + timedelta(days=days)
        clock.advance(seconds=max(0.0, (said - clock.now).total_seconds()))
        await alice.remember(text, session=f"s{number}", occurred_at=said)
        await alice.settled()


def _shown_without_the_news(text: str) -> list[str]:
    """Lines with an earlier home below which nothing says where she lives now."""
    wrong = []
    memories = re.split(r"\n(?=[efs]\d+[ :]|\[|#|<)", text)
    for memory in memories:
        if any(home in memory for home in LIVED[:-1]) and LIVED[-1] not in memory:
            wrong.append(memory)
    return wrong


@pytest.mark.parametrize("format", FORMATS)
async def test_no_budget_shows_an_outdated_home_without_the_present_one(
    alice: ScopedMemory, clock: ManualClock, format: Format
) -> None:
    await _moves(alice, clock)
    shown = 0
    for asked in (ASKED, "What does she have in Berlin?", "Tell me of lamps"):
        for session in (None, "s0"):
            for budget in BUDGETS:
                context = await alice.context(asked, budget=budget, format=format, session=session)
                assert not _shown_without_the_news(context.text)
                assert context.tokens <= budget
                shown += "Berlin" in context.text
    assert shown


async def test_the_profile_says_what_holds_and_since_when(alice: ScopedMemory, clock: ManualClock) -> None:
    await _moves(alice, clock)

    profile = (await alice.context("Plan her weekend", budget=1_000)).tier("profile")

    [hamburg] = [item for item in profile if "Hamburg" in item.text]
    assert hamburg.since
    assert (hamburg.since.at, hamburg.since.stated) == (MAY + timedelta(days=90), True)
    assert all(item.since for item in profile)
    assert not any(word in item.text for item in profile for word in ("lamps", "Munich"))
    weighty = (await alice.context("Plan her weekend", budget=1_000, min_importance=0.75)).tier("profile")
    assert list(weighty) == [item for item in profile if item.worth >= 0.75]
    assert len(weighty) < len(profile)


async def test_the_profile_is_the_same_for_every_question_and_while_talk_goes_on(
    alice: ScopedMemory, clock: ManualClock
) -> None:
    await _moves(alice, clock)
    before = (await alice.context(ASKED, budget=600)).text
    clock.advance(days=3)
    await alice.remember("How is the weather today?", session="s9")
    await alice.settled()
    after = (await alice.context("What about the lamps?", budget=600)).text

    start = before.index("# profile")
    profile = before[start : before.index("\n# ", start)]
    assert "Hamburg" in profile
    assert after[: len(before[:start]) + len(profile)] == before[:start] + profile


async def test_what_is_over_or_yet_to_come_is_not_in_the_profile(alice: ScopedMemory, clock: ManualClock) -> None:
    clock.advance(seconds=max(0.0, (MAY - clock.now).total_seconds()))
    for said in (
        "I live in Berlin.",
        "I worked at Siemens from 2015 to 2019.",
        "I will be moving to Oslo in July 2031.",
    ):
        await alice.remember(said, occurred_at=MAY)
        await alice.settled()

    profile = (await alice.context(ASKED, budget=2_000)).tier("profile")

    assert [item.text for item in profile] == ["alice lives in Berlin."]


async def test_a_summary_tells_of_the_days_that_its_events_were_said(alice: ScopedMemory, clock: ManualClock) -> None:
    clock.advance(seconds=max(0.0, (MAY - clock.now).total_seconds()))
    told = [
        NewEvent(content="The boots cost 42.50 EUR and I bought them in Rome.", session="s1", occurred_at=MAY),
        NewEvent(content="I sold my car to Ben.", session="s2", occurred_at=MAY + timedelta(days=9)),
    ]
    clock.advance(days=300)
    await alice.remember_many(told)
    await alice.settled()

    found = {summary.session: (summary.since, summary.until) for summary in await alice.summaries()}
    text = (await alice.context("boots", budget=1_000, tiers={"summary"})).text

    assert found == {
        None: (MAY, MAY + timedelta(days=9)),
        "s1": (MAY, MAY),
        "s2": (MAY + timedelta(days=9), MAY + timedelta(days=9)),
    }
    assert "[2026-05-04 to 2026-05-13]" in text
    assert "[2026-05-04: s1]" in text
    assert text.count("42.50 EUR") == 2


async def test_a_summary_of_another_session_is_made_again_when_something_of_it_is_replaced(
    alice: ScopedMemory, clock: ManualClock
) -> None:
    await _moves(alice, clock)

    told = {summary.session: summary.text for summary in await alice.summaries()}

    assert not any(home in text for text in told.values() for home in LIVED[:-1])
    assert "peanuts" in told["s0"]
    munich = next(event for event in await alice.history() if "Munich" in event.content)
    hamburg = next(event for event in await alice.history() if "Hamburg" in event.content)
    await alice.forget(event=hamburg.id)
    await alice.settled()
    told = {summary.session: summary.text for summary in await alice.summaries()}
    assert "Munich" in (told[None] or "")
    assert "Munich" in (await alice.context(ASKED, budget=1_000)).tier("profile")[0].text
    await alice.forget(event=munich.id)
    await alice.settled()
    assert "Munich" not in "".join(summary.text for summary in await alice.summaries())


async def test_what_was_history_when_it_was_stored_is_marked_too(alice: ScopedMemory, clock: ManualClock) -> None:
    clock.advance(seconds=max(0.0, (MAY + timedelta(days=60) - clock.now).total_seconds()))
    await alice.remember("I moved to Munich.", session="new", occurred_at=MAY + timedelta(days=40))
    await alice.settled()
    await alice.remember("I live in Berlin.", session="old", occurred_at=MAY)
    await alice.settled()

    context = await alice.context(ASKED, budget=1_000)

    [berlin] = [item for item in context.items if item.text == "I live in Berlin."]
    [outdated] = berlin.outdated
    assert (outdated.since.at, outdated.now) == (MAY + timedelta(days=40), "alice moved to Munich.")
    assert "outdated since 2026-06-13\nnow: alice moved to Munich.\n" in context.text


async def test_who_moves_back_is_not_said_to_have_left(alice: ScopedMemory, clock: ManualClock) -> None:
    for days, home in ((0, "Berlin"), (40, "Munich"), (90, "Berlin")):
        said = MAY + timedelta(days=days)
        clock.advance(seconds=max(0.0, (said - clock.now).total_seconds()))
        await alice.remember(f"I live in {home}.", session=f"s{days}", occurred_at=said)
        await alice.settled()

    items = (await alice.context(ASKED, budget=1_000)).items

    said_of = {item.at: item.outdated for item in items if item.kind == "event"}
    assert said_of[MAY] == said_of[MAY + timedelta(days=90)] == ()
    assert [each.now for each in said_of[MAY + timedelta(days=40)]] == ["alice lives in Berlin."]


async def test_a_question_that_the_memory_knows_nothing_of_has_no_relevant_answer(alice: ScopedMemory) -> None:
    for said in (
        "I live in Berlin.",
        "The courier has left the parcel at the bakery.",
        "My sister Marta is a dentist.",
    ):
        await alice.remember(said, session="s1")
    await alice.settled()
    known, unknown = "Where is my parcel?", "How many goals did the striker score in Mongolia?"

    found = await alice.recall(known, min_score=RELEVANT)
    assert "bakery" in found[0].text
    assert found[0].score == pytest.approx(sum(found[0].signals.values()))
    assert not await alice.recall(unknown, min_score=RELEVANT)
    assert await alice.recall(unknown)
    sure, unsure = await alice.context(known, budget=600), await alice.context(unknown, budget=600, tiers={"retrieved"})
    assert (sure.nothing_relevant, UNSURE in sure.text) == (False, False)
    assert (unsure.nothing_relevant, UNSURE in unsure.text) == (True, True)


async def test_what_no_tier_asks_for_is_not_read(
    application: Application, alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.remember("I live in Berlin.")
    await alice.settled()
    monkeypatch.delattr(type(application.parts.tiers._stored), "read")
    context = await alice.context(ASKED, budget=1_000, tiers=("retrieved", "state"))
    assert "I live in Berlin." in context.text


async def test_the_summary_of_the_only_session_is_shown_once(alice: ScopedMemory) -> None:
    await alice.remember("I am allergic to peanuts. I live in Bern.", session="s1")
    await alice.settled()
    whole, of_session = await alice.summaries()
    assert whole.text == of_session.text
    context = await alice.context("Hello", budget=1_000, session="s1")
    assert [item.id for item in context.tier("summary")] == [whole.id]


async def test_an_outdated_sentence_that_an_excerpt_cuts_is_marked(alice: ScopedMemory, clock: ManualClock) -> None:
    canal = "because the canal is near and the barges go by all day, and " * 5
    talk = " ".join(f"The {place} was nice and the people were friendly." for place in ("market", "opera"))
    await alice.remember(f"I work at Siemens {canal}so on. {talk}", session="old")
    await alice.settled()
    clock.advance(days=3)
    await alice.remember("I work at Bosch now.", session="new")
    await alice.settled()
    for budget in (160, 200, 250, 400):
        context = await alice.context("Who works at Siemens by the canal?", budget=budget, tiers=("retrieved",))
        for item in context.items:
            assert "Siemens" not in item.text or "Bosch" in (item.outdated[0].now or ""), (budget, context.text)
