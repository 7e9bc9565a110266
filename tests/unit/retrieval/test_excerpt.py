"""What is shown of a long text is what answers, in about the room that there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.models.tokens import load_counter
from semmem.retrieval.excerpt import LEFT_OUT, characters_of, excerpt

ROOM = 200


@given(st.text("ab .\n我", max_size=2_000), st.integers(1, ROOM))
def test_it_is_about_as_long_as_was_asked(text: str, characters: int) -> None:
    shown = excerpt(text, "a b", characters)
    parts = [part for part in shown.split(LEFT_OUT) if part.strip()]
    assert sum(len(part.strip()) for part in parts) <= characters + len(parts) or shown == text
    assert len(text) > characters or shown == text


def test_of_a_sentence_without_end_the_part_that_answers_is_shown() -> None:
    words = [f"word{number}" for number in range(500)]
    words[400:400] = ["the", "ferry", "leaves", "at", "nine"]
    shown = excerpt(" ".join(words), "When does the ferry leave?", ROOM)
    assert "ferry leaves" in shown
    assert len(shown) <= ROOM + 2 * len(LEFT_OUT) + 2


@pytest.mark.parametrize(
    ("text", "least"),
    [("I live in Berlin. " * 100, 400), ("我住在柏林。" * 300, 60), ("Я живу в Берлине. " * 100, 100)],
)
def test_a_text_of_any_script_takes_about_so_many_tokens(text: str, least: int) -> None:
    counter = load_counter()
    characters = characters_of(100, text, counter)
    assert least <= characters <= 400
    assert counter.count(text[:characters]) <= 120
