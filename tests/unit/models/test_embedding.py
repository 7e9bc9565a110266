import json
import threading
from asyncio import gather
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest

from semmem.errors import InvalidInput, ModelError, ModelUnavailable
from semmem.models.embedding import CONCURRENT_REQUESTS, MAX_REQUEST_BYTES, MAX_TEXT_BYTES, OpenAIEmbedder
from semmem.testing import ModelServer, Reply, Vectors, hashed_words, texts_of, wait_until

Answer = Callable[[dict[str, Any]], Vectors | Reply]


@pytest.fixture
async def embedder(server: ModelServer) -> AsyncIterator[OpenAIEmbedder]:
    embedder = OpenAIEmbedder("test-embedding", base_url=server.base_url, max_retries=0)
    yield embedder
    await embedder.aclose()


async def test_vectors_come_in_the_order_of_the_texts_with_length_1(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    server.embed = lambda body: [[len(text), 4.0] for text in texts_of(body)]

    vectors = (await embedder.embed(["aaa", "", "aaaaaaaa"])).vectors

    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.0, 1.0], [0.894427, 0.447214]], rtol=1e-6)


async def test_texts_are_sent_in_batches_by_count(server: ModelServer) -> None:
    embedder = OpenAIEmbedder("m", base_url=server.base_url, batch=3)
    texts = [f"word{n}" for n in range(8)]

    vectors = (await embedder.embed(texts)).vectors
    await embedder.aclose()

    assert sorted(len(body["input"]) for body in server.requests) == [2, 3, 3]
    np.testing.assert_allclose(vectors, hashed_words({"input": texts}), rtol=1e-5)


async def test_no_request_is_over_the_limits_of_a_text_and_of_a_request(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    await embedder.embed(["é" * 10_000] * 50 + ["short"])

    sent = [[len(text.encode()) for text in body["input"]] for body in server.requests]
    assert max(map(max, sent)) <= MAX_TEXT_BYTES
    assert max(map(sum, sent)) <= MAX_REQUEST_BYTES
    assert len(sent) == 2


async def test_a_text_within_the_limit_is_sent_whole(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    text = "a" * MAX_TEXT_BYTES

    await embedder.embed([text, text + "b"])

    assert server.requests[0]["input"] == [text, text]


async def test_concurrent_requests_are_limited(server: ModelServer) -> None:
    go, running, most, lock = threading.Event(), [0], [0], threading.Lock()

    def embed(body: dict[str, Any]) -> Vectors:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go.wait()
        with lock:
            running[0] -= 1
        return hashed_words(body)

    server.embed = embed
    embedder = OpenAIEmbedder("m", base_url=server.base_url, batch=1)

    async def release() -> None:
        await wait_until(lambda: running[0] == CONCURRENT_REQUESTS)
        go.set()

    await gather(embedder.embed([str(n) for n in range(12)]), release())
    await embedder.aclose()

    assert most[0] == CONCURRENT_REQUESTS
    assert len(server.requests) == 12


async def test_dimensions_are_probed_once(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    assert await embedder.dimensions() == 64
    assert await embedder.dimensions() == 64
    assert (await embedder.embed([])).vectors.shape == (0, 64)
    assert len(server.requests) == 1


async def test_dimensions_asked_for_are_part_of_the_models_name(server: ModelServer) -> None:
    embedder = OpenAIEmbedder("m", base_url=server.base_url, dimensions=16)

    vectors = (await embedder.embed(["hello"])).vectors
    await embedder.aclose()

    assert (await embedder.dimensions(), vectors.shape, embedder.model) == (16, (1, 16), "m-16d")
    assert server.requests[0]["dimensions"] == 16


async def test_an_endpoint_that_answers_in_plain_numbers_is_understood(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    server.embed = lambda body: Reply(body=b'{"data": [{"index": 0, "embedding": [3, 4]}]}')

    np.testing.assert_allclose((await embedder.embed(["x"])).vectors, [[0.6, 0.8]], rtol=1e-6)


async def test_an_endpoint_gives_no_token_states(embedder: OpenAIEmbedder) -> None:
    assert (await embedder.embed(["hello"], tokens=True)).tokens is None


def _all(vector: object) -> Answer:
    """The same in place of a vector for every text."""
    return lambda body: _written([{"index": place, "embedding": vector} for place, _ in enumerate(texts_of(body))])


def _written(data: object) -> Reply:
    return Reply(body=json.dumps({"object": "list", "data": data}).encode())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda body: [[1.0, 0.0]] * (len(texts_of(body)) - 1), "0 vectors came back for 1 text"),
        (lambda body: [[1.0, 0.0]] * (len(texts_of(body)) + 1), "2 vectors came back for 1 text"),
        (_all([float("nan"), 1.0]), "NaN"),
        (_all([None, 1.0]), "NaN"),
        (_all([float("inf"), 1.0]), "infinity"),
        (_all([0.0, 0.0]), "length 0"),
        (_all([]), "no list of numbers"),
        (_all(None), "no list of numbers"),
        (_all("AAA"), "no list of numbers"),
        (_all([[1.0, 0.0], [0.0, 1.0]]), "no list of numbers"),
        (_all({"float": [1.0]}), "no list of numbers"),
        (lambda body: _written(None), "no list of embeddings"),
        (lambda body: Reply(body=b'{"error": {"message": "overloaded", "code": 503}}'), "an error in place of vectors"),
        (lambda body: Reply(body=b"<html>", headers={"Content-Type": "text/html"}), "not JSON"),
        (lambda body: Reply(body=b"[]"), "not a JSON object"),
        (lambda body: Reply(status=400), "400"),
        (lambda body: Reply(status=401), "API key"),
        (lambda body: Reply(status=404), "base_url"),
    ],
)
async def test_an_endpoint_that_fails_for_every_text_is_a_model_error(
    server: ModelServer, embedder: OpenAIEmbedder, answer: Answer, message: str
) -> None:
    server.embed = answer

    with pytest.raises(ModelError, match=message) as caught:
        await embedder.embed(["one", "two"])
    assert type(caught.value) is ModelError
    assert len(server.requests) <= 4


async def test_dimensions_that_change_are_a_model_error(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    await embedder.embed(["one"])
    server.embed = lambda body: [[1.0, 2.0, 3.0]]

    with pytest.raises(ModelError, match="3 dimensions, not 64"):
        await embedder.embed(["two"])


@pytest.mark.parametrize("reply", [Reply(status=429), Reply(status=500), Reply(cut=True, body=b"{}" * 100)])
async def test_trouble_that_may_pass_is_unavailability(
    server: ModelServer, embedder: OpenAIEmbedder, reply: Reply
) -> None:
    server.embed = lambda body: reply

    with pytest.raises(ModelUnavailable):
        await embedder.embed(["one"])


@pytest.mark.parametrize("batch", [0, 2_049])
def test_a_batch_the_endpoint_would_refuse_is_refused(batch: int) -> None:
    with pytest.raises(InvalidInput, match="batch"):
        OpenAIEmbedder("m", base_url="http://127.0.0.1:1", batch=batch)
