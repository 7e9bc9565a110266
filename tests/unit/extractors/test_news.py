"""The news wins: a later statement replaces an earlier one, whatever period it names, in whatever order they come."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from semmem.domain.extraction import Decision, Question
from semmem.domain.fact import Draft, Fact, Validity
from semmem.extractors.dates import resolve
from semmem.extractors.resolve import judge, superseding
from semmem.retrieval.scoring import holds
from tests.unit.extractors.builders import draft, fact


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def asked(known: Fact, text: str, said: datetime) -> Question:
    new = draft(text, validity=resolve(text, said))
    return Question(draft=new, candidates=(known,), cosines=(0.6,), said_at=said)


NEWS = [
    ("2026-05-04", "I moved to Munich last month.", "2026-06-03"),
    ("2026-05-04", "I moved to Munich this month.", "2026-05-28"),
    ("2026-05-12", "I moved to Munich in May.", "2026-06-03"),
    ("2026-06-01", "I moved to Munich in May.", "2026-06-03"),
    ("2026-05-27", "I moved to Munich this week.", "2026-05-30"),
    ("2025-03-10", "I've moved to Munich in 2025.", "2026-06-03"),
    ("2026-01-10", "I moved to Munich this year.", "2026-06-03"),
    ("2026-02-10", "I moved to Munich last year.", "2026-06-03"),
    ("2026-06-03T09:00", "I moved to Munich today.", "2026-06-03T18:00"),
    ("2026-06-03T09:00", "As of today I live in Munich.", "2026-06-03T18:00"),
    ("2026-06-02T22:00", "I moved to Munich yesterday.", "2026-06-03T08:00"),
    ("2026-05-20", "Last weekend we moved to Munich.", "2026-06-03"),
    ("2026-04-01", "I moved to Munich two months ago.", "2026-06-03"),
    ("2026-04-01", "I have been living in Munich since May.", "2026-06-03"),
    ("2026-05-01", "I moved to Munich on 20 May.", "2026-06-03"),
    ("2026-05-01", "I live in Munich.", "2026-06-03"),
]


@pytest.mark.parametrize(("before", "text", "said"), NEWS)
def test_a_later_statement_is_the_news_whatever_period_it_names(before: str, text: str, said: str) -> None:
    known = fact("alice lives in Berlin.", said_at=at(before))
    question = asked(known, text, at(said))
    for decided in (judge(question), superseding(question, known)):
        assert (decided.verdict, decided.target, decided.draft.validity.end) == ("supersede", known, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I lived in Munich from 2010 to 2014.", "2026-06-03"),
        ("I will move to Munich next month.", "2026-06-03"),
        ("I'm moving to Munich in August.", "2026-06-03"),
        ("I moved to Munich in 2010.", "2026-06-03"),
        ("I moved to Munich ten years ago.", "2026-06-03"),
        ("I lived in Munich until 2014.", "2026-06-03"),
    ],
)
def test_what_tells_of_the_past_or_of_a_plan_is_no_news(text: str, said: str) -> None:
    known = fact("alice lives in Berlin.", said_at=at("2026-05-04"))
    question = asked(known, text, at(said))
    assert judge(question).verdict == "add"
    assert superseding(question, known).verdict == "add"


@pytest.mark.parametrize(
    "text",
    [
        "I'm moving to Munich in August.",
        "I will move to Munich on 1 August.",
        "We are going to move to Munich next month.",
    ],
)
def test_a_plan_leaves_the_present_as_it_is_until_its_day(text: str) -> None:
    known = fact("alice lives in Berlin.", said_at=at("2026-05-04"))
    question = asked(known, text, at("2026-06-03"))
    for decided in (judge(question), superseding(question, known)):
        assert (decided.verdict, decided.target, decided.until) == ("add", None, (known,))
        assert decided.draft.validity.start
        assert decided.draft.validity.start > at("2026-06-03")


@pytest.mark.parametrize(
    "text",
    [
        "I might move to Munich in August.",
        "I'm not moving to Munich in August.",
        "I'm moving to the front row in August.",
        "I'm moving to Munich for the weekend on 1 August.",
        "If I move to Munich in August I will be happy.",
        "My brother is moving to Munich in August.",
    ],
)
def test_what_is_no_plan_of_theirs_ends_nothing(text: str) -> None:
    known = fact("alice lives in Berlin.", said_at=at("2026-05-04"))
    decided = judge(asked(known, text, at("2026-06-03")))
    assert (decided.verdict, decided.until) == ("add", ())


def test_an_event_that_came_late_is_history_and_ends_where_the_news_began() -> None:
    known = fact("alice lives in Berlin.", said_at=at("2026-05-04"))
    question = asked(known, "I live in Munich.", at("2026-04-01"))
    for decided in (judge(question), superseding(question, known)):
        assert decided.verdict == "add"
        assert decided.draft.superseded
        assert decided.draft.validity.end == at("2026-05-04")


def test_the_same_words_said_again_after_a_change_are_news_and_a_replay_is_not() -> None:
    berlin = fact("alice lives in Berlin.", said_at=at("2026-01-01"), superseded_at=at("2026-02-01"))
    munich = fact("alice lives in Munich.", said_at=at("2026-02-01"))
    candidates = {"candidates": (berlin, munich), "cosines": (1.0, 0.8)}
    again = Question(draft=draft("alice lives in Berlin."), said_at=at("2026-03-01"), **candidates)  # type: ignore[arg-type]
    assert (judge(again).verdict, judge(again).target) == ("supersede", munich)
    replayed = Question(draft=draft("alice lives in Berlin."), said_at=at("2026-01-01"), **candidates)  # type: ignore[arg-type]
    assert (judge(replayed).verdict, judge(replayed).target) == ("ignore", berlin)


CHAIN = [
    ("alice lives in Berlin.", "2026-01-01"),
    ("alice moved to Munich last week.", "2026-02-01"),
    ("alice has relocated to Oslo.", "2026-03-01"),
    ("alice moved to Porto this month.", "2026-04-20"),
]


def _apply(memory: list[Fact], decided: Decision, said: datetime) -> list[Fact]:
    """What semmem.engine.writing does with a decision, in memory."""
    new, target = decided.draft, decided.target
    if decided.verdict == "supersede" and target:
        end = max(new.validity.start or said, target.validity.start or target.said_at)
        memory = [_closed(each, end, said) if each is target else each for each in memory]
    return [*memory, _stored(new, said, decided.verdict == "supersede")]


def _closed(one: Fact, end: datetime, now: datetime) -> Fact:
    kept = min(one.validity.end, end) if one.validity.end else end
    return fact(one.text, validity=Validity(start=one.validity.start, end=kept), said_at=one.said_at, superseded_at=now)


def _stored(new: Draft, said: datetime, replaces: bool) -> Fact:
    start = new.validity.start or (said if replaces else None)
    validity = Validity(start=start, end=new.validity.end)
    return fact(new.text, validity=validity, said_at=said, superseded_at=said if new.superseded else None)


@pytest.mark.parametrize("order", list(permutations(range(len(CHAIN)))))
def test_events_end_in_the_same_facts_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    memory: list[Fact] = []
    for position in order:
        text, day = CHAIN[position]
        new = draft(text, validity=resolve(text, at(day)))
        question = Question(draft=new, candidates=tuple(memory), cosines=(0.6,) * len(memory), said_at=at(day))
        memory = _apply(memory, judge(question), at(day))
    now = at("2026-06-01")
    assert [each.text for each in memory if each.current and holds(each, None, now)] == [CHAIN[-1][0]]
    for day, city in (
        ("2026-01-10", "Berlin"),
        ("2026-02-10", "Munich"),
        ("2026-03-10", "Oslo"),
        ("2026-05-01", "Porto"),
    ):
        held = [each.text for each in memory if holds(each, at(day), now)]
        assert any(city in text for text in held), day


def test_a_superseded_draft_is_stored_beside_what_stands() -> None:
    old = draft("alice lives in Rome.")
    question = Question(
        draft=Draft(**{name: getattr(old, name) for name in Draft.__slots__} | {"superseded": True}),
        candidates=(fact("alice lives in Oslo."),),
        cosines=(0.9,),
        said_at=at("2026-05-01"),
    )
    assert judge(question).verdict == "add"
