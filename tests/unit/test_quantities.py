"""A number is read whole, or not at all: said at noon on Wednesday, 6 May 2026, wherever that is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from semmem.language.spans import spans

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati")


def named(text: str, zone: str = "UTC") -> list[str]:
    return [span.label for span in spans(text, datetime(2026, 5, 6, 12, tzinfo=ZoneInfo(zone)))]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I moved here twenty-five years ago.", "2001"),
        ("I moved here twenty five years ago.", "2001"),
        ("I moved here fifteen years ago.", "2011"),
        ("It was a hundred years ago.", "1926"),
        ("It was a dozen days ago.", "24 April 2026"),
        ("I moved here 3.5 years ago.", "November 2022"),
        ("I moved here 3,5 years ago.", "November 2022"),
        ("I moved here 2½ years ago.", "November 2023"),
        ("I moved here 2 1/2 years ago.", "November 2023"),
        ("I moved half a year ago.", "November 2025"),
        ("I moved one and a half years ago.", "November 2024"),
        ("I moved a year and a half ago.", "November 2024"),
        ("I moved two and a half months ago.", "February 2026"),
        ("I moved a week and a half ago.", "week of 20 April 2026"),
        ("He left two and a half days ago.", "4 May 2026"),
        ("He called half an hour ago.", "6 May 2026 11:30"),
        ("I will be back in half an hour.", "6 May 2026 12:30"),
        ("I will be back in an hour and a half.", "6 May 2026 13:30"),
        ("I will be back in twenty-five days.", "31 May 2026"),
        ("I will be back in two weeks and a friend comes too.", "week of 18 May 2026"),
        ("I sold this one two years ago.", "2024"),
        ("The place I moved to two years ago is loud.", "2024"),
        ("I left and two years ago I came back.", "2024"),
        ("I was 3. 5 years ago I left.", "2021"),
    ],
)
def test_a_number_is_read_whole(text: str, label: str, zone: str) -> None:
    assert named(text, zone) == [label]


@pytest.mark.parametrize(
    "text",
    [
        *("It was built 1,500 years ago.", "It was 1500 years ago.", "It was a hundred and fifty years ago."),
        *("I moved one or two years ago.", "I moved 2-3 years ago.", "I moved 2 to 3 years ago."),
        *(
            "It was a quarter of an hour ago.",
            "I moved two years and three months ago.",
            "It was half a dozen days ago.",
        ),
        *("I moved 3/4 of a year ago.", "I moved four, five years ago.", "I moved a week and two days ago."),
        *("I moved a couple of years ago.", "It was several weeks ago.", "It was a few weeks ago."),
        *("I will be back in a year or two.", "I will be back in two years and three months."),
    ],
)
def test_or_not_at_all(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("I worked there 2010-12.", "I'm in room 2010-12.", "The season of 2008-09 was good."),
        *("My order 2024-05 came.", "See AB-2024-05.", "Zimmer 2020-12 ist frei."),
    ],
)
def test_two_years_or_a_room_are_no_month(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize("text", ["I moved 2024-05.", "I have lived here since 2024-05.", "(2024-05)", "May: 2024-05"])
def test_a_month_in_numbers_is_one(text: str) -> None:
    assert named(text) == ["May 2024"]
