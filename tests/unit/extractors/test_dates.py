from datetime import UTC, datetime, timedelta, timezone

import pytest

from semmem.domain.fact import Validity
from semmem.extractors.dates import annotate, resolve
from tests.unit.extractors.builders import SAID


def began(text: str, said: datetime = SAID) -> str | None:
    start = resolve(text, said).start
    return f"{start:%Y-%m-%d}" if start else None


@pytest.mark.parametrize(
    ("text", "start", "precision"),
    [
        ("I went yesterday", "2023-06-08", "day"),
        ("the day before yesterday", "2023-06-07", "day"),
        ("We leave tomorrow", "2023-06-10", "day"),
        ("last night", "2023-06-08", "day"),
        ("last Friday", "2023-06-02", "day"),
        ("last Monday", "2023-06-05", "day"),
        ("this Sunday", "2023-06-11", "day"),
        ("We will meet on Monday", "2023-06-12", "day"),
        ("We met on Monday", "2023-06-05", "day"),
        ("next Monday", "2023-06-12", "day"),
        ("last weekend", "2023-06-03", "day"),
        ("three days ago", "2023-06-06", "day"),
        ("two weeks ago", "2023-05-22", "month"),
        ("last week", "2023-05-29", "month"),
        ("next month", "2023-07-01", "month"),
        ("in May", "2023-05-01", "month"),
        ("I moved in July", "2022-07-01", "month"),
        ("I will move in July", "2023-07-01", "month"),
        ("last June", "2022-06-01", "month"),
        ("in March 2021", "2021-03-01", "month"),
        ("since 2019", "2019-01-01", "year"),
        ("last year", "2022-01-01", "year"),
        ("ten years ago", "2013-01-01", "year"),
        ("six months ago", "2022-12-01", "month"),
        ("on 7 May 2021", "2021-05-07", "day"),
        ("on May 7th, 2021", "2021-05-07", "day"),
        ("on May 7", "2023-05-07", "day"),
        ("on 20 December", "2022-12-20", "day"),
        ("We moved the wedding to October 3", "2023-10-03", "day"),
        ("My exam was rescheduled to 8 September", "2023-09-08", "day"),
        ("I moved to Oslo in November", "2022-11-01", "month"),
        ("I moved my appointment to 28 May", "2023-05-28", "day"),
        ("The concert was moved to 14 November and it was great", "2022-11-14", "day"),
        ("2024-02-29", "2024-02-29", "day"),
        ("2024-02", "2024-02-01", "month"),
    ],
)
def test_a_named_time_is_resolved_against_the_moment_it_was_said(text: str, start: str, precision: str) -> None:
    validity = resolve(text, SAID)
    assert validity.start
    assert (validity.start.date().isoformat(), validity.precision, validity.end) == (start, precision, None)


@pytest.mark.parametrize(
    "text",
    [
        *("recently", "a few weeks ago", "soon", "I may go", "March on!", "it cost 2019 dollars", "in 2000 ways"),
        *("31 June 2023", "2023-13-45", "my birthday is 5 May", "every Friday", "on Fridays"),
        *("twice in 3 years", "next Saturday", "", "the second of them"),
    ],
)
def test_what_names_no_certain_time_stays_open(text: str) -> None:
    assert resolve(text, SAID) == Validity()


@pytest.mark.parametrize(
    "text",
    [
        *("I moved to 2010 Main Street, Springfield.", "Send it to 2020 Elm Street", "I moved to 2010 main street."),
        *("I moved to 1950 Broadway.", "We moved from 1920 Oak Ave to 2040 Pine Blvd.", "I live at 12 May Street."),
        *(
            "We moved to 3 April Close.",
            "I live at 21 august lane.",
            "I live in May Street.",
            "I moved to 14 June Road.",
        ),
        *(
            "I raised it from 1900 to 2000 euros",
            "My salary went from 1950 to 2010 dollars",
            "It rose from 1900 to 2000.",
        ),
        *("I went from 1900 kcal to 2000.", "The price is up to 2000 €.", "I raised my rating to 2000."),
    ],
)
def test_numbers_of_houses_and_sums_are_no_times(text: str) -> None:
    assert annotate(text, SAID) == text
    assert resolve(text, SAID) == Validity()


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("From 2015 to 2019 Anna worked there.", "2015-01-01"),
        ("From 2015 Anna worked there.", "2015-01-01"),
        ("In 2019 Main Street was closed.", "2019-01-01"),
        ("I moved in 2010 to Elm Street.", "2010-01-01"),
        ("I lived on Elm Street from 2010 to 2015.", "2010-01-01"),
        ("I have lived at 12 Elm Street since 2019.", "2019-01-01"),
        ("I was there from 2010 to 2015 I think.", "2010-01-01"),
        ("Since 2019 people know me.", "2019-01-01"),
        ("On 12 May we closed the road.", "2023-05-12"),
        ("I was born in 1999 in St Albans.", "1999-01-01"),
    ],
)
def test_years_and_days_beside_streets_and_names_are_times(text: str, start: str) -> None:
    assert began(text) == start


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("I'm moving next March.", "2027-03-01"),
        ("I moved last March.", "2025-03-01"),
        ("I'm moving this March.", "2026-03-01"),
        ("I'm moving in March.", "2026-03-01"),
        ("I moved in March.", "2026-03-01"),
        ("I'm moving next April.", "2026-04-01"),
        ("I'm moving next February.", "2027-02-01"),
    ],
)
def test_the_next_month_of_a_name_is_not_the_present_one(text: str, start: str) -> None:
    assert began(text, datetime(2026, 3, 15, tzinfo=UTC)) == start


