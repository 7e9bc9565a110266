"""Embedders around another one, for measuring."""

from collections.abc import Sequence

from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.ports import Embedder


class Counted:
    """An embedder that keeps what it was asked to embed."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.texts: list[str] = []

    @property
    def model(self) -> str:
        return self._embedder.model

    @property
    def pools(self) -> bool:
        return self._embedder.pools

    async def dimensions(self) -> int:
        return await self._embedder.dimensions()

    def expect(self, dimensions: int) -> None:
        self._embedder.expect(dimensions)

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        self.texts += texts
        return await self._embedder.embed(texts, tokens=tokens)

    async def states(self, texts: Sequence[str]) -> Sequence[TokenStates] | None:
        return await self._embedder.states(texts)

    async def aclose(self) -> None:
        await self._embedder.aclose()


class Cached(Counted):
    """An embedder that computes nothing twice."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(embedder)
        self._known: dict[tuple[tuple[str, ...], bool], Embeddings] = {}

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        call = (tuple(texts), tokens)
        if call not in self._known:
            self._known[call] = await super().embed(texts, tokens=tokens)
        return self._known[call]
