"""Times of two parts name one time: said late on Wednesday, 6 May 2026, wherever that is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from semmem.extractors.dates import annotate, resolve
from semmem.language.spans import spans

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati")


def said_in(zone: str) -> datetime:
    return datetime(2026, 5, 6, 23, 30, tzinfo=ZoneInfo(zone))


def named(text: str, zone: str = "UTC") -> list[tuple[str, str]]:
    return [(text[span.first : span.last], f"{span.start:%Y-%m-%d}") for span in spans(text, said_in(zone))]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("text", "part", "start"),
    [
        ("I met Anna on May 3rd last year.", "May 3rd last year", "2025-05-03"),
        ("It happened on 3 May 2 years ago.", "3 May 2 years ago", "2024-05-03"),
        ("I moved in May last year.", "May last year", "2025-05-01"),
        ("I moved in March of last year.", "March of last year", "2025-03-01"),
        ("I was away May 3-5 last year.", "May 3-5 last year", "2025-05-03"),
        ("I'm moving in June next year.", "June next year", "2027-06-01"),
        ("We moved the wedding to 3 October next year.", "3 October next year", "2027-10-03"),
        ("I was there in May two years ago.", "May two years ago", "2024-05-01"),
        ("I moved June of last year.", "June of last year", "2025-06-01"),
        ("In October this year I start.", "October this year", "2026-10-01"),
        ("We have a meeting on Friday next week.", "on Friday next week", "2026-05-15"),
        ("Dinner Friday next week?", "Friday next week", "2026-05-15"),
        ("I met him on Monday this week.", "on Monday this week", "2026-05-04"),
        ("I saw him on Monday night last week.", "on Monday night last week", "2026-04-27"),
        ("I saw him on Monday two weeks ago.", "on Monday two weeks ago", "2026-04-20"),
        ("I will fly on Friday in two weeks.", "on Friday in two weeks", "2026-05-22"),
        ("Last year in May I moved.", "Last year in May", "2025-05-01"),
        ("Last year, in March, I moved.", "Last year, in March", "2025-03-01"),
        ("We married in March, last year.", "March, last year", "2025-03-01"),
        ("I was there two years ago in May.", "two years ago in May", "2024-05-01"),
        ("Next week on Tuesday I fly home.", "Next week on Tuesday", "2026-05-12"),
        ("I saw him a week ago Monday.", "a week ago Monday", "2026-04-27"),
        ("The rent is due on the 15th of next month.", "the 15th of next month", "2026-06-15"),
        ("I quit on the last Friday of last month.", "Friday of last month", "2026-04-01"),
        ("Her exam was on Thursday of the week before last.", "on Thursday of the week before last", "2026-04-23"),
        ("I was in Rome the year before last.", "the year before last", "2024-01-01"),
        ("By May next year I will be done.", "May next year", "2027-05-01"),
        ("Exactly a year ago, on May 6, I quit.", "a year ago, on May 6", "2025-05-06"),
        ("In 2019 in May I moved.", "2019 in May", "2019-05-01"),
        ("I moved in May in 2019.", "May in 2019", "2019-05-01"),
        ("I'm leaving a week from tomorrow.", "a week from tomorrow", "2026-05-14"),
        ("I'm back two weeks from now.", "two weeks from now", "2026-05-18"),
        ("I saw him the day before yesterday.", "the day before yesterday", "2026-05-04"),
        ("Day after tomorrow I fly.", "Day after tomorrow", "2026-05-08"),
        ("We left two days after May 3.", "two days after May 3", "2026-05-05"),
        ("We left two days after May 3 last year.", "two days after May 3 last year", "2025-05-05"),
        ("The day after May 3 I left.", "The day after May 3", "2026-05-04"),
        ("The week after May 3 was hard.", "The week after May 3", "2026-05-04"),
        ("We met on the Sunday before 25 October 2025.", "the Sunday before 25 October 2025", "2025-10-19"),
        ("I was ill the month before May last year.", "the month before May last year", "2025-04-01"),
        ("I quit a year ago today.", "a year ago today", "2025-05-06"),
        ("I quit a week ago yesterday.", "a week ago yesterday", "2026-04-28"),
        ("I saw him a week ago last Monday.", "a week ago last Monday", "2026-04-27"),
        ("We meet on Friday, May 15th.", "on Friday, May 15th", "2026-05-15"),
        ("We meet on Monday the 11th of May.", "on Monday the 11th of May", "2026-05-11"),
    ],
)
def test_both_parts_belong_to_one_time(text: str, part: str, start: str, zone: str) -> None:
    assert named(text, zone) == [(part, start)]


@pytest.mark.parametrize(
    "text",
    [
        *("I left in May that year.", "I left in May two years later.", "I saw her on Friday a few weeks ago."),
        *("My exam is on Friday the 15th.", "A few days after May 3 I left.", "The weekend after May 3 was hard."),
        *(
            "We left two days after Christmas.",
            "I leave on Friday in two weeks.",
            "Vi flyttade den 3 april förra året.",
        ),
        *("I was in Rome in March last week.", "On Friday two or three weeks ago I left."),
    ],
)
def test_where_one_part_names_no_time_neither_does_the_other(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("I was in Rome from May to June last year.", ["2025-05-01", "2025-06-01"]),
        ("I lived there from May last year to March this year.", ["2025-05-01", "2026-03-01"]),
        ("It rained in March, April and May last year.", ["2025-03-01", "2025-04-01", "2025-05-01"]),
        ("We met on Monday and on Tuesday last week.", ["2026-04-27", "2026-04-28"]),
        ("I was there last year from May to July.", ["2025-05-01", "2025-07-01"]),
        ("I was there last year until March.", ["2025-01-01", "2025-03-01"]),
        ("In 2019 we went to Rome in March.", ["2019-01-01", "2019-03-01"]),
        ("Last year I got married in March.", ["2025-01-01", "2025-03-01"]),
        ("Next week I have an exam on Friday.", ["2026-05-11", "2026-05-15"]),
    ],
)
def test_a_stretch_holds_for_all_that_is_said_of_it(text: str, starts: list[str]) -> None:
    assert [start for _, start in named(text)] == starts


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("Last year was hard, and in June I will leave.", ["2025-01-01", "2026-06-01"]),
        ("I was ill last week, on Monday I am back.", ["2026-04-27", "2026-05-11"]),
        ("I have lived here since 2019, in May I leave.", ["2019-01-01", "2026-05-01"]),
        ("We married in March, last year we divorced.", ["2026-03-01", "2025-01-01"]),
        ("Last week she told me that the exam is on Friday.", ["2026-04-27", "2026-05-08"]),
        ("I came two weeks ago, today I leave.", ["2026-04-20", "2026-05-06"]),
        ("I got a letter from June last year.", ["2025-01-01"]),
        ("I met April last week.", ["2026-04-27"]),
        ("I met Mar last week.", ["2026-04-27"]),
        ("I met him last Friday in Berlin.", ["2026-05-01"]),
        ("He came two days after on Monday.", ["2026-05-04"]),
        ("I ran it on Monday in two hours.", ["2026-05-04"]),
        ("I quit in March two days before my birthday.", ["2026-03-01"]),
        ("I was away for two weeks from May 3.", ["2026-05-03"]),
        ("I worked there for two years before May 2019.", ["2019-05-01"]),
    ],
)
def test_times_of_their_own_stay_apart(text: str, starts: list[str]) -> None:
    assert [start for _, start in named(text)] == starts


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("I was in Rome from May to June last year.", "2025-05-01", "2025-07-01"),
        ("I was there last year from May to July.", "2025-05-01", "2025-08-01"),
        ("Last week from Monday to Wednesday I was ill.", "2026-04-27", "2026-04-30"),
        ("I'm on leave from Monday to Friday next week.", "2026-05-11", "2026-05-16"),
        ("I lived there until May of last year.", None, "2025-06-01"),
        ("I worked there until the end of last year.", None, "2026-01-01"),
        ("I work there until early March.", None, "2027-04-01"),
        ("I was in Oslo from last May until the end of last year.", "2025-05-01", "2026-01-01"),
        ("I have lived here since the beginning of last year.", "2025-01-01", None),
    ],
)
def test_what_begins_or_ends_in_a_part_of_a_time(text: str, start: str | None, end: str | None) -> None:
    found = resolve(text, said_in("UTC"))
    assert [moment and f"{moment:%Y-%m-%d}" for moment in (found.start, found.end)] == [start, end]


def test_the_date_stands_behind_both_parts() -> None:
    text = "I met Anna on May 3rd last year, and at the end of last month."
    expected = "I met Anna on May 3rd last year (3 May 2025), and at the end of last month (April 2026)."
    assert annotate(text, said_in("UTC")) == expected


@pytest.mark.parametrize(
    ("said", "text", "start"),
    [
        (datetime(2025, 3, 10, tzinfo=UTC), "We met on February 29th.", "2024-02-29"),
        (datetime(2027, 12, 1, tzinfo=UTC), "We will marry on February 29th.", "2028-02-29"),
        (datetime(2026, 5, 6, tzinfo=UTC), "We met on February 29th two years ago.", "2024-02-29"),
    ],
)
@pytest.mark.parametrize("zone", ZONES)
def test_a_leap_day_is_that_of_the_year_beside(said: datetime, text: str, start: str, zone: str) -> None:
    [found] = spans(text, said.replace(tzinfo=ZoneInfo(zone)))
    assert f"{found.start:%Y-%m-%d}" == start
