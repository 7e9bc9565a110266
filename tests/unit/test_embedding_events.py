"""Each text is embedded once: a long event in its pieces alone where these make up its vector, else as a whole."""

from collections.abc import Sequence

import numpy as np
import pytest

from semmem.domain.embeddings import Embeddings, Refused, TokenStates
from semmem.engine.embedding import embed_events
from semmem.evals.embedders import Counted
from semmem.models.embedding import OpenAIEmbedder
from semmem.models.minilm import MiniLM
from semmem.models.states import LocalStates
from semmem.retrieval.documents import event_document, event_pieces
from semmem.retrieval.pieces import MOST, PIECE
from semmem.testing import ModelServer, texts_of
from tests.unit.retrieval.memories import event

pytest.importorskip("onnxruntime", reason="needs the extra `local`")

SHORT = event("I moved to Berlin.")
LONG = event("The kitchen has a new oven. " * 30 + "My tortoise is called Lotte. " * 30)
LONGER = event(("word " * (PIECE - 1) + "end. ") * (MOST + 3))
EVENTS = [SHORT, LONG, LONGER]
PIECES = [event_document(SHORT), *event_pieces(LONG), *event_pieces(LONGER)]


async def test_the_bundled_model_reads_pieces_alone() -> None:
    counted = Counted(MiniLM())
    embedded = await embed_events(counted, EVENTS)

    assert counted.texts == PIECES
    assert [len(states) for states in embedded.states] == [1, len(event_pieces(LONG)), MOST]
    assert embedded.cut == {2}
    vectors = embedded.embeddings.vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = await MiniLM().embed([event_document(SHORT), "a tortoise as a pet", "an oven in the kitchen", "tax law"])
    np.testing.assert_allclose(vectors[0], alone.vectors[0], atol=1e-2)
    pet, oven, law = alone.vectors[1:] @ vectors[1]  # its end is in its vector as well
    assert min(pet, oven) > law + 0.1


async def test_an_endpoint_gets_each_text_once_and_its_states_are_computed_here() -> None:
    with ModelServer() as server:
        api = OpenAIEmbedder("test-embedding", base_url=server.base_url, text_bytes=4_000)
        plain, local = await embed_events(api, EVENTS), await embed_events(LocalStates(api), EVENTS)
        await api.aclose()
    asked = [text for body in server.requests for text in texts_of(body) if text != "hello"]
    assert asked == [event_document(SHORT), event_document(LONG), event_document(LONGER)[:4_000]] * 2
    np.testing.assert_array_equal(plain.embeddings.vectors, local.embeddings.vectors)
    assert [len(states) for states in plain.states] == [0, 0, 0]
    assert [len(states) for states in local.states] == [1, len(event_pieces(LONG)), MOST]
    assert plain.cut == local.cut == {2}


async def test_a_text_that_is_refused_has_no_vector() -> None:
    class Picky(Counted):
        async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
            found = await super().embed(texts, tokens=tokens)
            refused = {place: Refused("why", "because") for place, text in enumerate(texts) if "oven" in text}
            return Embeddings(found.vectors, found.tokens, refused)

    embedded = await embed_events(Picky(MiniLM()), EVENTS)
    assert set(embedded.embeddings.refused) == {1}


def test_rows_of_embeddings_keep_what_is_told_of_them() -> None:
    states = tuple(TokenStates((str(n),), np.zeros((1, 2), np.float32)) for n in range(3))
    whole = Embeddings(np.eye(3, dtype=np.float32), states, truncated=frozenset({1, 2}))
    assert whole.of([2, 0]).truncated == {0}
