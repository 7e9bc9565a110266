from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.language.spans import Span, spans

SAID = datetime(2023, 6, 9, 10, 30, tzinfo=UTC)  # a Friday

LEAP = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)


def days(text: str, said: datetime = SAID) -> list[tuple[str, str]]:
    return [(f"{span.start:%Y-%m-%d}", f"{span.over:%Y-%m-%d}") for span in spans(text, said)]


def test_however_many_times_a_text_names_around_each_no_more_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that ends at the time begins anew at each character before it."""
    looked_at: list[int] = []

    class Pattern:
        def search(self, text: str) -> None:
            looked_at.append(len(text))

        match = search

    for name in ("_SET_FOR", "_RESET_TO", "_SINCE", "_WENT_ON"):
        monkeypatch.setattr(f"semmem.language.spans.{name}", Pattern())
    assert len(spans("The log says 2023-05-03 08:00 and 4 May 2023, again. " * 200, SAID)) >= 200
    assert max(looked_at) < 500


@pytest.mark.parametrize(
    ("text", "start", "over"),
    [
        ("yesterday", "2023-06-08", "2023-06-09"),
        ("last week", "2023-05-29", "2023-06-05"),
        ("last weekend", "2023-06-03", "2023-06-05"),
        ("next month", "2023-07-01", "2023-08-01"),
        ("in December 2022", "2022-12-01", "2023-01-01"),
        ("since 2019", "2019-01-01", "2020-01-01"),
        ("on 7 May 2021", "2021-05-07", "2021-05-08"),
        ("2023-12-31", "2023-12-31", "2024-01-01"),
        ("last Friday", "2023-06-02", "2023-06-03"),
    ],
)
def test_a_time_lasts_until_its_period_is_over(text: str, start: str, over: str) -> None:
    assert days(text) == [(start, over)]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("My exam is on Monday", "2023-06-12"),
        ("The courses are on Mondays at nine, and the exam is on Monday", "2023-06-12"),
        ("I have an appointment with Dr. Lee on Monday", "2023-06-12"),
        ("My flight leaves on Monday", "2023-06-12"),
        ("The party is on 3 March", "2024-03-03"),
        ("I met her on Monday", "2023-06-05"),
        ("I have a friend I met on Monday", "2023-06-05"),
        ("I have been there on Monday", "2023-06-05"),
        ("The exam was on Monday", "2023-06-05"),
        ("The shop is open since March", "2023-03-01"),
    ],
)
def test_what_is_set_for_a_day_is_yet_to_come(text: str, start: str) -> None:
    assert [began for began, _ in days(text)] == [start]


def test_times_come_in_order_with_their_places() -> None:
    text = "Yesterday we met, in March 2021 we had not, and we will on May 7, 2024."
    found = spans(text, SAID)
    said = [text[span.first : span.last] for span in found]
    assert said == ["Yesterday", "March 2021", "May 7, 2024"]


def test_no_time_stands_inside_another() -> None:
    assert days("on 7 May 2021") == [("2021-05-07", "2021-05-08")]
    assert days("the day before yesterday") == [("2023-06-07", "2023-06-08")]
    assert days("in 31 June 2023") == []  # no such day, and not June 2023 either


@pytest.mark.parametrize(
    ("text", "relative", "yearless"),
    [
        ("on 7 May 2021", False, False),
        ("on May 7", True, True),
        ("in May", True, True),
        ("in May 2021", False, False),
        ("in 2019", False, False),
        ("2024-02-29", False, False),
        ("yesterday", True, False),
        ("last week", True, False),
        ("ten years ago", True, False),
        ("last Friday", True, False),
    ],
)
def test_what_depends_on_the_moment_and_what_leaves_out_the_year(text: str, relative: bool, yearless: bool) -> None:
    [span] = spans(text, SAID)
    assert (span.relative, span.yearless) == (relative, yearless)


def test_a_leap_day_is_none_in_other_years() -> None:
    assert days("on 29 February", LEAP) == [("2024-02-29", "2024-03-01")]
    assert days("on 29 February") == []
    assert days("on 29 February 2024") == [("2024-02-29", "2024-03-01")]
    assert days("last year", LEAP) == [("2023-01-01", "2024-01-01")]
    assert days("six months ago", LEAP.replace(month=8, day=31)) == [("2024-02-01", "2024-03-01")]


@pytest.mark.parametrize(
    "text", ["tomorrow", "today", "in 3 days", "next week", "in two hours", "in 5 years", "next year"]
)
def test_what_lies_beyond_the_calendar_names_nothing(text: str) -> None:
    assert days(f"We will meet {text}", datetime.max.replace(tzinfo=UTC)) == []
    assert days("We met yesterday, or last week, or 3 months ago", datetime.min.replace(tzinfo=UTC)) == []


words = st.lists(
    st.sampled_from(["on", "in", "31", "30th", "of", "February", "Dec.", "May", "1999", "2024-02-30", "9999-12-31"])
    | st.sampled_from(["the day after tomorrow", "an hour ago", "in 999 days", "999 years ago", "next", "last", "week"])
    | st.sampled_from(["Monday", "weekend", "will", "until", "year", "two months ago", "tonight", ",", "in 12 months"])
).map(" ".join)
zones = st.integers(-14 * 60 + 1, 14 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=zones | st.just(UTC))


@given(st.text() | words, moments)
def test_any_text_at_any_moment_names_ordered_times(text: str, said: datetime) -> None:
    found: list[Span] = spans(text, said)
    ends = [0, *(span.last for span in found)]
    assert all(end <= span.first < span.last <= len(text) for end, span in zip(ends, found, strict=False))
    assert all(span.start <= span.over and span.start.utcoffset() == said.utcoffset() for span in found)
    assert all(span.relative or not span.yearless for span in found)
