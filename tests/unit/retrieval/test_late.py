from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from semmem.domain.embeddings import TokenStates
from semmem.models.minilm import MiniLM
from semmem.retrieval.analysis import terms
from semmem.retrieval.late import LEVELS, Asked, asked, pack, similarities

States = NDArray[np.float32]
DIMENSIONS = 8

# What four bits hold without loss: whole multiples of a text's largest number.
_levels = arrays(np.int8, st.tuples(st.integers(1, 5), st.just(DIMENSIONS)), elements=st.integers(-LEVELS, LEVELS))
texts = st.lists(st.lists(_levels, min_size=1, max_size=4), min_size=1, max_size=6)
questions = arrays(
    np.float32, st.tuples(st.integers(1, 4), st.just(DIMENSIONS)), elements=st.integers(-3, 3).map(float)
)


def exact(pieces: Sequence[NDArray[np.int8]]) -> list[States]:
    """The pieces with one number at the largest level, so that the scale is 1 / LEVELS."""
    pieces[0][0, 0] = LEVELS
    return [(piece / LEVELS).astype(np.float32) for piece in pieces]


def asking(states: States, weights: Sequence[float] = ()) -> Asked:
    return Asked(states, np.array(weights or [1.0] * len(states), np.float32))


def max_sim(piece: States, question: States) -> States:
    """Each token's best match, one by one."""
    found = [[float(np.dot(token, word)) for token in piece] for word in question]
    return np.array([max(cosines) for cosines in found], np.float32)


def normalised(states: States) -> States:
    lengths: States = np.linalg.norm(states, axis=1, keepdims=True)
    return states / lengths


def unpacked(packed: bytes, dimensions: int) -> States:
    """The numbers of a text of one token."""
    numbers: States = similarities([packed], asking(np.eye(dimensions, dtype=np.float32)))[0]
    return numbers


@given(arrays(np.float32, 96, elements=st.floats(-1, 1, width=32)))
def test_no_number_is_off_by_more_than_half_a_step(row: States) -> None:
    step = float(np.abs(row).max()) / 7
    np.testing.assert_allclose(unpacked(pack([row[None]]), 96), row, atol=step / 2 + 1e-6)


def test_two_numbers_fill_a_byte() -> None:
    states = normalised(np.random.default_rng(1).standard_normal((20, 96), np.float32))
    lead = len(pack([states])) - 20 * 96 // 2
    assert 0 < lead <= 10
    assert len(pack([states[:5], states[5:]])) == len(pack([states])) + 2


def test_a_text_without_direction_is_near_to_nothing() -> None:
    with np.errstate(all="raise"):
        assert unpacked(pack([np.zeros((1, 4), np.float32)]), 4).tolist() == [0, 0, 0, 0]


@given(texts, questions)
def test_it_is_the_maxsim_of_the_best_piece(given: list[list[NDArray[np.int8]]], question: States) -> None:
    weights = [1.0 + place for place in range(len(question))]
    opened = [exact(pieces) for pieces in given]

    found = similarities([pack(pieces) for pieces in opened], asking(question, weights))

    assert found.shape == (len(given), len(question))
    for row, pieces in zip(found, opened, strict=True):
        each = np.stack([max_sim(piece, question) for piece in pieces])
        assert np.abs(each - row).max(axis=1).min() < 1e-4  # one piece's, whole
        assert row @ weights == pytest.approx((each @ weights).max(), abs=1e-3)


def test_four_bits_cost_little_of_a_cosine() -> None:
    pick = np.random.default_rng(2)
    given = [normalised(pick.standard_normal((tokens, 96), np.float32)) for tokens in pick.integers(1, 40, 50)]
    question = normalised(pick.standard_normal((9, 96), np.float32))

    found = similarities([pack([text]) for text in given], asking(question))

    expected = np.stack([max_sim(text, question) for text in given])
    np.testing.assert_allclose(found, expected, atol=0.06)
    assert np.abs(found - expected).mean() < 0.015


def test_a_long_text_is_judged_by_its_best_piece_alone() -> None:
    """Not by what its pieces have together, for a page is near to everything."""
    east, north = np.eye(2, dtype=np.float32)
    page, turn = pack([east[None], north[None]]), pack([east[None]])
    question = np.stack([east, north])

    assert similarities([page, turn], asking(question, [1, 5])).tolist() == [[0, 1], [1, 0]]
    assert similarities([turn, page], asking(question, [5, 1])).tolist() == [[1, 0], [1, 0]]


def states_of(*tokens: str) -> TokenStates:
    """Each token's state is its number."""
    return TokenStates(tokens, np.arange(len(tokens), dtype=np.float32)[:, None])


@pytest.mark.parametrize(
    ("tokens", "rarity", "kept", "weights"),
    [
        (("caroline", "paints", "sunrise", "##s"), {"carolin": 1.0, "paint": 9.0, "sunris": 4.0}, [0, 1, 2, 3], "1322"),
        (("what", "does", "caroline", "paint", "?"), {"carolin": 1.0, "paint": 4.0}, [2, 3], "12"),
        (("lena", "'", "s", "paint"), {"lena": 4.0, "paint": 4.0}, [0, 3], "22"),
        (("paint", "lena"), {"paint": 0.0, "lena": 4.0}, [1], "2"),
        (("##burg", "lena"), {"lena": 4.0, "burg": 1.0}, [0, 1], "12"),
        (("jurgen", "muller", "drink"), {"jürgen": 4.0, "müller": 9.0, "drink": 1.0}, [0, 1, 2], "231"),
        (("o", "'", "brien", "drink"), {"o'brien": 4.0, "drink": 1.0}, [2, 3], "21"),
        (("l", "'", "amour", "drink"), {"l'amour": 4.0, "drink": 1.0}, [2, 3], "21"),
        (("서울", "날씨"), {"서": 1.0, "울": 1.0, "서울": 4.0, "날": 1.0, "씨": 1.0, "날씨": 9.0}, [0, 1], "23"),
    ],
    ids=[
        "word pieces",
        "stop words",
        "an owner",
        "in every text",
        "a piece leads",
        "accents",
        "an apostrophe",
        "an article",
        "Hangul",
    ],
)
def test_a_token_weighs_as_much_as_its_word_is_rare(
    tokens: tuple[str, ...], rarity: dict[str, float], kept: list[int], weights: str
) -> None:
    found = asked(states_of(*tokens), rarity)
    assert found is not None
    assert found.states[:, 0].tolist() == kept
    assert found.weights.tolist() == [float(weight) for weight in weights]


@pytest.mark.parametrize("tokens", [("who", "is", "it", "?"), ("?", "!"), ()], ids=["stop words", "marks", "nothing"])
def test_a_question_in_which_no_word_counts_asks_nothing(tokens: tuple[str, ...]) -> None:
    assert asked(states_of(*tokens), {"paint": 4.0}) is None


async def test_the_bundled_models_states_find_the_words_that_answer() -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `local`")
    given = ["Nice weather today.", "I am allergic to peanuts.", "The invoice is overdue."]
    embedded = (await MiniLM().embed([*given, "Which nuts must she avoid?"], tokens=True)).tokens
    assert embedded is not None
    question = asked(embedded[-1], dict.fromkeys(terms("Which nuts must she avoid?"), 1.0))
    assert question is not None

    found = similarities([pack([text.states]) for text in embedded[:-1]], question)

    assert int((found @ question.weights).argmax()) == 1
