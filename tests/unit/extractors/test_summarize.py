import pytest

from semmem.extractors.summarize import MAX_CHARS, MAX_WORDS, clip, extractive


def test_a_long_summary_is_cut_between_sentences() -> None:
    clipped = clip("One two three four. " * 50)
    assert len(clipped.split()) == MAX_WORDS
    assert clipped.endswith("four.")


def test_a_long_first_statement_is_kept_whole() -> None:
    first = "She wants " + ", ".join(f"lamp {n}" for n in range(90)) + "."
    assert len(first.split()) > MAX_WORDS
    assert clip(f"{first} She likes tea.") == first


def test_a_statement_without_an_end_is_cut_and_marked() -> None:
    for endless in ("word " * 1_000, "字" * 5_000):
        clipped = clip(endless)
        assert clipped.endswith(" …")
        assert len(clipped) <= MAX_CHARS + 2


@pytest.mark.parametrize(
    "text",
    [
        "The refund is 42.50 EUR. It went out at 9.15 a.m. on 3.4.2026.",
        "See https://example.org/a?x=1&y=2.5#part! or write to jo.b_doe@mail.example.co.uk.",
        "Version 1.2.3-rc.1 runs on 10.0.0.1:8080, in C:\\data\\new.",
        "First line.\nSecond line\n\n- a point\n- another one",
        "Two  spaces stay.\tSo does a tab.",
        "Dr. Smith sees her at St. Mary's, no. 7.",
        "Sie zahlt 1.234,56 €. Das war's!",
        "\u00bfQu\u00e9?! No... s\u00ed.",
        "\u5979\u4f4f\u5728\u67cf\u6797\u3002\u5979\u559c\u6b22\u8336\u3002",
        "if (a < b && c) { x = 0.5; }",
        "no\u00a0break, zero\u200bwidth and e\u0301",
    ],
)
def test_a_summary_keeps_every_byte(text: str) -> None:
    assert clip(text) == text
    assert extractive(text.split("\n"), []) == text.replace("\n\n", "\n") or "\n\n" in text
    assert extractive([], [(line, 0.5) for line in text.split("\n") if line]).split("\n") == [
        line for line in text.split("\n") if line
    ]


@pytest.mark.parametrize("end", ["She pays 42.50 EUR", "Ask Dr. Smith", "It is at example.org/a.b", "See e.g. No. 5"])
def test_a_cut_falls_on_the_end_of_a_statement(end: str) -> None:
    statement = f"{end} for it. "
    clipped = clip(statement * 60)
    assert clipped.endswith(f"{end} for it.")
    assert (statement * 60).startswith(clipped)
    assert len(clipped.split()) <= MAX_WORDS


def test_the_most_important_statement_stands_however_long_it_is() -> None:
    long = "word " * 150
    assert extractive([], [("I like tea.", 0.3), (long.strip(), 0.9)]) == long.strip()


def test_the_important_stay_in_order_and_the_new_win() -> None:
    long = " ".join(["word"] * 30)
    present = [f"a {long}", f"b {long}"]
    text = extractive(present, [(f"c {long}", 0.5), (f"d {long}", 0.9)])
    assert [line[0] for line in text.splitlines()] == ["b", "c", "d"]


def test_a_statement_that_is_there_is_not_repeated() -> None:
    assert extractive(["alice has a dog."], [("alice has a dog.", 0.9)]) == "alice has a dog."
