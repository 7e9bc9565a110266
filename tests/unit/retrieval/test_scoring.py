from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.domain.event import Event
from semmem.domain.fact import Fact, Source
from semmem.domain.hit import Hit
from semmem.retrieval.pieces import LONG
from semmem.retrieval.scoring import (
    HALF_LIFE,
    IMPORTANCE,
    OUTDATED,
    RECENCY,
    RELEVANCE,
    distinct,
    holds,
    rank,
    turns_first,
)
from tests.unit.retrieval.memories import MAY, event, fact


def hit(item: Event | Fact, score: float = 0.5) -> Hit:
    return Hit(item=item, score=score, signals={"turn": score})


def resting(text: str, *events: Event) -> Fact:
    """A fact drawn from these events."""
    return replace(fact(text), sources=tuple(Source(event_id=one.id, quote=one.content) for one in events))


def test_the_weights_make_a_full_score_of_one() -> None:
    assert pytest.approx(1.0) == RELEVANCE + RECENCY + IMPORTANCE


def test_a_score_is_the_sum_of_its_signals() -> None:
    old = event("Lives in Berlin", at=MAY - HALF_LIFE, importance=0.5)
    [hit] = rank([old], {old.id: {"turn": 0.4, "words": 0.2}}, MAY)
    parts = {"turn": 0.4 * RELEVANCE, "words": 0.2 * RELEVANCE, "recency": RECENCY / 2, "importance": IMPORTANCE / 2}
    assert hit.signals == pytest.approx(parts)
    assert hit.score == pytest.approx(sum(parts.values()))


def test_what_no_index_found_has_only_recency_and_importance() -> None:
    [hit] = rank([event("Lives in Berlin", importance=1.0)], {}, MAY)
    assert hit.signals == pytest.approx({"recency": RECENCY, "importance": IMPORTANCE})


@given(
    st.integers(-40_000, 40_000).map(lambda days: MAY + timedelta(days=days)),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.booleans(),
)
def test_no_score_leaves_zero_to_one(at: datetime, importance: float, first: float, share: float, old: bool) -> None:
    one = event("x", at=at, importance=importance)
    relevance = {one.id: {"turn": first * share, "words": first * (1 - share)}}
    [hit] = rank([one], relevance, MAY, {one.id} if old else ())
    assert 0 <= hit.score <= 1
    assert hit.score == pytest.approx(sum(hit.signals.values()), abs=1e-9)


def test_recency_and_importance_do_not_outweigh_relevance() -> None:
    fitting = event("fits", at=MAY - 100 * HALF_LIFE, importance=0.0)
    loud = event("loud", importance=1.0)
    less = 0.5 - (RECENCY + IMPORTANCE + 0.01) / RELEVANCE
    relevance = {fitting.id: {"turn": 0.5}, loud.id: {"turn": less}}
    assert [hit.item for hit in rank([loud, fitting], relevance, MAY)] == [fitting, loud]


def test_the_best_come_first_and_none_is_left_out() -> None:
    events = [event(f"number {n % 2}") for n in range(5)]
    relevance = {one.id: {"turn": n / 10} for n, one in enumerate(events)}
    assert [hit.item for hit in rank(events, relevance, MAY)] == events[::-1]


def test_ties_go_to_the_newer_then_to_the_lower_id() -> None:
    later = event("later", at=MAY + timedelta(days=2), id=9)
    sooner = event("sooner", at=MAY + timedelta(days=1), id=8)
    twins = [event("twin two", at=MAY, id=2), event("twin one", at=MAY, id=1)]
    hits = rank([*twins, sooner, later], {}, MAY)
    assert [hit.id.int for hit in hits] == [9, 8, 1, 2]


@given(st.permutations(range(6)))
def test_the_order_of_candidates_does_not_matter(order: list[int]) -> None:
    events = [event(f"text {n % 4}", id=n + 1) for n in range(6)]
    relevance: dict[UUID, dict[str, float]] = {one.id: {"turn": one.id.int % 3 / 10} for one in events}
    assert rank([events[n] for n in order], relevance, MAY) == rank(events, relevance, MAY)


def test_an_outdated_event_stands_below_what_replaced_it_and_says_so() -> None:
    old, new = event("I live in Munich"), event("I moved to Berlin")
    relevance = {old.id: {"turn": 0.45}, new.id: {"turn": 0.45 - 0.9 * OUTDATED}}
    first, second = rank([old, new], relevance, MAY, {old.id})
    assert (first.item, second.item) == (new, old)
    assert second.signals["outdated"] == -OUTDATED
    assert second.score == pytest.approx(sum(second.signals.values()))


