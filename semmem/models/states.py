"""Token states of the bundled model beside the vectors of another one."""

from collections.abc import Sequence
from dataclasses import replace

from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.models.minilm import MiniLM
from semmem.ports import Embedder
from semmem.runtime.together import together


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

    @property
    def pools(self) -> bool:
        return False  # the states are another model's

    async def dimensions(self) -> int:
        return await self._embedder.dimensions()

    def expect(self, dimensions: int) -> None:
        self._embedder.expect(dimensions)

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """Asks both at once; if one fails, so does the call, and the other is given up."""
        if not tokens:
            return await self._embedder.embed(texts)
        theirs, own = await together(self._embedder.embed(texts), self._local.embed(texts, tokens=True))
        return replace(theirs, tokens=own.tokens)

    async def states(self, texts: Sequence[str]) -> Sequence[TokenStates] | None:
        return await self._local.states(texts)

    async def aclose(self) -> None:
        await self._embedder.aclose()
        await self._local.aclose()
