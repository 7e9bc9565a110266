"""A guarded embedder that failed, however soon, is asked whether it is back before anybody spends on its vectors."""

import pytest

from semmem.domain.embeddings import HARMLESS
from semmem.errors import ModelError
from semmem.models.embedding import OpenAIEmbedder
from semmem.models.guarded import GuardedEmbedder
from semmem.testing import ModelServer, Reply, hashed_words, texts_of


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
