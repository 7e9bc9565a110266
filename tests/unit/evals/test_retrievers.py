from uuid import UUID

import pytest

from semmem.evals.retrievers import reciprocal_rank_fusion
from semmem.ports import Candidate

A, B, C = (UUID(int=number) for number in (1, 2, 3))


def ranking(*ids: UUID) -> list[Candidate]:
    return [Candidate(id, 0.0) for id in ids]


def test_ranks_are_fused_not_scores() -> None:
    fused = reciprocal_rank_fusion([ranking(A, B, C), ranking(C, B)])
    assert [hit.id for hit in fused] == [C, B, A]
    assert fused[0].score == pytest.approx(1 / 63 + 1 / 61)
    assert fused[2].score == pytest.approx(1 / 61)
