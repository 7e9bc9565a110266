# ruff: noqa: RUF001

import unicodedata

import pytest

from semmem.extractors.ground import ground

SOURCE = "Well — I’ve moved to  7 Oak\nAvenue, near the Café “Zoë” (it's small)."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("I've moved to 7 oak avenue", "I’ve moved to  7 Oak\nAvenue"),
        ('the cafe\u0301 "zoe\u0308"', "the Café “Zoë”"),
        ("well - i've", "Well — I’ve"),
        ("I've moved ... it's small", "I’ve moved … it's small"),
        ("I've moved … near the Café", "I’ve moved … near the Café"),
    ],
)
def test_a_quote_comes_back_as_it_stands_in_the_source(quote: str, found: str) -> None:
    assert ground(quote, SOURCE) == found


@pytest.mark.parametrize(
    "quote",
    [
        "I moved to Berlin",
        "oak aven",
        "it's small ... I've moved",
        "a ... b ... c",
        "...",
        "",
        "—",
        "7 Oak Avenue near",
    ],
)
def test_what_is_not_in_the_source_is_not_grounded(quote: str) -> None:
    assert ground(quote, SOURCE) is None


def test_the_unicode_form_of_the_source_does_not_matter() -> None:
    decomposed = unicodedata.normalize("NFD", "Zoë lebt in Köln")
    assert ground("Zoë lebt in Köln", decomposed) == decomposed


def test_scripts_without_spaces_ground_inside_a_run() -> None:
    assert ground("住在上海", "我住在上海很久了") == "住在上海"


def test_an_ellipsis_of_the_source_itself_is_found() -> None:
    assert ground("so... I quit", "And so... I quit my job") == "so... I quit"
