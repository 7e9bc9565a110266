import asyncio
import subprocess
import sys

import numpy as np
import pytest

from semmem.domain.embeddings import TokenStates
from semmem.errors import ConfigurationError, MissingExtra
from semmem.models import minilm
from semmem.models.minilm import DIMENSIONS, MAX_TOKENS, STATE_DIMENSIONS, MiniLM

pytest.importorskip("onnxruntime", reason="needs the extra `local`")

TEXTS = [
    "I moved to Berlin in May.",
    "In spring she relocated to the German capital.",
    "The invoice is overdue by three weeks.",
    "Caf\u00e9 na\u00efve \u4f60\u597d \U0001f642",
    "",
    "a " * 200,
]


@pytest.fixture(scope="module")
async def vectors() -> np.ndarray:
    return (await MiniLM().embed(TEXTS)).vectors


def test_vectors_have_length_1_and_384_dimensions(vectors: np.ndarray) -> None:
    assert vectors.shape == (len(TEXTS), DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_texts_of_like_meaning_are_closer(vectors: np.ndarray) -> None:
    moved, relocated, invoice = vectors[:3]

    assert moved @ relocated > 0.5
    assert moved @ invoice < 0.2


async def test_known_similarities_of_the_original_model() -> None:
    """The three sentences and figures of sentence-transformers' own documentation of all-MiniLM-L6-v2."""
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]

    vectors = (await MiniLM().embed(texts)).vectors

    expected = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=0.02)


async def test_a_batch_gives_what_each_text_gives_alone(vectors: np.ndarray) -> None:
    """Weights are int8, but activations are not: measured differences were below 1e-6."""
    alone = [(await MiniLM().embed([text])).vectors[0] for text in TEXTS]

    np.testing.assert_allclose(vectors, alone, atol=1e-5)


async def test_the_order_of_many_texts_is_kept() -> None:
    texts = [f"{'word ' * (n * 7 % 40)}number {n}" for n in range(60)]

    forward = (await MiniLM().embed(texts)).vectors
    backward = (await MiniLM().embed(texts[::-1])).vectors

    np.testing.assert_allclose(forward, backward[::-1], atol=1e-5)
    assert len({vector.tobytes() for vector in forward}) == len(texts)


async def test_a_text_is_truncated_at_the_models_limit() -> None:
    whole, longer = "river " * (MAX_TOKENS - 2), "river " * (MAX_TOKENS - 2) + "and something else " * 5_000

    embeddings = await MiniLM().embed([whole, longer, "river"], tokens=True)

    np.testing.assert_allclose(embeddings.vectors[0], embeddings.vectors[1], atol=1e-6)
    assert embeddings.tokens is not None
    assert [len(states.tokens) for states in embeddings.tokens] == [MAX_TOKENS - 2, MAX_TOKENS - 2, 1]


async def test_token_states_come_with_their_tokens_and_without_special_ones() -> None:
    texts = ["Melanie paints sunrises.", "", "Hello there"]

    tokens = (await MiniLM().embed(texts, tokens=True)).tokens

    assert tokens is not None
    assert tokens[0].tokens == ("melanie", "paints", "sunrise", "##s", ".")
    assert tokens[2].tokens == ("hello", "there")
    assert STATE_DIMENSIONS == 96
    assert [states.states.shape for states in tokens] == [(5, 96), (0, 96), (2, 96)]
    for states in tokens:
        assert states.states.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(states.states, axis=1), 1, atol=1e-6)


async def whole_states(texts: list[str]) -> tuple[TokenStates, ...]:
    tokens = (await MiniLM(project=False).embed(texts, tokens=True)).tokens
    assert tokens is not None
    return tokens


async def test_token_states_are_whole_where_no_projection_is_wanted() -> None:
    found = await whole_states(["Melanie paints sunrises.", ""])

    assert [states.states.shape for states in found] == [(5, DIMENSIONS), (0, DIMENSIONS)]
    np.testing.assert_allclose(np.linalg.norm(found[0].states, axis=1), 1, atol=1e-6)


async def test_the_projection_keeps_the_cosines_of_token_states() -> None:
    """Measured over these texts: off by 0.06 on average, by 0.22 in one pair of a hundred; correlation 0.94."""
    texts = [
        *TEXTS[:4],
        "Which food must she avoid? I am allergic to peanuts.",
        "Caroline went to the support group on 7 May.",
        "What time is the deadline for the quarterly report, and who signs it?",
        "It's so sunny outside! Shall we go hiking tomorrow?",
    ]
    projected = (await MiniLM().embed(texts, tokens=True)).tokens
    assert projected is not None

    cosines = []
    for found in (await whole_states(texts), projected):
        states = np.concatenate([each.states for each in found])
        cosines.append((states @ states.T)[np.triu_indices(len(states), 1)])

    off = np.abs(cosines[0] - cosines[1])
    assert off.mean() < 0.07
    assert np.percentile(off, 99) < 0.25
    assert np.corrcoef(*cosines)[0, 1] > 0.9


async def test_vectors_are_the_same_whether_states_are_projected_or_not(vectors: np.ndarray) -> None:
    np.testing.assert_allclose((await MiniLM(project=False).embed(TEXTS)).vectors, vectors, atol=1e-6)


async def test_a_word_is_nearest_to_itself_among_token_states() -> None:
    tokens = (await MiniLM().embed(["She is allergic to peanuts", "peanuts"], tokens=True)).tokens

    assert tokens is not None
    nearest = int(np.argmax(tokens[0].states @ tokens[1].states[0]))
    assert tokens[0].tokens[nearest] in {"peanut", "peanuts", "##s"}


async def test_token_states_are_left_out_unless_asked_for() -> None:
    assert (await MiniLM().embed(["hello"])).tokens is None


async def test_no_texts_are_no_vectors() -> None:
    embeddings = await MiniLM().embed([], tokens=True)

    assert embeddings.vectors.shape == (0, DIMENSIONS)
    assert embeddings.tokens == ()


async def test_calls_at_once_share_one_session(vectors: np.ndarray) -> None:
    answers = await asyncio.gather(*(MiniLM().embed(TEXTS) for _ in range(4)))

    for answer in answers:
        np.testing.assert_array_equal(answer.vectors, vectors)
    assert minilm._load.cache_info().currsize == 1


async def test_the_loop_is_free_while_texts_are_embedded() -> None:
    embedding = asyncio.create_task(MiniLM().embed(["word " * 250] * 8))
    turns = 0
    while not embedding.done():
        turns += 1
        await asyncio.sleep(0)

    assert turns > 100


def test_nothing_heavy_is_imported_before_the_first_text() -> None:
    heavy = {"onnxruntime", "tokenizers"}
    script = f"import sys, semmem.models.minilm as m; m.MiniLM().model; print({heavy} & set(sys.modules))"

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "set()"


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match=r"semmem\[local\]"):
        minilm._weights()


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)

    with pytest.raises(ConfigurationError, match="reinstall"):
        minilm._weights()
