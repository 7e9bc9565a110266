"""A guarded embedder is asked itself: whether it is back after it failed, and whether it is down where a batch is."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from semmem.domain.embeddings import HARMLESS
from semmem.errors import ModelError
from semmem.models.embedding import OpenAIEmbedder
from semmem.models.guarded import GuardedEmbedder
from semmem.testing import ModelServer, Reply, Vectors, hashed_words, texts_of, wait_until

PATIENCE = 60.0  # seconds, which no test waits for
BATCH = ["I live in Berlin.", "I play the cello."]


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def guarded(server: ModelServer, time: Time) -> AsyncIterator[GuardedEmbedder]:
    embedder = OpenAIEmbedder("m", base_url=server.base_url, max_retries=0)
    guarded = GuardedEmbedder(embedder, patience=PATIENCE, clock=time)
    await guarded.dimensions()
    yield guarded
    await guarded.aclose()


async def _given_up(guarded: GuardedEmbedder, server: ModelServer, time: Time, texts: list[str]) -> None:
    """The texts are asked for, and whoever asked gives up after the whole patience."""
    asking = asyncio.create_task(guarded.embed(texts))
    await wait_until(lambda: any(texts_of(body) == texts for body in server.requests))
    time.now += PATIENCE
    asking.cancel()
    await asyncio.wait({asking})


async def test_a_batch_that_is_given_up_costs_no_question_its_vector(
    server: ModelServer, guarded: GuardedEmbedder, time: Time
) -> None:
    never = threading.Event()

    def embed(body: dict[str, Any]) -> Vectors | Reply:
        return Reply(after=never) if texts_of(body) == BATCH else hashed_words(body)

    server.embed = embed
    asked = len(server.requests)
    await _given_up(guarded, server, time, BATCH)

    assert (await guarded.embed(["Where do I live?"])).vectors.any()
    await wait_until(lambda: [HARMLESS] in [texts_of(body) for body in server.requests[asked:]])
    assert not guarded.breaker.open
    never.set()


@pytest.mark.parametrize("texts", [BATCH, BATCH[:1]])
async def test_an_embedder_that_answers_nothing_is_known_to_be_down_once_a_call_is_given_up(
    server: ModelServer, guarded: GuardedEmbedder, time: Time, texts: list[str]
) -> None:
    never = threading.Event()
    server.embed = lambda body: Reply(after=never) if texts_of(body) == texts else Reply(status=503)
    await _given_up(guarded, server, time, texts)

    await wait_until(lambda: guarded.breaker.open)
    never.set()


async def test_the_size_is_not_told_while_the_embedder_refuses_at_once() -> None:
    with ModelServer() as server:
        server.embed = hashed_words
        embedder = GuardedEmbedder(OpenAIEmbedder("m", base_url=server.base_url, max_retries=0), patience=60)
        try:
            size = await embedder.dimensions()
            server.embed = lambda body: Reply(status=401)
            with pytest.raises(ModelError):
                await embedder.embed(["I live in Berlin."])
            assert not embedder.breaker.open  # it cost nobody any time
            with pytest.raises(ModelError):
                await embedder.dimensions()

            server.embed = hashed_words
            assert await embedder.dimensions() == size
            asked = len(server.requests)
            assert texts_of(server.requests[-1]) == [HARMLESS]
            assert await embedder.dimensions() == size
            assert len(server.requests) == asked
        finally:
            await embedder.aclose()
