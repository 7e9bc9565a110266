import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from semmem import MissingExtra, ModelUnavailable, ScopedMemory, View
from semmem.models import minilm
from semmem.models.embedding import OpenAIEmbedder
from semmem.models.guarded import GuardedEmbedder
from semmem.models.minilm import MiniLM
from semmem.models.states import LocalStates
from semmem.ports import Embedder
from semmem.testing import ModelServer, Reply, Vectors, hashed_words
from semmem.wiring.bootstrap import Application
from semmem.wiring.opening import make_embedder
from semmem.wiring.settings import load_settings
from tests.applications import Opener

pytest.importorskip("onnxruntime", reason="needs the extra `local`")

TEXTS = ["I moved to Berlin in May.", "The invoice is overdue by three weeks."]

ASKED = "Which reptile does she keep as a pet?"
SAID = ["The rent went up again in March.", "I have a tortoise called Lotte.", "My sister works at the harbour."]


@pytest.fixture
async def api(server: ModelServer) -> AsyncIterator[OpenAIEmbedder]:
    embedder = OpenAIEmbedder("test-embedding", base_url=server.base_url, max_retries=0)
    yield embedder
    await embedder.aclose()


async def test_vectors_are_the_embedders_and_token_states_minilms(api: OpenAIEmbedder) -> None:
    both = await LocalStates(api).embed(TEXTS, tokens=True)

    np.testing.assert_array_equal(both.vectors, (await api.embed(TEXTS)).vectors)
    expected = (await MiniLM().embed(TEXTS, tokens=True)).tokens
    assert both.tokens is not None
    assert expected is not None
    for own, wanted in zip(both.tokens, expected, strict=True):
        assert own.tokens == wanted.tokens
        np.testing.assert_allclose(own.states, wanted.states, atol=1e-5)


async def test_its_name_and_dimensions_are_the_embedders(api: OpenAIEmbedder) -> None:
    states = LocalStates(api)

    assert (states.model, await states.dimensions()) == ("test-embedding", 64)


async def test_minilm_computes_only_where_token_states_are_asked_for(
    api: OpenAIEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minilm, "_load", _unexpected)

    embeddings = await LocalStates(api).embed(TEXTS)

    assert (embeddings.vectors.shape, embeddings.tokens) == ((2, 64), None)


def _unexpected() -> None:
    raise AssertionError("the weights are needed for nothing")


async def test_both_compute_at_once(server: ModelServer, api: OpenAIEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither goes on before the other has come as far."""
    meeting, encode = threading.Barrier(2, timeout=10), minilm._encode

    def encode_together(texts: list[str]) -> Any:
        meeting.wait()
        return encode(texts)

    def embed_together(body: dict[str, Any]) -> Vectors:
        meeting.wait()
        return hashed_words(body)

    monkeypatch.setattr(minilm, "_encode", encode_together)
    server.embed = embed_together

    embeddings = await LocalStates(api).embed(TEXTS, tokens=True)

    assert embeddings.tokens is not None
    assert len(embeddings.tokens) == len(embeddings.vectors) == 2


async def test_an_endpoint_that_fails_fails_the_call(server: ModelServer, api: OpenAIEmbedder) -> None:
    server.embed = lambda body: Reply(status=500)

    with pytest.raises(ModelUnavailable):
        await LocalStates(api).embed(TEXTS, tokens=True)


async def test_without_the_package_the_extra_is_named(api: OpenAIEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "_load", minilm._load.__wrapped__)
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match=r"semmem\[local\]"):
        await LocalStates(api).embed(TEXTS, tokens=True)


@pytest.mark.parametrize(
    ("embedder", "token_states", "layers"),
    [
        ("openai", "embedder", [GuardedEmbedder, OpenAIEmbedder]),
        ("openai", "local", [GuardedEmbedder, LocalStates, OpenAIEmbedder]),
        ("minilm", "embedder", [MiniLM]),
        ("minilm", "local", [MiniLM]),
    ],
)
async def test_the_setting_decides_whose_token_states_there_are(
    embedder: str, token_states: str, layers: list[type[Embedder]]
) -> None:
    """From the outermost in: a breaker stands before all that is asked elsewhere."""
    settings = load_settings(embedder=embedder, token_states=token_states, embedding_base_url="http://127.0.0.1:1/v1")
    chosen = make_embedder(settings)
    await chosen.aclose()

    made: list[object] = [chosen]
    while inner := getattr(made[-1], "_embedder", None):
        made.append(inner)
    assert [type(each) for each in made] == layers


@dataclass(frozen=True)
class Seen:
    """A recall, what its pool compared (columns are the question's tokens), and how many passages have states."""

    best: str
    signals: set[str]
    columns: int
    passages: int
    with_states: int


async def _seen(application: Application, alice: ScopedMemory) -> Seen:
    view = View.of(alice.scope)
    recall, pool = await alice.recall(ASKED), await application.parts.searcher.pool(view, ASKED, 10)
    assert pool.closeness is not None
    async with application.stores.postgres.transaction(view) as tx:
        stored = await tx.connection.fetchrow("select count(*), count(states) as with_states from semmem.passages")
    assert stored is not None
    return Seen(
        recall[0].text,
        {name for hit in recall for name, worth in hit.signals.items() if worth},
        pool.closeness.shape[1],
        stored["count"],
        stored["with_states"],
    )


def _blind(body: dict[str, Any]) -> Vectors:
    """The same vector for every text: what is found is found by token states."""
    return [[1.0] * 64 for _ in body["input"]]


@pytest.fixture
def api_settings(server: ModelServer) -> dict[str, Any]:
    server.embed = _blind
    return {
        "embedder": "openai",
        "embedding_base_url": server.base_url,
        "embedding_model": "blind",
        "embedding_api_key": "test",
    }


async def _told(alice: ScopedMemory, texts: list[str]) -> ScopedMemory:
    for text in texts:
        await alice.remember(text, session="s1")
    await alice.settled()
    return alice


async def test_recall_has_late_interaction_beside_an_embedding_api(
    opener: Opener, api_settings: dict[str, Any]
) -> None:
    async with opener(token_states="local", **api_settings) as application:
        alice = await _told(application.memory.scope(tenant="acme", user="alice"), SAID)
        seen = await _seen(application, alice)

    assert "tortoise" in seen.best
    assert seen.signals >= {"turn", "window"}
    assert seen.columns > 1
    assert seen.with_states == seen.passages >= len(SAID)


async def test_what_was_stored_without_states_is_compared_by_vectors_until_it_is_imported_anew(
    opener: Opener, api_settings: dict[str, Any]
) -> None:
    async with opener(**api_settings) as application:
        alice = await _told(application.memory.scope(tenant="acme", user="alice"), SAID[:1])
        before = await _seen(application, alice)
    async with opener(token_states="local", **api_settings) as application:
        alice = await _told(application.memory.scope(tenant="acme", user="alice"), SAID[1:])
        mixed = await _seen(application, alice)
        events = [event.content async for event in alice.events()]
        anew = await _told(application.memory.scope(tenant="acme", user="alice-2"), events)
        after = await _seen(application, anew)

    assert (before.columns, before.with_states) == (1, 0)
    assert mixed.columns == 1
    assert 0 < mixed.with_states < mixed.passages
    assert after.columns > 1
    assert after.with_states == after.passages
