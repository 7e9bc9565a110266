# ruff: noqa: RUF001 - letters that look alike are what it is about
"""facts(subject=...) finds a subject however its name is written, and nobody else's."""

import unicodedata

import pytest

from semmem.memory.scoped import ScopedMemory

pytestmark = pytest.mark.shared

NFD = unicodedata.normalize("NFD", "José Núñez")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("José Núñez", NFD),
        (NFD, "José Núñez"),
        (NFD, "JOSÉ NÚÑEZ"),
        ("Maya", "mAYA"),
        ("Maya Lindqvist", " maya   lindqvist\n"),
        ("Maya Lindqvist", "Maya\u00a0Lindqvist"),
        ("Maya", "\uff2d\uff41\uff59\uff41"),  # full width
        ("\uff2d\uff41\uff59\uff41", "Maya"),
        ("İbrahim", "ibrahim"),
        ("ibrahim", "İBRAHİM"),
        ("Işıl", "IŞIL"),
        ("Strauß", "STRAUSS"),
        ("Strauss", "strauß"),
        ("Strauß", "STRAUẞ"),
        ("Νίκος", "ΝΊΚΟΣ"),  # a final sigma
        ("O’Brien", "O'Brien"),
        ("Anne-Marie", "Anne‑Marie"),
        ("Ma\u00adya", "Maya"),  # a soft hyphen
        ("Maya", "\u200bMaya\u200f"),
        ("Åsa", "Åsa"),  # the sign of a unit
        ("ﬁona", "fiona"),  # a ligature
        ("가영", unicodedata.normalize("NFD", "가영")),
        ("アキ", "ｱｷ"),
    ],
)
async def test_a_subject_is_found_in_any_form(alice: ScopedMemory, written: str, asked: str) -> None:
    await alice.remember("I live in Berlin.", speaker=written)
    await alice.remember("I live in Oslo.", speaker="Somebody Else")
    await alice.settled()
    assert [fact.subject for fact in await alice.facts(subject=asked)] == [written]


@pytest.mark.parametrize("other", ["Mayas", "May", "Måya", "M aya", "Maya Lindqvist", "%", "m_ya", "."])
async def test_another_subject_is_not_found(alice: ScopedMemory, other: str) -> None:
    await alice.remember("I live in Berlin.", speaker="Maya")
    await alice.settled()
    assert await alice.facts(subject=other) == []


async def test_all_spellings_of_a_subject_are_found_together(alice: ScopedMemory) -> None:
    await alice.remember("I live in Berlin.", speaker="José")
    await alice.remember("I play the piano.", speaker="JOSÉ")
    await alice.settled()
    assert {fact.subject for fact in await alice.facts(subject="josé", limit=10)} == {"José", "JOSÉ"}
