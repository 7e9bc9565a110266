"""Models that nobody waits for while they are known to be down."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from semmem.domain.embeddings import HARMLESS, Embeddings, TokenStates
from semmem.domain.event import Event
from semmem.domain.extraction import Decision, Extraction, Failure, Question, Usage
from semmem.errors import BadAnswer, ModelError, ModelUnavailable, RequestRefused
from semmem.ports import ChatAnswer, ChatModel, Embedder, Extractor, Reranker, Scores
from semmem.runtime.breaker import Breaker, Open


class GuardedEmbedder:
    """Raises ModelUnavailable at once while the embedder is down; `patience` is a recall's, in seconds."""

    def __init__(self, embedder: Embedder, *, patience: float, clock: Callable[[], float] = monotonic) -> None:
        self._embedder = embedder
        self.breaker = Breaker("embedder", _is_down, probe=self._probe, patience=patience, clock=clock)
        self._doubted = False  # the last call failed, though perhaps too soon to open the breaker

    @property
    def model(self) -> str:
        return self._embedder.model

    @property
    def pools(self) -> bool:
        return self._embedder.pools

    async def dimensions(self) -> int:
        """After a failure it asks whether the embedder is back: who asks for the size is about to spend on vectors."""
        if self._doubted:
            await self.embed([HARMLESS])
        with _guarded(self.breaker, self.model):
            return await self._embedder.dimensions()

    def expect(self, dimensions: int) -> None:
        self._embedder.expect(dimensions)

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """A recall asks for one text; of many, those who give up tell nothing about how soon one would be answered."""
        try:
            with _guarded(self.breaker, self.model, long=len(texts) > 1):
                embedded = await self._embedder.embed(texts, tokens=tokens)
        except ModelError as error:
            self._doubted = self._doubted or _is_down(error)
            raise
        self._doubted = False
        return embedded

    async def states(self, texts: Sequence[str]) -> Sequence[TokenStates] | None:
        return await self._embedder.states(texts)

    async def aclose(self) -> None:
        await self.breaker.aclose()
        await self._embedder.aclose()

    async def _probe(self) -> None:
        await self._embedder.embed([HARMLESS])


def chat_breaker(patience: float) -> Breaker:
    """For a chat model; `patience` is the time-out of its requests, in seconds."""
    return Breaker("llm", _is_down, patience=patience, cancelled=False)


class WatchedChat:
    """A chat model whose requests its breaker sees while they are under way; whether they are made, others decide."""

    def __init__(self, chat: ChatModel, breaker: Breaker) -> None:
        self._chat, self._breaker = chat, breaker

    @property
    def model(self) -> str:
        return self._chat.model

    async def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        schema: Mapping[str, Any] | None,
        schema_name: str = "",
        max_tokens: int,
    ) -> ChatAnswer:
        with self._breaker.request():
            return await self._chat.complete(messages, schema=schema, schema_name=schema_name, max_tokens=max_tokens)

    async def aclose(self) -> None:
        await self._chat.aclose()


class GuardedExtractor:
    """Raises ModelUnavailable at once while its model is down; after a pause one batch is let through, and judged by.

    An extractor knows a model that is down from one that fails at what was said. The breaker is its chat model's.
    """

    def __init__(self, extractor: Extractor, breaker: Breaker) -> None:
        self._extractor, self.breaker = extractor, breaker
        self.name, self.limits = extractor.name, extractor.limits

    async def extract(self, events: Sequence[Event], summaries: Mapping[str | None, str]) -> Extraction:
        with _guarded(self.breaker, self.name):
            return await self._extractor.extract(events, summaries)

    async def decide(self, questions: Sequence[Question]) -> tuple[Sequence[Decision | Failure], Usage]:
        with _guarded(self.breaker, self.name):
            return await self._extractor.decide(questions)

    async def aclose(self) -> None:
        await self._extractor.aclose()


class GuardedReranker:
    """Raises ModelUnavailable at once while a user's reranker does not answer; closing that stays the user's."""

    def __init__(self, reranker: Reranker, *, patience: float) -> None:
        self._reranker = reranker
        self.breaker = Breaker("reranker", _is_down, probe=self._probe, patience=patience)

    async def score(self, query: str, texts: Sequence[str]) -> Sequence[float] | Scores:
        with _guarded(self.breaker, "the reranker"):
            return await self._reranker.score(query, texts)

    async def aclose(self) -> None:
        await self.breaker.aclose()

    async def _probe(self) -> None:
        await self._reranker.score(HARMLESS, [HARMLESS])


@contextmanager
def _guarded(breaker: Breaker, model: str, *, long: bool = False) -> Iterator[None]:
    try:
        with breaker.guard(long=long):
            yield
    except Open as error:
        raise ModelUnavailable(f"{model}: it is known to be down, and looked for") from error


def _is_down(error: BaseException) -> bool:
    """Returns whether the model is down: where it wants another key or address too, for whatever is asked fails."""
    return isinstance(error, ModelError) and not isinstance(error, BadAnswer | RequestRefused)
