"""What changes: each new value supersedes the one before it, however it came in, and the present one answers."""

from datetime import UTC, datetime, timedelta

import pytest

from semmem import NewEvent, ScopedMemory

pytestmark = pytest.mark.shared

START = datetime(2025, 6, 1, tzinfo=UTC)


def _weekly(*said: str) -> list[NewEvent]:
    return [NewEvent(content=text, occurred_at=START + timedelta(weeks=week)) for week, text in enumerate(said)]


async def test_values_that_come_in_one_import_supersede_each_other_in_turn(alice: ScopedMemory) -> None:
    await alice.remember("I live in Gothenburg.", occurred_at=START - timedelta(days=300))
    await alice.settled()
    await alice.remember_many(_weekly("I moved to Malmo.", "I have a dog.", "I moved to Oslo."))
    await alice.settled()

    [home] = [fact for fact in await alice.facts() if "Oslo" in fact.text]
    versions = await alice.timeline(home.id)
    assert [fact.text.split()[-1] for fact in versions] == ["Gothenburg.", "Malmo.", "Oslo."]
    for at, city in ((-1, "Gothenburg"), (1, "Malmo"), (15, "Oslo")):
        then = await alice.recall("Where does she live?", as_of=START + timedelta(days=at))
        homes = [hit.text for hit in then if hit.kind == "fact" and "dog" not in hit.text]
        assert [home.split()[-1] for home in homes] == [f"{city}."]


async def test_the_present_value_is_found_among_many_past_ones(alice: ScopedMemory) -> None:
    cities = [f"Town{chr(ord('A') + at)}" for at in range(20)]
    await alice.remember_many(_weekly(*(f"I moved to {city}." for city in cities)))
    await alice.settled()
    [hit] = await alice.recall("Where did I move to?", limit=1)
    assert cities[-1] in hit.text


async def test_a_move_last_month_is_the_news_and_a_trip_is_none(alice: ScopedMemory) -> None:
    for text, day in (
        ("I live in Berlin.", 0),
        ("I moved to Munich last month.", 30),
        ("I'm in Lisbon this week.", 40),
    ):
        await alice.remember(text, occurred_at=START + timedelta(days=day))
        await alice.settled()
    versions = {fact.text: fact.current for fact in await alice.facts(superseded=True)}
    assert versions["alice lives in Berlin."] is False
    assert [current for text, current in versions.items() if "Munich" in text] == [True]


async def test_a_plan_is_what_holds_when_its_time_has_come(alice: ScopedMemory) -> None:
    for text, day in (("I live in Berlin.", 0), ("I'm moving to Munich in August.", 10)):
        await alice.remember(text, occurred_at=START + timedelta(days=day))
        await alice.settled()

    async def homes(at: datetime | None) -> list[str]:
        found = await alice.recall("Where does she live?", as_of=at)
        return [hit.text for hit in found if hit.kind == "fact"]

    assert any("Berlin" in text for text in await homes(START + timedelta(days=20)))
    now = await homes(None)
    assert any("Munich" in text for text in now)
    assert not any("Berlin" in text for text in now)

    await alice.remember("I live in Berlin.", occurred_at=START + timedelta(days=120))
    await alice.settled()
    assert any("Berlin" in text for text in await homes(None))


async def test_a_statement_retires_all_that_says_what_is_over(alice: ScopedMemory) -> None:
    said = [
        "I work at Oracle.",
        "I'm employed at Oracle in Lyon.",
        *(f"I met Tom{number} today." for number in range(30)),
    ]
    await alice.remember_many(_weekly(*said))
    await alice.settled()
    await alice.remember("I lost my job.", occurred_at=START + timedelta(weeks=len(said)))
    await alice.settled()
    current = [fact.text for fact in await alice.facts()]
    assert not [text for text in current if "Oracle" in text]
    assert len(current) == 31


async def test_what_was_over_when_it_was_said_is_recalled(alice: ScopedMemory) -> None:
    await alice.remember("I worked at Siemens from 2015 to 2019.", occurred_at=START)
    await alice.settled()
    assert any(hit.kind == "fact" for hit in await alice.recall("Where did I work?"))


async def test_what_was_said_in_the_same_breath_as_something_outdated_still_holds(alice: ScopedMemory) -> None:
    await alice.remember("I work at Oracle and I am allergic to peanuts.")
    await alice.remember("I work at SAP now.")
    await alice.settled()
    assert {fact.text.rstrip(".") for fact in await alice.facts()} == {
        "alice works at SAP now",
        "alice is allergic to peanuts",
    }
