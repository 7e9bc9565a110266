from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from semmem.retrieval.question import (
    FADES,
    asks_for_count,
    asks_for_name,
    asks_for_present_measure,
    asks_for_title,
    asks_when,
    date_fit,
    subject,
    times,
)

NOW = datetime(2023, 6, 9, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("question", "voices", "whom"),
    [
        ("Where does Caroline live?", ["Caroline", "Mel"], "Caroline"),
        ("where does CAROLINE live", ["Caroline", "Mel"], "Caroline"),
        ("Where does she live?", ["Caroline", "Mel"], None),
        ("What did Mel tell Caroline?", ["Caroline", "Mel"], "Mel"),
        ("What did Caroline's brother tell Mel?", ["Caroline", "Mel"], "Mel"),
        ("What did Caroline’s brother say?", ["Caroline", "Mel"], "Caroline"),  # noqa: RUF001
        ("What is Mel's and Caroline's plan?", ["Caroline", "Mel"], "Mel"),
        ("What do both Caroline and Mel like?", ["Caroline", "Mel"], None),
        ("Does it bother Mel?", ["Caroline", "Mel"], "Mel"),
        ("Where does Melanie live?", ["Ann", "Mel"], None),
        ("Where does Joann live?", ["Ann", "Mel"], None),
        ("Where does Melanie live?", ["Mel", "Melanie"], "Melanie"),
        ("Where does Ann Lee live?", ["Ann", "Ann Lee"], "Ann Lee"),
        ("What does J.R. drive?", ["J.R.", "Jim"], "J.R."),
        ("What does Jar drive?", ["J.r", "Jim"], None),
        ("Is agent (2) done?", ["agent (1)", "agent (2)"], "agent (2)"),
        ("Who beat C++?", ["C++", "a|b"], "C++"),
        ("Is a here, or b?", ["a|b", ".*"], None),
        ("Where will Anna live?", ["Will", "Anna"], "Anna"),
        ("Will Anna mark it in May?", ["Mark", "May", "Will", "Anna"], "Anna"),
        ("Where will Will live?", ["Will", "Anna"], "Will"),
        ("Will's dog?", ["Will", "Anna"], "Will"),
        ("may I ask?", ["May", "Anna"], None),
        ("小明住在哪里", ["小明", "Mel"], None),
        ("", ["Caroline"], None),
        ("Where?", [], None),
    ],
)
def test_whom_a_question_is_about(question: str, voices: list[str], whom: str | None) -> None:
    assert subject(question, voices) == subject(question, voices[::-1]) == whom


@pytest.mark.parametrize(
    ("question", "starts"),
    [
        ("What happened on 7 May 2021?", ["2021-05-07"]),
        ("What did she do yesterday?", ["2023-06-08"]),
        ("Between 2022-01-03 and last week?", ["2022-01-03", "2023-05-29"]),
        ("What did she do in July?", ["2022-07-01"]),
        ("Where will she go in July?", ["2023-07-01"]),
        ("Where does she live?", []),
    ],
)
def test_the_times_that_a_question_names_are_seen_from_now(question: str, starts: list[str]) -> None:
    assert [f"{named.start:%Y-%m-%d}" for named in times(question, NOW)] == starts


def fit(question: str, at: datetime) -> float:
    [named] = times(question, NOW)
    return date_fit(named, at)


def test_a_time_fits_within_what_was_named_and_fades_on_both_sides() -> None:
    first, over = datetime(2022, 3, 1, tzinfo=UTC), datetime(2022, 4, 1, tzinfo=UTC)
    for at in (first, over - timedelta(seconds=1), datetime(2022, 3, 15, tzinfo=UTC)):
        assert fit("What happened in March 2022?", at) == 1
    for gap, expected in ((FADES / 4, 0.75), (FADES / 2, 0.5), (FADES, 0), (2 * FADES, 0)):
        assert fit("What happened in March 2022?", first - gap) == pytest.approx(expected)
        assert fit("What happened in March 2022?", over + gap) == pytest.approx(expected)


@pytest.mark.parametrize("year", [1999, 2020, 2022, 2023])
def test_a_day_without_its_year_fits_that_day_of_any_year(year: int) -> None:
    assert fit("What did we eat on 20 December?", datetime(year, 12, 20, 12, tzinfo=UTC)) == pytest.approx(1, abs=0.06)
    assert fit("What did we eat on 20 December?", datetime(year, 6, 20, tzinfo=UTC)) == 0
    assert fit("What did we do in July?", datetime(year, 7, 15, tzinfo=UTC)) == 1