def test_an_outdated_event_of_no_worth_is_not_below_zero() -> None:
    old = event("I live in Munich")
    assert rank([old], {}, MAY, {old.id})[0].score == 0


def test_a_statement_appears_once_as_a_fact_before_an_event() -> None:
    stated, said = fact("Alice lives in Berlin."), event("Alice lives in  BERLIN")
    assert distinct([hit(said, 0.9), hit(stated, 0.1)]) == [hit(stated, 0.1)]


def test_a_statement_appears_once_by_its_better_hit() -> None:
    weak, strong = event("I moved!"), event("i moved")
    assert distinct([hit(strong, 0.3), hit(weak, 0.1)]) == [hit(strong, 0.3)]


def test_two_people_may_say_the_same() -> None:
    said = [hit(event("I am allergic to peanuts", speaker=name)) for name in ("Alice", "Bob")]
    assert distinct(said) == turns_first(said) == said


def test_a_fact_gives_way_to_the_turns_it_rests_on() -> None:
    turn, other = event("I moved to Berlin, and I bought a bike."), event("Nice weather")
    berlin, bike = resting("Alice moved to Berlin", turn), resting("Alice bought a bike", turn)
    both = resting("It was nice when Alice moved", turn, event("Nobody found this"))
    hits = turns_first([hit(berlin, 0.9), hit(other, 0.8), hit(turn, 0.5), hit(bike, 0.4), hit(both, 0.3)])
    assert hits == [hit(other, 0.8), hit(turn, 0.5)]


def test_facts_that_rest_on_a_long_text_or_on_turns_that_were_not_found_stay() -> None:
    page, unseen = event("word " * (LONG + 1)), event("I like tea")
    stay = [hit(resting("Alice wrote a page", page), 0.9), hit(resting("Alice likes tea", unseen), 0.8)]
    assert turns_first([*stay, hit(page, 0.7)]) == [*stay, hit(page, 0.7)]


def test_turns_that_say_the_same_appear_once() -> None:
    first, again = event("I moved to Berlin"), event("i moved to  Berlin.")
    assert [each.item for each in turns_first([hit(again, 0.5), hit(first, 0.4)])] == [again]


JANUARY, MARCH, JUNE = (datetime(2023, month, 1, tzinfo=UTC) for month in (1, 3, 6))
TODAY = datetime(2026, 11, 1, tzinfo=UTC)

PARIS = fact("lives in Paris", start=JANUARY, end=MARCH, superseded_at=TODAY)
BERLIN = fact("lives in Berlin", start=MARCH, version=2)
UNDATED = fact("likes tea", said_at=MARCH)
REPLACED = fact("likes tea", end=MARCH, superseded_at=MARCH)
REPLACEMENT = fact("likes coffee", start=MARCH, version=2)
OVER = fact("stays until March", end=MARCH, said_at=JANUARY)
PAST = fact("stayed until March", end=MARCH, said_at=JUNE)
PLAN = fact("will move to Rome", start=TODAY + timedelta(days=90))


@pytest.mark.parametrize(
    ("one", "as_of", "answer"),
    [
        (PARIS, None, False),
        (BERLIN, None, True),
        (PARIS, JANUARY - timedelta(days=1), False),
        (PARIS, JANUARY, True),
        (PARIS, MARCH - timedelta(seconds=1), True),
        (PARIS, MARCH, False),
        (BERLIN, MARCH - timedelta(seconds=1), False),
        (BERLIN, MARCH, True),
        (UNDATED, JANUARY, False),
        (UNDATED, JUNE, True),
        (REPLACED, JANUARY, True),
        (REPLACED, MARCH, False),
        (REPLACEMENT, JANUARY, False),
        (REPLACEMENT, JUNE, True),
        (OVER, None, False),
        (OVER, JANUARY, True),
        (PAST, None, True),
        (PAST, JANUARY, True),
        (PAST, JUNE, False),
        (PLAN, None, True),
        (PLAN, TODAY, False),
    ],
)
def test_what_held_at_a_time(one: Fact, as_of: datetime | None, answer: bool) -> None:
    assert holds(one, as_of, TODAY) is answer
