"""What supersedes what, without a model, on pairs of everyday statements; half of them leave the first as it is."""

from pathlib import Path

import pytest

from semmem.errors import InvalidInput
from semmem.evals.supersedes import PAIRS, Outcome, Pair, figures, load, outcome, table

PARTS = (
    *("first", "given", "held back", "traps", "further", "fresh"),
    *("everyday", "second everyday", "third everyday", "fourth everyday", "look-alikes"),
    *("plain", "second plain", "third plain", "fourth plain", "fifth plain", "chat", "customers", "idioms", "tempting"),
)
# What rules reach of these, docs/truth.md says.
FREER = ("plain", "second plain", "third plain", "fourth plain", "fifth plain", "chat", "customers", "idioms")


@pytest.fixture(scope="module")
async def outcomes() -> list[Outcome]:
    return [await outcome(pair) for pair in load(PAIRS)]


async def test_what_is_retired_is_over_and_most_of_what_is_over_is_retired(outcomes: list[Outcome]) -> None:
    wrong = [each.pair for each in outcomes if not each.right]
    assert figures(outcomes).precision == 1, wrong
    assert figures(each for each in outcomes if each.pair.part not in FREER).recall >= 0.92, wrong


@pytest.mark.parametrize("part", PARTS)
async def test_no_part_is_retired_wrongly(outcomes: list[Outcome], part: str) -> None:
    assert figures(each for each in outcomes if each.pair.part == part).precision == 1


async def test_every_statement_of_the_pairs_is_stored(outcomes: list[Outcome]) -> None:
    """But for wishes to an agent and for other things than the speaker's."""
    missed = [each.pair for each in outcomes if not each.stored]
    assert all(pair.part in FREER for pair in missed), missed
    assert len(missed) <= 16, missed


def test_the_pairs_are_half_and_half_over_twelve_attributes() -> None:
    pairs = [pair for pair in load(PAIRS) if pair.part in ("given", "held back")]
    attributes = {pair.attribute for pair in pairs}
    assert len(pairs) >= 400
    assert len(attributes) >= 12
    assert 0.45 <= sum(pair.expected == "replace" for pair in pairs) / len(pairs) <= 0.55
    assert len({(pair.earlier, pair.later) for pair in pairs}) == len(pairs)


def test_the_table_has_a_row_for_each_part_and_attribute() -> None:
    pair = Pair(part="given", attribute="home", kind="trip", expected="keep", earlier="a", later="b")
    assert "| home | 1 | 0 | 1 | 0.000 | 1.000 |" in table([Outcome(pair, stored=True, replaced=True)])


def test_a_file_that_is_not_there_and_a_line_that_is_no_pair_are_named(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    with pytest.raises(InvalidInput, match="not there"):
        load(file)
    file.write_text('{"part": "given"}\n', encoding="utf-8")
    with pytest.raises(InvalidInput, match="line 1"):
        load(file)
