import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.retrieval.documents import event_pieces, has_more_pieces
from semmem.retrieval.pieces import LONG, MOST, PIECE, is_long, pieces
from tests.unit.retrieval.memories import event

prose = st.lists(
    st.sampled_from(["word", "Berlin.", "really?", "yes!", "线。", "\n", "\n\n", "3.5", "a" * 40, "."]), max_size=300
).map(" ".join)


def sentence(words: int) -> str:
    return "word " * (words - 1) + "end."


def sizes(text: str) -> list[int]:
    return [len(piece.split()) for piece in pieces(text)]


@given(st.text() | prose)
def test_nothing_is_lost_or_said_twice_up_to_the_last_piece(text: str) -> None:
    cut, words = pieces(text), text.split()
    kept = [word for piece in cut for word in piece.split()]
    assert kept == words[: len(kept)]
    assert kept == words or len(cut) == MOST
    assert all(1 <= len(piece.split()) <= PIECE for piece in cut)


@given(st.lists(st.integers(1, PIECE), min_size=1, max_size=MOST))
def test_sentences_stay_whole_and_share_a_piece_while_they_fit(lengths: list[int]) -> None:
    cut = pieces(" ".join(sentence(length) for length in lengths))
    assert all(piece.endswith("end.") for piece in cut)
    firsts = [piece.split("end.")[0].count("word") + 1 for piece in cut]
    together = [len(piece.split()) for piece in cut]
    assert all(size + first > PIECE for size, first in zip(together, firsts[1:], strict=False))


def test_a_sentence_that_is_longer_than_a_piece_is_cut() -> None:
    assert sizes(sentence(2 * PIECE + 5)) == [PIECE, PIECE, 5]
    assert sizes(f"{sentence(3)} {sentence(PIECE + 1)}") == [3, PIECE, 1]


@pytest.mark.parametrize("end", [". ", "? ", "!\t", "。 ", "\n", "\n\n"])
def test_sentences_and_lines_end_a_piece(end: str) -> None:
    first, last = "word " * (PIECE - 1) + "stop", "word " * 5
    assert sizes(first + end + last) == [PIECE, 5]
    assert sizes("few words" + end + first) == [2, PIECE]


def test_an_event_has_no_more_pieces_than_are_embedded() -> None:
    whole, longer = (event("\n".join([sentence(PIECE)] * count)) for count in (MOST - 1, MOST + 3))
    assert (len(event_pieces(whole)), has_more_pieces(whole)) == (MOST, False)  # the speaker's name begins one
    assert (len(event_pieces(longer)), has_more_pieces(longer)) == (MOST, True)
    assert (event_pieces(event("short")), has_more_pieces(event("short"))) == ([], False)


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_nothing_has_no_pieces(text: str) -> None:
    assert pieces(text) == []


def test_a_text_is_long_by_its_words() -> None:
    assert not is_long("word\n" * LONG)
    assert is_long("word\n" * (LONG + 1))
