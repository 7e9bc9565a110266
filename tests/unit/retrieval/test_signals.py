from collections.abc import Sequence
from datetime import timedelta
from math import fsum
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from semmem.domain.scope import Scope
from semmem.ports import Passage
from semmem.retrieval import signals
from semmem.retrieval.cues import Cue
from semmem.retrieval.late import Asked, pack
from semmem.retrieval.pool import FACTS, Pool
from semmem.retrieval.signals import DRAWN, DRAWN_WORDS, NEAR, NEAR_WORDS, PREVIOUS, SIGNALS, WEIGHTS, judged
from tests.unit.retrieval.memories import ALICE, MAY
from tests.unit.retrieval.passages import passage, pool_of, turns

BY_MEANING = {"turn", "window", "whole"}  # need an embedder


def of(signal: str, pool: Pool) -> list[float]:
    found = SIGNALS[signal](pool)
    assert found is not None
    return [round(float(value), 4) for value in found]


def meeting(words: Sequence[str], question: str, weights: Sequence[float] = ()) -> Pool:
    """Turns in a row that meet some of the question's words: each letter is a word, and its own direction."""
    letters = sorted({*question, *"".join(words)})
    axis = dict(zip(letters, np.eye(2 * len(letters), dtype=np.float32), strict=False))
    states = [pack([np.stack([axis[letter] for letter in each])]) for each in words]
    weighted = np.array(weights or [1] * len(question), np.float32)
    asked = Asked(np.stack([axis[letter] for letter in question]), weighted)
    return pool_of([passage(place=n, states=each) for n, each in enumerate(states, start=1)], asked=asked)


def test_every_signal_has_a_weight() -> None:
    assert WEIGHTS.keys() == SIGNALS.keys()
    assert all(weight > 0 for weight in WEIGHTS.values())


def test_turn_is_how_well_a_turn_and_the_one_before_it_meet_the_questions_words() -> None:
    """`ab` is met whole by the first, half by the third, of which the fourth has most; the last is too far from all."""
    assert of("turn", meeting(["ab", "x", "b", "x", "x"], "ab")) == [
        1.0,
        pytest.approx(PREVIOUS),
        0.5,
        pytest.approx(PREVIOUS / 2),
        0.0,
    ]


def test_turn_takes_each_word_from_where_it_is_met_best() -> None:
    met = of("turn", meeting(["a", "b", "x", "x"], "ab"))
    assert met[1] == 1.0  # 1 for its own word and PREVIOUS for the other's
    assert met[2] == pytest.approx(PREVIOUS / (1 + PREVIOUS), abs=1e-4)


def test_what_weighs_more_counts_more() -> None:
    expected = [1.0, PREVIOUS, 1 / 3, PREVIOUS / 3, 0.0]
    assert of("turn", meeting("axbxx", "ab", [3, 1])) == pytest.approx(expected, abs=1e-4)


def test_window_meets_each_word_in_another_turn_the_nearer_the_better() -> None:
    met = of("window", meeting(["a", "x", "x", "x", "x", "x", "x", "x", "x"], "a"))
    assert met[:4] == [pytest.approx(NEAR[3 - step]) for step in range(4)]
    assert met[4:] == [0.0] * 5
    assert of("window", meeting("xxxxxa", "a"))[:2] == [0.0, 0.0]
    spread = of("window", meeting(["a", "x", "b", "x", "x", "x", "x"], "ab"))
    assert spread.index(max(spread)) in (0, 2)
    assert spread[1] > spread[3]
    assert spread[6] == 0.0


def test_whole_is_the_cosine_of_the_whole_vector_whatever_the_token_states_say() -> None:
    states = pack([np.eye(2, dtype=np.float32)])
    best, middle, unfound = (passage(states=states) for _ in range(3))
    asked = Asked(np.eye(2, dtype=np.float32), np.ones(2, np.float32))
    far = passage(states=states)
    pool = pool_of([best, middle, unfound, far], dense={best.id: 0.9, middle.id: 0.5, far.id: 0.1}, asked=asked)
    assert of("whole", pool) == [1, 0.5, 0, 0]
    assert of("turn", pool) == [0, 0, 0, 0]


def test_words_counts_the_turns_own_and_some_of_its_neighbours() -> None:
    found = turns(6)
    met = of("words", pool_of(found, lexical={found[1].id: 8.0}))
    assert met == [pytest.approx(NEAR_WORDS[3 + step]) if abs(step) <= 3 else 0.0 for step in (-1, 0, 1, 2, 3, 4)]
    assert of("words", pool_of(found, lexical={found[-1].id: 8.0}))[:2] == [0, 0]


