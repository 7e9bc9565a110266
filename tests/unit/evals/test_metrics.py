from math import log2

import pytest

from semmem.evals.metrics import (
    covered,
    ndcg,
    percentile,
    recall,
    reciprocal_rank,
    source_turns,
    stands_above,
    words_kept,
)


def test_a_fact_stands_for_its_sources_and_each_turn_counts_once() -> None:
    assert source_turns([("t3",), ("t1", "t3", "t2"), (), ("t1",), ("t4",)]) == ["t3", "t1", "t2", "t4"]


@pytest.mark.parametrize(("k", "share"), [(1, 0.0), (2, 0.5), (3, 0.5), (4, 1.0), (50, 1.0)])
def test_recall_is_the_share_of_the_evidence_among_the_first_k(k: int, share: float) -> None:
    assert recall(("a", "b"), ["x", "a", "y", "b"], k) == share


def test_ndcg_of_a_perfect_a_late_and_no_answer() -> None:
    assert ndcg(("a", "b"), ["b", "a", "x"], 10) == pytest.approx(1)
    # Ranks 2 and 4, against 1 and 2 at best.
    late = (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3))
    assert ndcg(("a", "b"), ["x", "a", "y", "b"], 10) == pytest.approx(late)
    assert ndcg(("a",), ["x"], 10) == 0


def test_ndcg_counts_what_k_turns_can_hold_at_best() -> None:
    evidence = ("a", "b", "c")
    assert ndcg(evidence, ["a", "b"], 2) == pytest.approx(1)
    assert ndcg(evidence, ["x", "a", "b"], 2) == pytest.approx((1 / log2(3)) / (1 + 1 / log2(3)))


def test_reciprocal_rank_is_of_the_first_evidence() -> None:
    assert reciprocal_rank(("a", "b"), ["x", "y", "b", "a"]) == pytest.approx(1 / 3)
    assert reciprocal_rank(("a",), ["x"]) == 0


@pytest.mark.parametrize(
    ("turns", "above"),
    [
        (["x", "new", "old"], True),
        (["x", "old", "new"], False),
        (["new"], True),
        (["old"], False),
        (["x"], False),
        (["both", "new"], False),  # a turn that says the two of them does not tell them apart
    ],
)
def test_the_newest_stands_above_the_outdated(turns: list[str], above: bool) -> None:
    assert stands_above(("new", "both"), ("old", "both"), turns) is above


def test_evidence_is_covered_only_as_a_whole() -> None:
    assert covered(("a", "b"), {"a", "b", "c"})
    assert not covered(("a", "b"), {"a", "c"})


def test_an_answer_is_kept_by_its_stems() -> None:
    assert words_kept("painting sunsets", "She paints a sunset every week.")
    assert not words_kept("painting sunsets", "She paints every week.")
    assert words_kept("7 May 2023", "[2023] on the 7th: 7 May")


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.95, 4.0), (0.0, 1.0), (1.0, 4.0)])
def test_a_percentile_is_a_value_that_occurred(share: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == value
