"""When: the offset that a caller gave is kept, days are resolved in it, and it is shown."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from semmem import ScopedMemory

pytestmark = pytest.mark.shared


def at(hours: float, *moment: int) -> datetime:
    return datetime(*moment, tzinfo=timezone(timedelta(hours=hours)))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("said_at", "text", "day"),
    [
        (at(-8, 2025, 11, 20, 22), "My surgery is tomorrow.", "21 November 2025"),
        (at(-8, 2025, 11, 20, 22), "I quit my job today.", "20 November 2025"),
        (at(-5, 2024, 12, 31, 21), "I got married this year.", "(2024)"),
        (at(-5, 2025, 11, 16, 20), "I started running last week.", "week of 3 November 2025"),
        (at(11, 2025, 11, 22, 7), "I met Liam yesterday.", "21 November 2025"),
        (at(13, 2025, 11, 24, 9), "I ran a marathon last weekend.", "weekend of 22 November 2025"),
        (at(5.75, 2024, 2, 29, 1), "I sold my bike yesterday.", "28 February 2024"),
        (at(-9.5, 2024, 2, 28, 23), "I fly home tomorrow.", "29 February 2024"),
        (at(0, 2025, 11, 20, 12), "My surgery is tomorrow.", "21 November 2025"),
    ],
)
async def test_days_are_those_of_the_caller(alice: ScopedMemory, said_at: datetime, text: str, day: str) -> None:
    await alice.remember(text, occurred_at=said_at)
    await alice.settled()

    [fact] = await alice.facts()
    assert day in fact.text
    assert fact.validity.start is not None
    assert str(fact.validity.start.day) in day.split() or day == "(2024)"
    assert fact.validity.start.utcoffset() == fact.said_at.utcoffset() == said_at.utcoffset()

    [event] = await alice.history()
    assert (event.occurred_at, event.occurred_at.utcoffset()) == (said_at, said_at.utcoffset())
    context = await alice.context(text, budget=300)
    assert f"[{said_at:%Y-%m-%d}]" in context.text


async def test_without_an_offset_days_are_those_of_utc(alice: ScopedMemory) -> None:
    await alice.remember("I like tea.")
    [event] = await alice.history()
    assert event.occurred_at.tzinfo is UTC


async def test_the_same_moment_with_another_offset_is_the_same_event(alice: ScopedMemory) -> None:
    first = await alice.remember("I like tea.", key="k", occurred_at=at(0, 2025, 5, 1, 12))
    again = await alice.remember("I like tea.", key="k", occurred_at=at(2, 2025, 5, 1, 14))
    assert (again.id, again.status) == (first.id, "duplicate")
