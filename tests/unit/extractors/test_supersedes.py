"""What supersedes what, without a model, on pairs of everyday statements; half of them leave the first as it is."""

import csv
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from semmem.domain.extraction import Question
from semmem.domain.fact import Draft
from semmem.extractors.offline import OfflineExtractor
from tests.unit.extractors.builders import SAID, event, fact

PAIRS = Path(__file__).with_name("supersedes.tsv")
OFFLINE = OfflineExtractor()
LATER = timedelta(days=30)


def pairs() -> list[dict[str, str]]:
    with PAIRS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


async def drafts(text: str, after: timedelta = timedelta()) -> Sequence[Draft]:
    return (await OFFLINE.extract([event(text, at=SAID + after)], {})).drafts


async def is_superseded(earlier: str, later: str) -> bool:
    """Whether any fact of the earlier statement gives way to the later one, said thirty days after it."""
    known = [fact(draft.text, validity=draft.validity, said_at=SAID) for draft in await drafts(earlier)]
    assert known, f"{earlier} is no fact"
    asked = [
        Question(draft=draft, candidates=tuple(known), cosines=(0.6,) * len(known), said_at=SAID + LATER)
        for draft in await drafts(later, LATER)
    ]
    decisions, _ = await OFFLINE.decide(asked)
    return any(decision.verdict == "supersede" for decision in decisions)


async def test_supersedes_is_precise_and_seldom_missed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = pairs()
    wanted = [row["wanted"] == "replace" for row in rows]
    found = [await is_superseded(row["earlier"], row["later"]) for row in rows]
    right = sum(each and got for each, got in zip(wanted, found, strict=True))
    precision, recall = right / sum(found), right / sum(wanted)
    wrong = [row for row, each, got in zip(rows, wanted, found, strict=True) if each != got]
    with capsys.disabled():
        print(f"\nsupersedes: {len(rows)} pairs, precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.98, wrong
    assert recall >= 0.75, wrong


def test_the_pairs_are_half_and_half_over_twelve_attributes() -> None:
    rows = pairs()
    attributes = {row["attribute"] for row in rows}
    assert len(rows) >= 300
    assert len(attributes) >= 12
    for attribute in attributes:
        own = [row["wanted"] for row in rows if row["attribute"] == attribute]
        assert 0.25 <= own.count("replace") / len(own) <= 0.75, attribute
