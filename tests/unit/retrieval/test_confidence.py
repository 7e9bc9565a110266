from math import fsum
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.domain.hit import Hit
from semmem.retrieval.confidence import confidence
from semmem.retrieval.late import Asked, pack
from semmem.retrieval.pool import Pool
from tests.unit.retrieval.memories import event
from tests.unit.retrieval.passages import passage, pool_of


def facing(cosines: list[list[float]], *, weights: tuple[float, ...] = (1.0, 1.0)) -> Pool:
    """Passages, each with how near it comes to either of a question's two words; the whole is as near as the best."""
    asked = Asked(np.eye(2, 4, dtype=np.float32), np.array(weights, np.float32))
    states = []
    for first, second in cosines:
        rows = [[first, 0.0, (1 - first**2) ** 0.5, 0.0], [0.0, second, 0.0, (1 - second**2) ** 0.5]]
        states.append(pack([np.array(rows, np.float32)]))
    found = [passage(id=UUID(int=n + 1), states=each) for n, each in enumerate(states)]
    dense = {each.id: max(both) for each, both in zip(found, cosines, strict=True)}
    return pool_of(found, dense=dense, asked=asked)


WELL, BADLY = facing([[0.9, 0.9], [0.2, 0.3], [0.3, 0.1]]), facing([[0.2, 0.3], [0.3, 0.2], [0.3, 0.1]])


def test_what_meets_the_question_is_sure_and_what_is_far_from_it_is_not() -> None:
    assert confidence(WELL) > 0.9
    assert confidence(BADLY) < 0.1


def test_the_rarer_a_word_the_more_it_counts_whether_it_was_met() -> None:
    met, missed = facing([[0.9, 0.1]], weights=(2.0, 0.5)), facing([[0.9, 0.1]], weights=(0.5, 2.0))
    assert confidence(met) > confidence(missed)


def test_what_comes_as_near_among_many_as_among_few_may_do_so_by_chance() -> None:
    few, many = facing([[0.5, 0.4], [0.1, 0.1]]), facing([[0.5, 0.4], *([0.1, 0.1] for _ in range(200))])
    assert confidence(few) > confidence(many)


def test_without_token_states_nothing_is_doubted() -> None:
    assert confidence(pool_of([passage()], dense={})) == 1.0
    assert confidence(pool_of([])) == 1.0


@given(st.lists(st.lists(st.floats(0, 1, width=16), min_size=2, max_size=2), min_size=1, max_size=6))
def test_it_lies_between_nothing_and_certainty(cosines: list[list[float]]) -> None:
    pool = facing(cosines)
    assert 0 <= confidence(pool) <= 1


def test_a_doubted_hit_says_so_and_its_score_stays_the_sum_of_its_signals() -> None:
    hit = Hit(item=event("I live in Berlin."), score=0.6, signals={"turn": 0.4, "words": 0.2})
    doubted = hit.doubted(0.25)
    assert doubted.signals["doubt"] == pytest.approx(-0.45)
    assert doubted.score == pytest.approx(fsum(doubted.signals.values()))
    assert doubted.undoubted == pytest.approx(0.6)
    assert hit.undoubted == 0.6
