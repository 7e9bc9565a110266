import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.retrieval.analysis import MAX_TERM_BYTES, normalised, terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She moved, she was moving: MOVES!", ["move", "move", "move"]),
        ("Who is it that didn't call, and why? They couldn’t.", ["call"]),  # noqa: RUF001
        ("Caroline's cats in May 2023", ["carolin", "cat", "may", "2023"]),
        ("ﬁsh ＡＢＣ straße", ["fish", "abc", "strass"]),  # noqa: RUF001
        ("snake_case, room 12", ["snake", "case", "room", "12"]),
        ("Привет, дома", ["привет", "дома"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("北京大学", ["北京", "京大", "大学"]),
        ("水 iPhone手机", ["水", "iphon", "手机"]),
        ("ไทย", ["ไท", "ทย"]),
        ("  ?! …", []),
    ],
)
def test_words_become_terms(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_one_word_in_two_unicode_forms_is_one_term() -> None:
    assert terms("cafe\u0301") == terms("caf\u00e9") == ["café"]


@given(st.text())
def test_any_text_gives_short_clean_terms(text: str) -> None:
    for term in terms(text):
        assert term
        assert len(term.encode()) <= MAX_TERM_BYTES
        assert not any(character.isspace() for character in term)


def test_a_long_term_is_cut_between_characters() -> None:
    assert terms("я" * 50) == ["я" * 32]
    assert terms("a" + "я" * 50) == ["a" + "я" * 31]


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_the_same_words_are_told_from_others() -> None:
    assert normalised("She  likes\nTea. ") == normalised("she likes tea") != normalised("she likes tea 2")
    assert normalised("C++") != normalised("C")
