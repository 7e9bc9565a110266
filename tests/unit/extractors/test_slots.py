import pytest

from semmem.extractors.slots import gives_up, slot


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
        ("My favourite colour is red.", "favourite colour"),
    ],
)
def test_a_value_of_a_known_attribute_names_its_slot(text: str, name: str) -> None:
    assert slot("alice", text) == name


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
    assert slot("alice", text) is None


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
    ],
)
def test_giving_something_up_is_told_from_mentioning_it(text: str, other: str, over: bool) -> None:
    assert gives_up(text, other) is over
