"""What the core asks of models: vectors, answers, facts, an order, and how many tokens a text has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.domain.event import Event
from semmem.domain.extraction import BatchLimits, Decision, Extraction, Failure, Question, Usage


class Embedder(Protocol):
    """Turns texts into vectors. Raises ModelUnavailable if it cannot answer now, ModelError if it refuses any text."""

    @property
    def model(self) -> str:
        """A name that changes whenever the vectors would: part of the vector index's name."""
        ...

    @property
    def pools(self) -> bool:
        """Whether a vector is the direction of the mean of its text's token states, which it hands out.

        Then those of a long text's pieces make up its own, and it need not be embedded as a whole besides.
        """
        ...

    async def dimensions(self) -> int:
        """Of every vector; asks the model where they are not known yet."""
        ...

    def expect(self, dimensions: int) -> None:
        """Says what the vector index holds, so that a model that gives other vectors need not be believed."""
        ...

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """All texts, order kept, batched inside; over-long texts are truncated. `tokens` asks for token states too."""
        ...

    async def states(self, texts: Sequence[str]) -> Sequence[TokenStates] | None:
        """Token states without vectors, a text each; None where there are none."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Scores:
    """What a reranker answers that knows what it cost."""

    of_texts: Sequence[float]
    usage: Usage = field(default_factory=Usage)


class Reranker(Protocol):
    """A user's own cross-encoder, which reads the question and each text together. Raises ModelError when it cannot."""

    async def score(self, query: str, texts: Sequence[str]) -> Sequence[float] | Scores:
        """A number per text, in order; higher is better, unbounded.

        Texts come whole, however long, with the day and the speaker, below the turn before. It runs in the caller's
        event loop, so what computes long belongs in a thread.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAnswer:
    """A model's raw answer and what it cost; `finish_reason` is OpenAI's ("stop", "length", ...)."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


class ChatModel(Protocol):
    """One chat completion: JSON of a schema, or free text without one. Raises ModelUnavailable after its retries."""

    @property
    def model(self) -> str: ...

    async def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        schema: Mapping[str, Any] | None,
        schema_name: str = "",
        max_tokens: int,
    ) -> ChatAnswer: ...

    async def aclose(self) -> None: ...


class Extractor(Protocol):
    """Events -> drafts -> decisions. Model trouble is ModelUnavailable; a bad answer never is "found nothing"."""

    name: str  # "offline", or the chat model's name; written on every fact's audit row
    limits: BatchLimits

    async def extract(self, events: Sequence[Event], summaries: Mapping[str | None, str]) -> Extraction:
        """Events are one scope's, in order. `summaries` are the present ones by session, None for the scope's own."""
        ...

    async def decide(self, questions: Sequence[Question]) -> tuple[Sequence[Decision | Failure], Usage]:
        """One decision per question, in order, or why none could be had."""
        ...

    async def aclose(self) -> None: ...


class TokenCounter(Protocol):
    """Counts tokens; where `exact` is False, `count` is an upper bound."""

    @property
    def exact(self) -> bool: ...

    def count(self, text: str) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models that a memory works with."""

    embedder: Embedder
    extractor: Extractor
    counter: TokenCounter
    reranker: Reranker | None = None