def test_a_fact_speaks_for_the_turns_it_rests_on() -> None:
    """`ab` is met half by the turn, whole with its fact; a fact whose turn is not here speaks for itself alone."""
    axis = np.eye(4, dtype=np.float32)
    states = [pack([axis[[0]]]), pack([axis[[3]]]), pack([axis[[1]]])]
    said, other = (passage(place=place, states=each) for place, each in ((1, states[0]), (9, states[1])))
    fact = passage(kind="fact", states=states[2], sources=(said.id, uuid4()))
    asked = Asked(axis[:2], np.ones(2, np.float32))
    pool = pool_of([said, other, fact], asked=asked, lexical={fact.id: 8.0})

    assert 0.5 < DRAWN_WORDS < DRAWN < 1  # nearly as good as said, and never better
    assert of("turn", pool) == [1.0, 0.0, pytest.approx(1 / (1 + DRAWN), abs=1e-4)]
    assert of("words", pool) == [pytest.approx(DRAWN_WORDS), 0.0, 1.0]


def test_of_many_facts_of_one_turn_the_first_speak_for_it() -> None:
    said = passage(place=1)
    facts = [passage(kind="fact", sources=(said.id,)) for _ in range(FACTS + 2)]
    pool = pool_of([said, *facts])
    assert pool.facts[0].tolist() == list(range(1, FACTS + 1))
    assert (pool.facts[1:] == -1).all()


@pytest.mark.parametrize(
    ("voices", "question", "said"),
    [
        (["Caroline", "Mel", "Caroline"], "Where does Caroline live?", [1, 0, 1]),
        (["Caroline", "Mel", "Caroline"], "What did Caroline's friend Mel say?", [0, 1, 0]),
        (["Caroline", "Mel", "Caroline"], "Where do they live?", [0, 0, 0]),
        (["Caroline", "Mel", "Caroline"], "What do both Caroline and Mel like?", [0, 0, 0]),
        (["Caroline", "Caroline"], "Where does Caroline live?", [0, 0]),  # where one speaks, it tells nothing
        (["user", "assistant", "Mel"], "Is the user right?", [0, 0, 0]),
        (["user", "Ana", "Mel"], "Is the user Mel?", [0, 0, 1]),
    ],
)
def test_speaker_is_the_one_whom_the_question_is_about(voices: list[str], question: str, said: list[float]) -> None:
    assert of("speaker", pool_of([passage(voice=voice) for voice in voices], question=question)) == said


def test_date_is_how_near_a_passage_is_to_the_best_of_the_times_named() -> None:
    moments = [MAY, MAY - timedelta(days=365), MAY - timedelta(days=20), MAY - timedelta(days=7, hours=12)]
    passages = [passage(at=at) for at in moments]
    assert of("date", pool_of(passages, question="What did she do on 8 May 2023, or 8 May 2022?")) == [1, 1, 0, 0.5]
    assert of("date", pool_of(passages, question="What did she do?")) == [0, 0, 0, 0]
    assert of("date", pool_of(passages, question="What did she do today?", now=MAY))[0] == 1


@pytest.mark.parametrize(
    ("signal", "cue", "asking", "other"),
    [
        ("when", Cue.TIME, "When did she move?", "Who moved?"),
        ("name", Cue.NAME, "Who moved?", "When did she move?"),
        ("title", Cue.TITLE, "Which book is it?", "How many are there?"),
        ("count", Cue.COUNT, "How many are there?", "Which book is it?"),
    ],
)
def test_cues_count_where_the_question_asks_for_them(signal: str, cue: Cue, asking: str, other: str) -> None:
    passages = [passage(cues=int(cue)), passage(cues=int(Cue.ASKS)), passage(cues=int(~Cue(0)))]
    assert of(signal, pool_of(passages, question=asking)) == [1, 0, 1]
    assert of(signal, pool_of(passages, question=other)) == [0, 0, 0]


def test_reply_follows_a_question() -> None:
    asks = int(Cue.ASKS)
    spoken = [
        passage(place=1),
        passage(place=2, cues=asks),
        passage(place=3),
        passage(place=4),
        passage(place=6, cues=asks),
    ]
    elsewhere = passage(place=7, session="s2", cues=asks)
    assert of("reply", pool_of([*spoken, elsewhere])) == [0, 0, 1, 0, 0, 0]


def test_told_is_what_the_user_said() -> None:
    assert of("told", pool_of([passage(told=True), passage(told=False)])) == [1, 0]


