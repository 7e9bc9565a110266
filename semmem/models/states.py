"""Token states of the bundled model beside the vectors of another one."""

import asyncio
from collections.abc import Sequence

from semmem.domain.embeddings import Embeddings
from semmem.models.minilm import MiniLM
from semmem.ports import Embedder


class LocalStates:
    """An embedder that hands out no token states, completed by MiniLM's: late interaction beside an embedding API.

    Model and dimensions are the embedder's own, for they name the vectors. Raises what both raise: MissingExtra on the
    first token states, where the extra `local` is not installed.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._local = embedder, MiniLM()

    @property
    def model(self) -> str:
        return self._embedder.model

    async def dimensions(self) -> int:
        return await self._embedder.dimensions()

    def expect(self, dimensions: int) -> None:
        self._embedder.expect(dimensions)

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """Asks both at once; if one fails, so does the call, and the other is given up."""
        if not tokens:
            return await self._embedder.embed(texts)
        parts = [
            asyncio.create_task(self._embedder.embed(texts)),
            asyncio.create_task(self._local.embed(texts, tokens=True)),
        ]
        try:
            theirs, own = await asyncio.gather(*parts)
        finally:
            for part in parts:
                part.cancel()
        return Embeddings(theirs.vectors, own.tokens, theirs.refused)

    async def aclose(self) -> None:
        await self._embedder.aclose()
        await self._local.aclose()
