from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.domain.fact import Fact, Source
from semmem.domain.hit import Hit
from semmem.retrieval.newest import CONTENDERS, MARGIN, newest_first
from tests.unit.retrieval.memories import MAY, event, fact

QUESTION = "How many users does the app have?"


def hit(text: str, *, days: int = 0, score: float = 0.5) -> Hit:
    return Hit(item=event(text, at=MAY + timedelta(days=days)), score=score, signals={"turn": score})


def texts(hits: list[Hit]) -> list[str]:
    return [each.text for each in hits]


def _drawn(of: Hit) -> Fact:
    return replace(fact(of.text), sources=(Source(event_id=of.id, quote=of.text),))


OLD = hit("The app has 200 users.", score=0.6)
NEW = hit("The app has 350 users now.", days=30, score=0.5)
NEWEST = hit("By now the app has four hundred users.", days=60, score=0.4)
ASIDE = hit("The app is blue.", days=90, score=0.55)


def test_the_newest_statement_of_a_measure_comes_first_in_the_places_they_hold() -> None:
    ordered = newest_first([OLD, ASIDE, NEW, NEWEST], QUESTION)
    assert texts(ordered) == texts([NEWEST, ASIDE, NEW, OLD])
    assert [each.score for each in ordered] == [0.6, 0.55, 0.5, 0.4]


@pytest.mark.parametrize(
    ("question", "right", "others"),
    [
        (
            "How old is my son Tom?",
            "My son Tom is 5 years old.",
            ["My daughter Lea is 9 years old.", "The house is 100 years old."],
        ),
        ("How many euros is my rent?", "My rent is 900 euros.", ["The gym is 40 euros a month."]),
    ],
)
def test_the_number_of_another_thing_is_no_newer_one(question: str, right: str, others: list[str]) -> None:
    later = [hit(text, days=day, score=0.5) for day, text in enumerate(others, start=1)]
    assert texts(newest_first([hit(right, score=0.6), *later], question)) == [right, *others]


def test_a_score_that_changed_says_so() -> None:
    first, second = newest_first([OLD, NEW], QUESTION)
    assert first.signals == pytest.approx({"turn": 0.5, "newest": 0.1})
    assert second.signals == pytest.approx({"turn": 0.6, "newest": -0.1})
    for each in (first, second):
        assert each.score == pytest.approx(sum(each.signals.values()))


def test_what_keeps_its_place_is_left_as_it_is() -> None:
    ordered = newest_first([NEW, hit("The app had 10 users.", score=0.4)], QUESTION)
    assert ordered[0] is NEW
    assert "newest" not in ordered[1].signals


def test_a_fact_is_as_new_as_what_it_was_said_by() -> None:
    stated = Hit(item=fact("The app has 350 users", said_at=MAY + timedelta(days=9)), score=0.3, signals={})
    assert newest_first([hit("The app has 200 users", score=0.4), stated], QUESTION)[0].item is stated.item


@pytest.mark.parametrize(
    "question",
    ["How many users did the app have?", "What was the number of users?", "What colour does the app have?", ""],
)
def test_other_questions_leave_the_order_alone(question: str) -> None:
    assert newest_first([OLD, NEW], question) == [OLD, NEW]


@pytest.mark.parametrize(
    "text",
    [
        "The app has many users.",
        "I have 3 cats.",
        "The app has users! I have 3 cats.",
        "Users like the app\n7 of 9 is a name",
    ],
)
def test_what_states_no_number_of_it_stays(text: str) -> None:
    newer = hit(text, days=99, score=0.5)
    assert newest_first([OLD, newer], QUESTION) == [OLD, newer]


def test_what_is_much_less_relevant_stays() -> None:
    near = hit("The app has 2 users", days=9, score=0.75 - MARGIN + 0.01)
    far = hit("The app has 2 users", days=9, score=0.75 - MARGIN - 0.01)
    best = hit("The app has 1 user", score=0.75)
    assert newest_first([best, near], QUESTION)[0].id == near.id
    assert newest_first([best, far], QUESTION) == [best, far]


def test_only_the_best_hits_contend() -> None:
    hits = [hit(f"The app has {n} users", score=0.5) for n in range(CONTENDERS)]
    late = hit("The app has 99 users", days=9, score=0.5)
    assert newest_first([*hits, late], QUESTION) == [*hits, late]
    assert newest_first([*hits[1:], late], QUESTION)[0].id == late.id


def test_a_fact_and_the_event_it_rests_on_are_one_of_them() -> None:
    said = [hit(f"The app has {n} users", score=0.5) for n in range(CONTENDERS - 1)]
    drawn = [replace(each, item=_drawn(each)) for each in said]
    late = hit("The app has 99 users", days=9, score=0.5)
    assert newest_first([*said, *drawn, late], QUESTION)[0].id == late.id


def test_no_hits_are_none() -> None:
    assert newest_first([], QUESTION) == []


said = st.tuples(
    st.sampled_from(["The app has 3 users", "five users of the app", "The app is blue", "7", ""])
    | st.text(max_size=20),
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - hypothesis takes naive bounds
    st.floats(0, 1),
)


@given(st.lists(said, max_size=15), st.sampled_from([QUESTION, "How long is it?", "What's the price?"]) | st.text())
def test_every_hit_stays_once_and_scores_still_fall(found: list[tuple[str, datetime, float]], question: str) -> None:
    hits = [
        Hit(item=event(text or " ", at=at.replace(tzinfo=MAY.tzinfo)), score=score, signals={"turn": score})
        for text, at, score in sorted(found, key=lambda each: -each[2])
    ]
    ordered = newest_first(hits, question)
    assert {each.id for each in ordered} == {each.id for each in hits}
    assert [each.score for each in ordered] == [each.score for each in hits]
    for each in ordered:
        assert each.score == pytest.approx(sum(each.signals.values()), abs=1e-9)
