import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.domain.scope import Scope
from semmem.ports import Passage
from semmem.retrieval.cues import Cue
from semmem.retrieval.late import Asked, pack
from semmem.retrieval.pool import HERE, REACH, Pool
from tests.unit.retrieval.memories import ALICE, LAUNCH
from tests.unit.retrieval.passages import passage, pool_of, turns

EAST, NORTH = np.eye(2, dtype=np.float32)
QUESTION = Asked(np.stack([EAST, NORTH]), np.array([1.0, 3.0], np.float32))


def neighbours(pool: Pool, row: int) -> list[int | None]:
    """The places of those before, of itself, and of those after."""
    return [None if found < 0 else pool.passages[found].place for found in pool.neighbours[row]]


def test_turns_of_a_session_have_their_neighbours_whatever_their_order() -> None:
    found = turns(9)
    pool = pool_of([found[n] for n in (4, 0, 8, 2, 1, 3, 7, 5, 6)])
    assert REACH == 3
    assert neighbours(pool, 0) == [2, 3, 4, 5, 6, 7, 8]
    assert neighbours(pool, 1) == [None, None, None, 1, 2, 3, 4]
    assert neighbours(pool, 2) == [6, 7, 8, 9, None, None, None]


def test_what_was_forgotten_or_not_read_leaves_a_gap() -> None:
    pool = pool_of([passage(place=place) for place in (1, 2, 4, 6)])
    assert neighbours(pool, 2) == [1, 2, None, 4, None, 6, None]


def test_long_turns_have_no_neighbours_and_are_none() -> None:
    pool = pool_of([passage(place=1), passage(place=2, long=True), passage(place=3)])
    alone = [None] * REACH
    assert neighbours(pool, 1) == [*alone, 2, *alone]
    assert neighbours(pool, 0) == [*alone, 1, None, 3, None]


def test_facts_stand_alone() -> None:
    pool = pool_of([passage(kind="fact", session=None), passage(kind="fact", session=None), passage(place=1)])
    itself = [-1] * REACH
    assert pool.neighbours.tolist() == [[*itself, row, *itself] for row in range(3)]


spots = st.tuples(
    st.sampled_from([ALICE, LAUNCH, Scope.user("globex", "alice"), Scope.workspace("acme", "alice")]),
    st.sampled_from([None, "s1", "s", "1"]),
    st.integers(1, 12),
)


@given(st.lists(spots, unique=True, max_size=40), st.data())
def test_neighbours_never_cross_a_session_or_a_scope(
    found: list[tuple[Scope, str | None, int]], data: st.DataObject
) -> None:
    passages = [
        passage(scope=scope, session=session, place=place, long=data.draw(st.booleans()))
        for scope, session, place in found
    ]
    pool = pool_of(passages)
    for row, here in enumerate(passages):
        for column, near in enumerate(pool.neighbours[row]):
            expected = [there for there in passages if _near(here, there, column - HERE)]
            assert [passages[near]] == expected if near >= 0 else expected == []


def _near(here: Passage, there: Passage, step: int) -> bool:
    if step == 0:
        return here is there
    spoken_together = (here.scope, here.session) == (there.scope, there.session)
    assert here.place
    return spoken_together and there.place == here.place + step and not (here.long or there.long)


def test_what_the_lexical_index_did_not_find_has_no_words_in_common() -> None:
    one, other = turns(2)
    assert pool_of([one, other], lexical={other.id: 7.5}).lexical.tolist() == [0, 7.5]


def test_token_states_are_compared_word_by_word() -> None:
    one, other = passage(states=pack([EAST[None]])), passage(states=pack([np.stack([EAST, NORTH])]))
    pool = pool_of([one, other], asked=QUESTION, dense={one.id: 0.9})
    assert pool.closeness is not None
    assert pool.closeness.tolist() == [[1, 0], [1, 1]]
    assert pool.weights is not None
    assert pool.weights.tolist() == [1, 3]


@pytest.mark.parametrize("asked", [QUESTION, None], ids=["a passage has no states", "the embedder has none"])
def test_without_token_states_the_cosine_of_the_whole_stands_in(asked: Asked | None) -> None:
    states = [pack([EAST[None]]), pack([EAST[None]]), None if asked else pack([EAST[None]])]
    one, other, unfound = (passage(states=each) for each in states)
    pool = pool_of([one, other, unfound], asked=asked, dense={one.id: 0.75, other.id: 0.25})
    assert pool.closeness is not None
    assert pool.closeness.tolist() == [[0.75], [0.25], [0.25]]  # no nearer than the last that was found
    assert pool.weights is not None
    assert pool.weights.tolist() == [1]


def test_an_index_that_found_nothing_says_nothing_of_anyone() -> None:
    pool = pool_of(turns(2), dense={})
    assert pool.closeness is not None
    assert pool.closeness.tolist() == [[0], [0]]


def test_without_an_embedder_there_is_no_closeness() -> None:
    pool = pool_of([passage(states=pack([EAST[None]]))], dense=None, asked=None)
    assert (pool.closeness, pool.weights) == (None, None)


def test_cues_are_told_apart() -> None:
    pool = pool_of([*(passage(cues=int(cue)) for cue in Cue), passage(cues=int(Cue.TIME | Cue.ASKS)), passage()])
    held = np.array([pool.has(cue) for cue in Cue])
    assert held[:, : len(Cue)].tolist() == np.eye(len(Cue)).tolist()
    assert [cue for cue, both in zip(Cue, held[:, len(Cue)], strict=True) if both] == [Cue.TIME, Cue.ASKS]
    assert not held[:, -1].any()


def test_a_pool_may_be_empty() -> None:
    pool = pool_of([], dense={})
    assert pool.neighbours.shape == (0, 2 * REACH + 1)
