import time

import pytest

from semmem.extractors.resolve import ended
from semmem.extractors.rules.meaning import meaning, supersedes
from tests.unit.extractors.builders import SAID, draft


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My address is 12 Elm Street.", "home"),
        ("I moved to 7 Oak Avenue.", "home"),
        ("alice has just moved to Paris.", "home"),
        ('alice: "We\'ve moved to Rome, it rains."', "home"),
        ("alice lives in Berlin.", "home"),
        ("I work at Siemens.", "work"),
        ("I work as a nurse.", "job"),
        ("My job title is clerk.", "job"),
        ("My phone number is +49 30 1234567.", "phone"),
        ("My email is a@example.org.", "email"),
        ("alice prefers phone calls.", "channel"),
        ("Please email me instead.", "channel"),
        ("My favourite colour is red.", "favourite color"),
    ],
)
def test_a_value_of_a_known_attribute_names_its_slot(text: str, name: str) -> None:
    assert name in {value.attribute for value in meaning("alice", text).values}


@pytest.mark.parametrize(
    "text",
    [
        "My sister lives in Berlin.",
        "I moved to the next question.",
        "I used to live in Rome.",
        "I don't live in Berlin.",
        "I would live in Paris if I could.",
        "I hear Bob lives in Paris.",
        "Bob's address is 1 Main Street.",
        "I prefer tea.",
        "I work hard.",
    ],
)
def test_what_only_looks_like_one_does_not(text: str) -> None:
    single = {"home", "work", "job", "phone", "email", "channel"}
    assert single.isdisjoint(value.attribute for value in meaning("alice", text).values)


@pytest.mark.parametrize(
    ("text", "other", "over"),
    [
        ("I no longer want phone calls.", "alice prefers phone calls.", True),
        ("I switched from coffee to tea.", "alice drinks coffee.", True),
        ("I don't eat meat anymore.", "alice likes to eat meat.", True),
        ("I stopped smoking.", "alice is smoking a pipe.", True),
        ("I no longer want phone calls.", "alice has a new phone.", False),
        ("I want phone calls.", "alice prefers phone calls.", False),
        ("I don't like rain.", "alice likes rain in May.", False),
        ("My wife stopped smoking.", "alice smokes.", False),
        ("I stopped smoking.", "alice's wife smokes.", False),
    ],
)
def test_giving_something_up_is_told_from_mentioning_it(text: str, other: str, over: bool) -> None:
    assert supersedes(meaning("alice", text), meaning("alice", other)) is over


def test_a_hostile_message_takes_no_time() -> None:
    """Each of 1,500 sentences ends something of the 1,499 others, or may."""
    drafts = [draft(f"I stopped x{number} y{number}.") for number in range(1_500)]
    drafts += [draft(f"I moved to Place{number}.") for number in range(1_500)]
    said = {each.sources[0].event_id: SAID for each in drafts}
    began = time.process_time()
    closed = ended(drafts, said)
    assert sum(each.superseded is not None for each in closed) == 1_499
    assert time.process_time() - began < 12  # each with each took 84 s


@pytest.mark.parametrize(
    "piece",
    ["I ", "my a ", "I am not ", "and I ", "I have a ", "I no longer ", "x, ", "my mobile ", "I have now am also "],
)
def test_long_statements_stay_linear(piece: str) -> None:
    text = (piece * 500)[:1_900]
    began = time.process_time()
    meaning("alice", text)
    assert time.process_time() - began < 1
