from semmem.extractors.summarize import MAX_CHARS, MAX_WORDS, clip, extractive


def test_a_long_summary_is_cut_between_sentences() -> None:
    clipped = clip("One two three four. " * 50)
    assert len(clipped.split()) == MAX_WORDS
    assert clipped.endswith("four.")


def test_a_single_endless_sentence_is_cut_all_the_same() -> None:
    assert len(clip("word " * 1_000).split()) == MAX_WORDS
    assert len(clip("字" * 5_000)) == MAX_CHARS


def test_the_important_stay_in_order_and_the_new_win() -> None:
    long = " ".join(["word"] * 30)
    present = [f"a {long}", f"b {long}"]
    text = extractive(present, [(f"c {long}", 0.5), (f"d {long}", 0.9)])
    assert [line[0] for line in text.splitlines()] == ["b", "c", "d"]


def test_a_statement_that_is_there_is_not_repeated() -> None:
    assert extractive(["alice has a dog."], [("alice has a dog.", 0.9)]) == "alice has a dog."
