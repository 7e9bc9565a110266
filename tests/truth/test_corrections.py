"""A correction ends in the same facts whatever of the earlier events is read before it, and whatever after."""

from datetime import UTC, datetime
from itertools import permutations
from random import Random

import pytest

from semmem.domain.event import Event
from semmem.domain.extraction import Retraction
from semmem.domain.fact import Fact
from semmem.extractors.resolve import reworded
from semmem.extractors.retracted import forbids
from semmem.extractors.rules.meaning import meaning
from tests.truth.remembered import Remembered
from tests.truth.test_orders import events
from tests.unit.extractors.builders import draft

CORRECTED_AT = datetime(2026, 6, 1, tzinfo=UTC)
BEFORE = {
    "home": (
        ("I live in Berlin.", "2026-01-05"),
        ("I moved to Munich last month.", "2026-02-10"),
        ("I'm staying in Lisbon for the weekend.", "2026-02-20"),
        ("I live in Munich.", "2026-03-01"),
        ("I've relocated to Oslo.", "2026-03-15"),
    ),
    "work": (
        ("I work at Siemens.", "2026-01-05"),
        ("I got a job at Bosch.", "2026-03-01"),
        ("I also work at Lidl on Saturdays.", "2026-03-05"),
        ("I work at Zalando now.", "2026-04-01"),
    ),
    "my car": (
        ("My car is a Golf.", "2026-01-05"),
        ("My car is a Golf.", "2026-02-05"),
        ("My new car is a Volvo.", "2026-03-01"),
    ),
}
AFTER = {
    "home": (("I moved to Porto.", "2026-07-01"), ("I play the cello.", "2026-07-02")),
    "work": (("I was laid off.", "2026-07-01"),),
    "my car": (("My car is a Golf.", "2026-07-01"),),
}
RIGHT = {"home": "alice lives in Bern.", "work": "alice works at Miele.", "my car": "alice's car is a Skoda."}


def _of(memory: Remembered, attribute: str) -> list[Fact]:
    """What holds of the attribute; a second job is none that takes the place of the first."""

    def tells(fact: Fact) -> bool:
        values = meaning(fact.subject, fact.text).values
        return any(value.attribute == attribute and not value.beside for value in values)

    return [fact for fact in memory.facts if fact.current and tells(fact)]


async def _told(name: str, order: tuple[Event, ...], cut: int, later: bool) -> set[str] | None:
    """What holds where a person corrects it once so many events were read; None where nothing of it was known then."""
    memory = Remembered()
    for each in order[:cut]:
        await memory.take([each])
    known = _of(memory, name)
    if not known:
        return None
    memory.correct(known[-1], RIGHT[name], CORRECTED_AT)
    for each in (*order[cut:], *order):  # and all of them once more, as where they are extracted again
        await memory.take([each])
    if later:
        await memory.take(events(AFTER[name]))
    return memory.current


@pytest.mark.parametrize("later", [False, True], ids=["", "and later news"])
@pytest.mark.parametrize("name", BEFORE)
async def test_it_commutes_with_the_events_before_it(name: str, later: bool) -> None:
    lines = tuple(events(BEFORE[name]))
    expected = await _told(name, lines, len(lines), later)
    assert expected
    assert (RIGHT[name] in expected) != later
    tried = 0
    for order in Random(1).sample(list(permutations(lines)), k=min(24, len(list(permutations(lines))))):
        for cut in range(1, len(lines) + 1):
            found = await _told(name, order, cut, later)
            assert found in (None, expected), [(each.content, at < cut) for at, each in enumerate(order)]
            tried += found is not None
    assert tried > 12


class TestWhatIsDrawnAgainFromItsEvents:
    """After "alice lives in Berlin." was taken back; another extraction words it a little differently."""

    CONTENT = "Hi! I live in Berlin, near the zoo. Yes, Berlin is where my home is. My sister lives in Rome."
    GONE = Retraction(b"", "I live in Berlin", CONTENT, "alice", "alice lives in Berlin.")

    @pytest.mark.parametrize(
        ("text", "quote"),
        [
            ("alice's home is Berlin.", "I live in Berlin"),
            ("alice has a flat near Berlin's zoo.", "Berlin, near the zoo"),
            ("alice resides by the zoo.", "live in Berlin, near the zoo."),
            ("alice's home is Berlin.", "Berlin is where my home is"),
            ("alice is based in Berlin.", "Yes, Berlin is where my home is."),
            ("Alice lives in  BERLIN", "where my home is"),
        ],
    )
    def test_it_does_not_come_back(self, text: str, quote: str) -> None:
        assert forbids(self.GONE, draft(text), quote)

    @pytest.mark.parametrize(
        ("text", "subject", "quote"),
        [
            ("alice's sister lives in Rome.", "alice's sister", "My sister lives in Rome."),
            ("alice's home is Munich.", "alice", "Berlin is where my home is"),
            ("alice does not live in Berlin.", "alice", "Yes"),
            ("bob lives in Berlin.", "bob", "Yes"),
        ],
    )
    def test_other_statements_do(self, text: str, subject: str, quote: str) -> None:
        assert not forbids(self.GONE, draft(text, subject), quote)

    def test_of_what_is_gone_the_words_of_the_event_alone_are_known(self) -> None:
        gone = Retraction(b"", "I live in Berlin", self.CONTENT, None, None)
        assert forbids(gone, draft("alice lives in Berlin."), "I live in Berlin, near")
        assert not forbids(gone, draft("alice lives in Berlin."), "where my home is")


def test_the_same_value_in_other_words() -> None:
    assert reworded("alice", "alice works at Bosch.", "alice", "alice is employed by Bosch.")
    assert not reworded("alice", "alice works at Bosch.", "alice", "alice works at Siemens.")
    assert not reworded("alice", "alice likes tea.", "alice", "alice does not like tea.")