def test_hours_ago_are_known_to_the_instant() -> None:
    assert resolve("two hours ago", SAID) == Validity(start=SAID - timedelta(hours=2), precision="instant")


def test_ends_are_told_from_starts() -> None:
    assert resolve("until March 2022", SAID) == Validity(end=datetime(2022, 4, 1, tzinfo=UTC), precision="month")
    both = resolve("I worked there from 2019 to 2021", SAID)
    assert both == Validity(
        start=datetime(2019, 1, 1, tzinfo=UTC), end=datetime(2022, 1, 1, tzinfo=UTC), precision="year"
    )


def test_an_impossible_period_stays_open() -> None:
    assert resolve("from 2021 to 2019", SAID) == Validity()


def test_the_speakers_own_day_counts() -> None:
    said = datetime(2023, 6, 9, 1, 0, tzinfo=timezone(timedelta(hours=9)))
    assert resolve("yesterday", said).start == datetime(2023, 6, 8, tzinfo=said.tzinfo)


def test_only_what_depends_on_the_day_is_annotated() -> None:
    text = "I moved last week, and in 2019, and on 7 May 2021, and yesterday."
    expected = "I moved last week (week of 29 May 2023), and in 2019, and on 7 May 2021, and yesterday (8 June 2023)."
    assert annotate(text, SAID) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I gave my spare keys to Jan.",
        "I got this bike from Jan.",
        "My daughter got a letter from June.",
        "I am engaged to April.",
        "I said goodbye to Dec and Ant.",
        "I lent 50 euros to Sep.",
        "I gave Jan 5 euros.",
        "I owe June 20 dollars.",
        "Since Jan left I am alone.",
        "I was happier until May came along.",
        "I live with June.",
        "I talked to May and June.",
        "She moved here from April to be near us.",
        "I confide in June.",
        "I think 2 may be too few.",
        "We did 10 march steps.",
        "My appointment on 03/04/2027 is with Dr. Ruiz.",
        "My shift is from 9 to 5.",
        "In 2 weeks of holiday I read 2000 pages.",
        "Born on 29 February 2001.",
    ],
)
def test_people_counts_and_doubtful_numbers_are_no_dates(text: str) -> None:
    assert annotate(text, SAID) == text
    assert resolve(text, SAID) == Validity()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("My kids were born in May 2015 and June 2018.", "2015-05-01", None),
        ("I broke my arm in March 2018 and April 2020.", "2018-03-01", None),
        ("I moved my flight from 3 May 2026 to 5 May 2026.", None, None),
        ("I rescheduled my exam from May 2022 to June 2022.", None, None),
        ("I worked at Siemens from 2015 to 2019.", "2015-01-01", "2020-01-01"),
        ("I was in Rome between 3 May 2021 and 5 May 2021.", "2021-05-03", "2021-05-06"),
        ("I taught from March to May 2020.", "2020-03-01", "2020-06-01"),
        ("I was away from 28 April to 5 May 2020.", "2020-04-28", "2020-05-06"),
        ("I was away from 3 to 5 May 2020.", "2020-05-03", None),
        ("I was away May 3-5, 2020.", "2020-05-03", None),
        ("I have been vegan since 2019 and gluten-free since 2021.", "2019-01-01", None),
        ("My passport is valid until 5 May 2026, number C01X.", None, None),
        ("I have insurance until 5 May 2026.", None, "2026-05-06"),
        ("I was born on 29 February 2000.", "2000-02-29", None),
        ("I was born on 12 may 1990.", "1990-05-12", None),
        ("I work there from 2 May 2020 until 4 June 2021.", "2020-05-02", "2021-06-05"),
    ],
)
def test_two_dates_are_a_period_only_where_they_stand_as_one(text: str, start: str | None, end: str | None) -> None:
    found = resolve(text, SAID)
    assert [moment and f"{moment:%Y-%m-%d}" for moment in (found.start, found.end)] == [start, end]