def test_a_day_with_its_year_fits_that_year_only() -> None:
    assert fit("What did we eat on 20 December 2022?", datetime(2022, 12, 20, 12, tzinfo=UTC)) == 1
    assert fit("What did we eat on 20 December 2022?", datetime(2021, 12, 20, 12, tzinfo=UTC)) == 0


def test_a_relative_time_fits_what_it_means_now() -> None:
    assert fit("What did she do yesterday?", NOW - DAY) == 1
    assert fit("What did she do yesterday?", NOW - 366 * DAY) == 0
    assert fit("What did she do last week?", datetime(2023, 5, 31, tzinfo=UTC)) == 1


def test_the_new_year_is_near_to_the_old_ones_last_days() -> None:
    assert fit("Who called on 1 January?", datetime(2021, 12, 31, tzinfo=UTC)) > 0.9


@pytest.mark.parametrize("question", ["on 25 December?", "on 1 January?", "in 2019?", "yesterday?"])
@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_the_calendar_fit_or_do_not(question: str, at: datetime) -> None:
    assert 0 <= fit(f"What was {question}", at) <= 1


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("When did she move?", True),
        ("So when is it?", False),
        ("What time is it?", True),
        ("Which year was that?", True),
        ("How long did it take?", True),
        ("How many weeks?", True),
        ("How many cats?", False),
        ("Was she sad when he left?", False),
        ("", False),
    ],
)
def test_whether_a_question_asks_when(question: str, asked: bool) -> None:
    assert asks_when(question) is asked


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who called?", True),
        ("WHERE is it?", True),
        ("What is her name?", True),
        ("Which city does she like?", True),
        ("What colour is it?", False),
        ("Is the whole house cold?", False),
        ("", False),
    ],
)
def test_whether_a_question_asks_for_a_name(question: str, asked: bool) -> None:
    assert asks_for_name(question) is asked


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Which books did she like?", True),
        ("What is her favourite NOVEL?", True),
        ("Has she read the contract?", False),
        ("What was the film called?", True),
        ("Is she ready?", False),
        ("Is it for showing?", False),
        ("", False),
    ],
)
def test_whether_a_question_asks_for_a_title(question: str, asked: bool) -> None:
    assert asks_for_title(question) is asked


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How many dogs has she?", True),
        ("How OLD is he?", True),
        ("The number of guests?", True),
        ("How does she feel?", False),
        ("What is her number?", False),
        ("", False),
    ],
)
def test_whether_a_question_asks_for_a_count(question: str, asked: bool) -> None:
    assert asks_for_count(question) is asked


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How many users does the app have?", True),
        ("What is the deadline?", True),
        ("What's the budget?", True),
        ("When will it end?", True),
        ("How many users did it have?", False),
        ("What was the deadline?", False),
        ("What is her dog's colour?", False),
        ("The budget", False),
        ("", False),
    ],
)
def test_whether_a_question_asks_for_a_measure_as_it_stands_now(question: str, asked: bool) -> None:
    assert asks_for_present_measure(question) is asked


zones = st.integers(-14 * 60 + 1, 14 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC) | zones,
)
named = st.lists(
    st.sampled_from(["on", "in", "31", "29 February", "May", "1999", "2024-02-29", "last", "next", "week", "yesterday"])
    | st.sampled_from(["999 years ago", "in 12 months", "December 31", "1 January", "Ana's", "both", "Monday", "will"])
    | st.text(max_size=5)
).map(" ".join)


@given(st.text() | named, st.lists(st.text(min_size=1, max_size=5), max_size=4), moments, moments)
@example("on 25 December", [], NOW, datetime(1, 1, 2, tzinfo=UTC))
@example("on 1 January", [], NOW, datetime(9999, 12, 30, tzinfo=UTC))
def test_any_question_is_answered(question: str, voices: list[str], now: datetime, at: datetime) -> None:
    assert subject(question, voices) in [*voices, None]
    assert all(0 <= date_fit(time, at) <= 1 for time in times(question, now))
    for asks in (asks_when, asks_for_name, asks_for_title, asks_for_count, asks_for_present_measure):
        assert asks(question) in (True, False)
