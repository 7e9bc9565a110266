import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.retrieval.cues import Cue, cues
from semmem.retrieval.pieces import LONG

NOTHING = Cue(0)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("I like tea", NOTHING),
        ("I went there yesterday", Cue.TIME),
        ("two weeks ago", Cue.TIME | Cue.COUNT),
        ("we leave on friday", Cue.TIME),
        ("in 2019", Cue.TIME | Cue.COUNT),
        ("on the 3rd", Cue.TIME | Cue.COUNT),
        ("this summer", Cue.TIME),
        ("room 12", Cue.COUNT),
        ("the lasting weekday of sunlight", NOTHING),
        ("May was cold", Cue.TIME),
        ("it may rain", NOTHING),
        ("I met Anna", Cue.NAME),
        ("Anna is here", NOTHING),
        ("It rained. Then we left.", NOTHING),
        ("my dog, Rex", Cue.NAME),
        ("I am OK", NOTHING),
        ("Three dogs", Cue.COUNT),
        ("٣ كلاب", Cue.COUNT),
        ("often a tenner", NOTHING),
        ("twice a week", Cue.TIME | Cue.COUNT),
        ("she is twelve, he is forty", Cue.COUNT),
        ('I loved "Dune"', Cue.TITLE),
        ("«Война и мир»", Cue.TITLE),
        ("«это хорошо», сказал он", NOTHING),
        ("très « élan »", NOTHING),
        ("『三体』を読んだ", Cue.TITLE),
        ("我在看《三体》", Cue.TITLE),
        ('so "nice" of her', NOTHING),
        ('a 5" screen', Cue.COUNT),
        ("is it far?", Cue.ASKS),
        ("远吗？", Cue.ASKS),  # noqa: RUF001
        ("هل هو بعيد؟", Cue.ASKS),
        ("did Anna call last night?", Cue.TIME | Cue.NAME | Cue.ASKS),
        ("", NOTHING),
    ],
)
def test_what_a_text_gives_away(text: str, held: Cue) -> None:
    assert cues(text) == held


def test_a_long_text_gives_nothing_away() -> None:
    words = "did Anna call yesterday? " * LONG
    assert cues(" ".join(words.split()[:LONG])) == Cue.TIME | Cue.NAME | Cue.ASKS
    assert cues(" ".join(words.split()[: LONG + 1])) == NOTHING


@given(st.text())
def test_any_text_has_cues_that_a_small_integer_holds(text: str) -> None:
    assert 0 <= int(cues(text)) < 32
