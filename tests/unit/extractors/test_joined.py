"""Statements that a sentence joins are facts of their own, where each can stand alone."""

import pytest

from semmem.extractors.statements.joined import statements


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("I work at Oracle and I am allergic to peanuts.", ["I work at Oracle", "I am allergic to peanuts."]),
        ("i work at oracle and i'm allergic to nuts", ["i work at oracle", "i'm allergic to nuts"]),
        ("I live in Austin, Texas and I work at Dell.", ["I live in Austin, Texas", "I work at Dell."]),
        ("My code is 77421, and I live in Bern.", ["My code is 77421", "I live in Bern."]),
        ("I live in Berlin, but my sister lives in Rome.", ["I live in Berlin", "my sister lives in Rome."]),
        (
            "I'm a nurse and my wife works at Bosch and our son is 5.",
            ["I'm a nurse", "my wife works at Bosch", "our son is 5."],
        ),
    ],
)
def test_statements_that_can_stand_alone_are_told_apart(sentence: str, parts: list[str]) -> None:
    assert statements(sentence) == parts


@pytest.mark.parametrize(
    "sentence",
    [
        "My wife Anna and I live in Berlin.",
        "I love my cat and my dog.",
        "We called off the wedding, Priya and I aren't together anymore.",
        "I live with my wife and my son.",
        "I have two dogs and I walk them daily.",
        "I'm vegan, but I eat fish.",
        "I work at Oracle and I also teach.",
        "If I find a job and I like the town, I move.",
        "Anna says I work too much and I am tired.",
        'I read "Me and my life" and my wife is in "Home and I".',
    ],
)
def test_a_statement_that_leans_on_another_stays_with_it(sentence: str) -> None:
    assert statements(sentence) == [sentence]
