"""Events that arrive late, out of order or in one import end in the same facts as those that arrive as they happen."""

from datetime import UTC, datetime
from itertools import permutations
from random import Random

import pytest

from semmem.domain.event import Event
from tests.truth.remembered import Remembered
from tests.unit.extractors.builders import event

STORIES = {
    "home": (
        ("I live in Berlin.", "2026-01-05"),
        ("I moved to Munich last month.", "2026-02-10"),
        ("I'm staying in Lisbon for the weekend.", "2026-02-20"),
        ("I'm moving to Oslo in March.", "2026-02-25"),
        ("I've relocated to Oslo.", "2026-03-15"),
        ("I moved to Porto this month.", "2026-04-20"),
    ),
    "work": (
        ("I work at Siemens.", "2026-01-05"),
        ("I left Siemens last week.", "2026-02-10"),
        ("I got a job at Bosch.", "2026-03-01"),
        ("I also work at Lidl on Saturdays.", "2026-03-05"),
        ("I was laid off from Bosch.", "2026-05-02"),
    ),
    "life": (
        ("I'm single.", "2026-01-05"),
        ("I am vegetarian.", "2026-01-06"),
        ("I got engaged!", "2026-02-10"),
        ("I'm not vegetarian anymore.", "2026-03-01"),
        ("We got married.", "2026-06-01"),
    ),
    "there and back": (
        ("I live in Berlin.", "2026-01-05"),
        ("I live in Rome.", "2026-02-10"),
        ("My wife lives in Berlin.", "2026-02-15"),
        ("I live in Oslo.", "2026-03-01"),
    ),
    "things": (
        ("My car is a Golf.", "2026-01-05"),
        ("I have a cat named Miso.", "2026-01-06"),
        ("My favourite colour is blue.", "2026-01-07"),
        ("Miso died last week.", "2026-02-10"),
        ("My new car is a Volvo.", "2026-03-01"),
    ),
}
MANY = [line for story in STORIES.values() for line in story if story is not STORIES["there and back"]]


def events(story: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> list[Event]:
    return [event(text, at=datetime.fromisoformat(day).replace(tzinfo=UTC)) for text, day in story]


async def in_order(lines: list[Event]) -> set[str]:
    memory = Remembered()
    for each in sorted(lines, key=lambda each: each.occurred_at):
        await memory.take([each])
    return memory.current


@pytest.mark.parametrize("name", STORIES)
async def test_every_order_of_arrival_ends_in_the_same_current_facts(name: str) -> None:
    lines = events(STORIES[name])
    expected = await in_order(lines)
    assert expected
    for order in permutations(lines):
        one_by_one, at_once = Remembered(), Remembered()
        for each in order:
            await one_by_one.take([each])
        await at_once.take(order)
        assert one_by_one.current == expected, [each.content for each in order]
        assert at_once.current == expected, [each.content for each in order]


@pytest.mark.parametrize("seed", range(40))
async def test_any_cut_of_a_shuffled_history_ends_in_the_same_current_facts(seed: int) -> None:
    random = Random(seed)
    lines = events(MANY)
    expected = await in_order(lines)
    random.shuffle(lines)
    memory = Remembered()
    while lines:
        size = random.randint(1, 6)
        await memory.take(lines[:size])
        lines = lines[size:]
    assert memory.current == expected


async def test_the_stories_end_as_a_reader_would_say() -> None:
    current = {name: await in_order(events(story)) for name, story in STORIES.items()}
    assert not [text for text in current["home"] if "Berlin" in text or "Munich" in text or "relocated" in text]
    assert any("Porto" in text for text in current["home"])
    assert not [text for text in current["work"] if "works at Siemens" in text or "job at Bosch" in text]
    assert any("Lidl" in text for text in current["work"])
    assert not [text for text in current["life"] if "single" in text or "engaged" in text or "is vegetarian" in text]
    assert current["there and back"] == {"alice lives in Oslo.", "alice's wife lives in Berlin."}
    assert not [text for text in current["things"] if "Golf" in text or "has a cat" in text or "named Miso" in text]
