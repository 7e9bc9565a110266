from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.retrieval.fusion import fuse

A, B, C = (UUID(int=n) for n in (1, 2, 3))
WEIGHTS = {"dense": 0.6, "lexical": 0.4}

scores = st.dictionaries(st.sampled_from([A, B, C]), st.floats(-100, 100))


def test_scores_are_scaled_between_the_lowest_and_the_highest_and_weighted() -> None:
    fused = fuse({"dense": {A: 0.9, B: 0.7, C: 0.5}, "lexical": {B: 12.0, A: 2.0}}, WEIGHTS)
    assert fused[A] == {"dense": 0.6, "lexical": 0.0}
    assert fused[B] == {"dense": pytest.approx(0.3), "lexical": 0.4}
    assert fused[C] == {"dense": 0.0}


@pytest.mark.parametrize("found", [{A: 0.3}, {A: 0.3, B: 0.3}])
def test_equal_scores_count_in_full(found: dict[UUID, float]) -> None:
    assert fuse({"dense": found, "lexical": {}}, WEIGHTS) == {id: {"dense": 0.6} for id in found}


def test_a_missing_signals_weight_goes_to_the_others() -> None:
    assert fuse({"lexical": {A: 7.0}}, WEIGHTS) == {A: {"lexical": pytest.approx(1.0)}}


def test_a_signal_that_found_nothing_keeps_its_weight() -> None:
    assert fuse({"lexical": {A: 7.0}, "dense": {}}, WEIGHTS) == {A: {"lexical": 0.4}}


def test_no_signal_gives_nothing() -> None:
    assert fuse({}, WEIGHTS) == {}


@given(st.dictionaries(st.sampled_from(["dense", "lexical"]), scores))
def test_parts_are_bounded_and_keep_each_signals_order(signals: dict[str, dict[UUID, float]]) -> None:
    fused = fuse(signals, WEIGHTS)
    assert set(fused) == {id for found in signals.values() for id in found}
    for id, parts in fused.items():
        assert set(parts) == {name for name, found in signals.items() if id in found}
        assert all(part >= 0 for part in parts.values())
        assert sum(parts.values()) <= 1 + 1e-9
    for name, found in signals.items():
        ordered = sorted(found, key=found.__getitem__)
        parts_in_order = [fused[id][name] for id in ordered]
        assert parts_in_order == sorted(parts_in_order)