def test_verbatim_is_what_was_said_and_not_drawn_from_it() -> None:
    assert of("verbatim", pool_of([passage(), passage(kind="fact", session=None)])) == [1, 0]


passages = st.builds(
    passage,
    kind=st.sampled_from(["event", "fact"]),
    scope=st.sampled_from([ALICE, Scope.workspace("acme", "alice")]),
    session=st.sampled_from([None, "s1", "s2"]),
    place=st.none() | st.integers(1, 6),
    voice=st.sampled_from(["Ana", "Mel", "user", "("]),
    told=st.booleans(),
    at=st.datetimes(timezones=st.just(MAY.tzinfo)),
    long=st.booleans(),
    cues=st.integers(0, 7),
)
asked_states = st.lists(st.lists(st.integers(-7, 7), min_size=2, max_size=2), min_size=1, max_size=3)
questions = st.sampled_from(["When did Ana's Mel move on 8 May?", "Who, in 2019?", "yesterday ( ?", ""])


def states(rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    return np.array(rows, np.float32) / np.float32(7)


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    found: list[Passage] = draw(st.lists(passages, min_size=1, max_size=8))
    if draw(st.booleans()):
        found = [each._replace(states=pack([states(draw(asked_states))])) for each in found]
    question = states(draw(asked_states))
    numbers = st.floats(-1, 50, width=32)
    scores = {each.id: draw(numbers) for each in found if draw(st.booleans())}
    return pool_of(
        found,
        question=draw(questions),
        dense=draw(st.none() | st.just(scores)),
        lexical={id: abs(score) for id, score in scores.items()},
        asked=draw(st.none() | st.just(Asked(question, np.ones(len(question), np.float32)))),
    )


@given(pools())
def test_signals_and_their_sums_lie_between_zero_and_one(pool: Pool) -> None:
    for name, signal in SIGNALS.items():
        found = signal(pool)
        assert found is not None or name in BY_MEANING
        if found is not None:
            assert found.shape == (len(pool.passages),)
            assert 0 <= found.min() <= found.max() <= 1 + 1e-6, name
    parts = judged(pool)
    assert parts.keys() == {each.id for each in pool.passages}
    assert all(0 <= fsum(of_one.values()) <= 1 + 1e-6 for of_one in parts.values())


def test_a_part_is_the_signals_share_of_all_weights() -> None:
    told, other = passage(told=True), passage(told=False)
    parts = judged(pool_of([told, other], dense={told.id: 0.9, other.id: 0.1}))
    total = fsum(WEIGHTS.values())
    assert parts[told.id]["told"] == pytest.approx(WEIGHTS["told"] / total)
    assert parts[other.id]["told"] == 0
    assert parts[told.id]["turn"] == pytest.approx(WEIGHTS["turn"] / total)


def test_without_token_states_the_cosine_answers_for_them() -> None:
    near, far = turns(2, session=None)
    parts = judged(pool_of([near, far], dense={near.id: 0.8, far.id: 0.3}))
    assert set(parts[near.id]) == set(SIGNALS)
    assert parts[near.id]["turn"] > parts[far.id]["turn"]


def test_without_an_embedder_meaning_is_left_out_and_a_full_score_stays_one() -> None:
    best, other = (
        passage(voice="Ana", told=True, cues=int(~Cue(0)), place=2),
        passage(voice="Mel", place=1, cues=int(Cue.ASKS)),
    )
    pool = pool_of(
        [best, other], question="When and where did Ana read how many books on 8 May 2023?", lexical={best.id: 3.0}
    )
    parts = judged(pool)
    assert set(parts[best.id]) == set(SIGNALS) - BY_MEANING
    assert fsum(parts[best.id].values()) == pytest.approx(1)
    assert parts[best.id]["told"] == pytest.approx(WEIGHTS["told"] / fsum(WEIGHTS[name] for name in parts[best.id]))


def test_an_empty_pool_has_no_parts() -> None:
    assert judged(pool_of([], dense={})) == {}


def test_what_is_equal_everywhere_tells_nothing() -> None:
    found = turns(3, session=None)
    alike = dict.fromkeys([each.id for each in found], 0.4)
    for name in ("turn", "window", "words"):
        assert of(name, pool_of([passage(id=id) for id in alike], dense=alike, lexical=alike)) == [0, 0, 0]


def test_nearer_turns_count_more() -> None:
    for weights in (signals.NEAR, signals.NEAR_WORDS):
        assert list(weights) == list(weights)[::-1]
        assert list(weights[:4]) == sorted(weights[:4])
        assert weights[3] == 1
