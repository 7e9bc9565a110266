from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.fact import Fact
from semmem.retrieval.scoring import DENSE, HALF_LIFE, IMPORTANCE, LEXICAL, RECENCY, holds, rank
from tests.unit.retrieval.memories import MAY, event, fact


def test_the_weights_make_a_full_score_of_one() -> None:
    assert pytest.approx(1.0) == DENSE + LEXICAL + RECENCY + IMPORTANCE


def test_a_score_is_the_sum_of_its_signals() -> None:
    old = event("Lives in Berlin", at=MAY - HALF_LIFE, importance=0.5)
    [hit] = rank([old], {old.id: {"dense": 0.4, "lexical": 0.2}}, MAY, 10)
    parts = {"dense": 0.4, "lexical": 0.2, "recency": RECENCY / 2, "importance": IMPORTANCE / 2}
    assert hit.signals == pytest.approx(parts)
    assert hit.score == pytest.approx(sum(parts.values()))


@given(
    st.integers(-40_000, 40_000).map(lambda days: MAY + timedelta(days=days)),
    st.floats(0, 1),
    st.floats(0, DENSE),
    st.floats(0, LEXICAL),
)
def test_no_score_leaves_zero_to_one(at: datetime, importance: float, dense: float, lexical: float) -> None:
    one = event("x", at=at, importance=importance)
    [hit] = rank([one], {one.id: {"dense": dense, "lexical": lexical}}, MAY, 1)
    assert 0 <= hit.score <= 1
    assert hit.score == pytest.approx(sum(hit.signals.values()))


def test_recency_and_importance_do_not_outweigh_relevance() -> None:
    fitting = event("fits", at=MAY - 100 * HALF_LIFE, importance=0.0)
    loud = event("loud", importance=1.0)
    relevance = {fitting.id: {"dense": DENSE / 2}, loud.id: {"dense": DENSE / 2 - RECENCY - IMPORTANCE - 0.01}}
    assert [hit.item for hit in rank([loud, fitting], relevance, MAY, 2)] == [fitting, loud]


def test_the_best_come_first_and_only_as_many_as_asked() -> None:
    events = [event(f"number {n}") for n in range(5)]
    relevance = {one.id: {"dense": n / 10} for n, one in enumerate(events)}
    assert [hit.item for hit in rank(events, relevance, MAY, 2)] == [events[4], events[3]]


def test_ties_go_to_the_newer_then_to_the_lower_id() -> None:
    later = event("later", at=MAY + timedelta(days=2), id=9)
    sooner = event("sooner", at=MAY + timedelta(days=1), id=8)
    twins = [event("twin two", at=MAY, id=2), event("twin one", at=MAY, id=1)]
    hits = rank([*twins, sooner, later], {}, MAY, 10)
    assert [hit.id.int for hit in hits] == [9, 8, 1, 2]


def test_a_statement_appears_once_as_a_fact_before_an_event() -> None:
    stated, said = fact("Alice lives in Berlin."), event("Alice lives in  BERLIN")
    [hit] = rank([said, stated], {said.id: {"dense": 0.4}, stated.id: {"dense": 0.1}}, MAY, 10)
    assert hit.item is stated


def test_a_statement_appears_once_by_its_better_hit() -> None:
    weak, strong = event("I moved!"), event("i moved")
    relevance = {weak.id: {"dense": 0.1}, strong.id: {"dense": 0.3}}
    assert [hit.item for hit in rank([weak, strong], relevance, MAY, 10)] == [strong]


def test_two_people_may_say_the_same() -> None:
    said = [event("I am allergic to peanuts", speaker=name) for name in ("Alice", "Bob")]
    assert len(rank(said, {}, MAY, 10)) == 2


@given(st.permutations(range(6)))
def test_the_order_of_candidates_does_not_matter(order: list[int]) -> None:
    events = [event(f"text {n % 4}", id=n + 1) for n in range(6)]
    relevance: dict[UUID, dict[str, float]] = {one.id: {"dense": one.id.int % 3 / 10} for one in events}
    assert rank([events[n] for n in order], relevance, MAY, 6) == rank(events, relevance, MAY, 6)


def test_an_outdated_event_stands_below_what_replaced_it_and_says_so() -> None:
    old, new = event("I live in Munich"), event("I moved to Berlin")
    relevance = {old.id: {"dense": 0.45}, new.id: {"dense": 0.3}}
    first, second = rank([old, new], relevance, MAY, 10, {old.id})
    assert (first.item, second.item) == (new, old)
    assert second.signals["outdated"] < 0
    assert second.score == pytest.approx(sum(second.signals.values()))


def test_an_outdated_event_of_no_worth_is_not_below_zero() -> None:
    old = event("I live in Munich")
    assert rank([old], {}, MAY, 10, {old.id})[0].score == 0


JANUARY, MARCH, JUNE = (datetime(2023, month, 1, tzinfo=UTC) for month in (1, 3, 6))
TODAY = datetime(2026, 11, 1, tzinfo=UTC)

PARIS = fact("lives in Paris", start=JANUARY, end=MARCH, superseded_at=TODAY)
BERLIN = fact("lives in Berlin", start=MARCH, version=2)
UNDATED = fact("likes tea", said_at=MARCH)
REPLACED = fact("likes tea", end=MARCH, superseded_at=MARCH)
REPLACEMENT = fact("likes coffee", start=MARCH, version=2)
OVER = fact("stayed until March", end=MARCH)
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
        (UNDATED, JANUARY, True),
        (UNDATED, JUNE, True),
        (REPLACED, JANUARY, True),
        (REPLACED, MARCH, False),
        (REPLACEMENT, JANUARY, False),
        (REPLACEMENT, JUNE, True),
        (OVER, None, False),
        (OVER, JANUARY, True),
        (PLAN, None, True),
        (PLAN, TODAY, False),
    ],
)
def test_what_held_at_a_time(one: Fact, as_of: datetime | None, answer: bool) -> None:
    assert holds(one, as_of, TODAY) is answer
