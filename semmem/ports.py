"""What the core asks of the outside world. Each promise below is proved by a contract test."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from semmem.domain.condition import Condition, Meeting
from semmem.domain.drift import DriftKind
from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.domain.event import Event
from semmem.domain.extraction import BatchLimits, Decision, Extraction, Failure, Question, Usage
from semmem.domain.fact import Fact
from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View

Clock = Callable[[], datetime]
ItemKind = Literal["event", "fact"]


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an index returns: an id to hydrate, and how well it matched (higher is better, unbounded)."""

    id: UUID
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A row as a vector index holds it: ids and filter fields, never text."""

    id: UUID
    kind: ItemKind
    scope: Scope
    version: int
    vector: NDArray[np.float32] | None  # None where the embedder has none: only Postgres keeps such a point
    session: str | None
    agent: str | None
    category: str | None
    at: datetime  # world time: an event's occurred_at, a fact's start or recorded_at
    importance: float
    current: bool
    refused: bool = False  # by the embedder, for good; otherwise a missing vector is still to come


class VectorIndex(Protocol):
    """Approximate nearest neighbours by cosine, inside a view. Raises StoreUnavailable."""

    name: str  # "qdrant" or "pgvector"

    async def ensure(self) -> object:
        """Makes the index if it is missing; IndexMismatch where one of another model stands in its place."""
        ...

    async def upsert(self, points: Sequence[Point]) -> None:
        """Makes each point so, durably; a point that is there is replaced."""
        ...

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        """Removes the scope's points; ids that are not there, or another scope's, change nothing."""
        ...

    async def search(
        self,
        view: View,
        vector: NDArray[np.float32],
        limit: int,
        filter: Filter,
        kind: ItemKind | None = None,
        among: Sequence[UUID] | None = None,
    ) -> list[Candidate]:
        """The nearest points of the view, best first; score is the cosine. `among` are the only ids wanted of them.

        The filter's condition is not its to know: who asks knows which ids meet it.
        """
        ...

    def scan(self, scope: Scope) -> AsyncIterator[tuple[UUID, int]]:
        """Every (id, version) of a scope, in no particular order."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Held:
    """A point as a mirror holds it: its id, which is ours only if it is a UUID, and the scope that it says it is of.

    The scope is None where the point names none that could be.
    """

    id: UUID | int
    scope: Scope | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mirror says of itself: which filling it is, and whether that is done."""

    stamp: UUID
    whole: bool


class Mirror(VectorIndex, Protocol):
    """A vector index outside Postgres, which may be lost at any time. A search of one that is not whole is refused.

    `prefix` begins the name of its collection, which a database has one of.
    """

    prefix: str

    async def stands(self, prefix: str) -> bool:
        """Whether this database's collection of that prefix is there."""
        ...

    async def sized(self) -> bool:
        """Whether it can be: not before the first vector, where nobody knows the dimensions."""
        ...

    async def ensure(self) -> bool:
        """As VectorIndex.ensure; whether it was missing."""
        ...

    async def empty(self) -> None:
        """Takes out everything, the mark as well."""
        ...

    async def mark(self) -> Mark | None: ...

    async def put_mark(self, mark: Mark) -> None: ...

    async def renew_mark(self, stamp: UUID, mark: Mark) -> None:
        """Puts it in the place of the mark that has this stamp; nothing where that is gone: it was emptied since."""
        ...

    async def compare(self, points: Sequence[Point]) -> dict[UUID, DriftKind]:
        """Which of these points it does not hold just so, and how the first thing that differs does."""
        ...

    def held(self, where: Scope | str | None) -> AsyncIterator[Sequence[Held]]:
        """All points of a scope, of a tenant, or with None of anybody, page by page; the mark is none of them."""
        ...

    async def look_up(self, ids: Collection[UUID | int]) -> list[Held]:
        """The points of these ids, whatever scope they say they are of."""
        ...

    async def remove(self, scope: Scope | None, ids: Sequence[UUID | int]) -> None:
        """Takes out those of the points that say they are of this scope; with None, whatever they say."""
        ...

    async def count(self) -> int:
        """How many points it holds, the mark aside."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a lexical index found: the best items, best first, and how rare each of the terms is in the view (idf).

    `missing` is what the view's answer has to do without, and how long the oldest of what waits has waited: "index" and
    "facts" where events wait for a worker and none lives, "embedder" where items have no vector. `vectorless` are the
    candidates that have none.
    """

    candidates: tuple[Candidate, ...] = ()
    rarity: Mapping[str, float] = field(default_factory=dict)
    missing: Mapping[str, timedelta] = field(default_factory=dict)
    vectorless: frozenset[UUID] = frozenset()


class LexicalIndex(Protocol):
    """BM25 inside a view, with the view's own statistics."""

    async def search(
        self, view: View, terms: Sequence[str], limit: int, filter: Filter, among: Sequence[UUID] | None = None
    ) -> Found:
        """The best items for any of the terms; `among` are the only ids wanted of them."""
        ...


class Passage(NamedTuple):  # three hundred are made for a recall: in a third of a dataclass's time
    """What ranking knows of an event or fact beside its vector and words.

    An event has a `place` in its session, counted from 1, by which its neighbours are found; a fact has none, and
    neither session nor neighbours. `states` are its token states, packed, where the embedder hands any out.
    """

    id: UUID
    kind: ItemKind
    scope: Scope
    session: str | None
    place: int | None
    voice: str
    told: bool  # the user said it, or it rests on what the user said
    at: datetime
    long: bool  # too long to be read with its neighbours
    cues: int
    states: bytes | None
    sources: tuple[UUID, ...] = ()  # the events that a fact rests on


@dataclass(frozen=True, slots=True)
class Hydrated:
    """Rows, and the ids of those events among them that only superseded facts rest on."""

    items: tuple[Event | Fact, ...]
    outdated: frozenset[UUID] = frozenset()


class Rows(Protocol):
    """What stands under the caller's view at one moment: foreign, stale and forgotten ids yield nothing."""

    async def around(self, candidates: Sequence[Candidate], reach: int) -> list[Passage]:
        """Those of the candidates, of the events that facts among them rest on, and of `reach` neighbours on each side.

        Neighbours are of the same session, and no long text has any or is one.
        """
        ...

    async def hydrate(self, passages: Sequence[Passage]) -> Hydrated:
        """The events and facts themselves."""
        ...


class Reader(Protocol):
    async def meeting(self, view: View, condition: Condition) -> Meeting:
        """Raises InvalidInput for a path that leads to objects or lists alone."""
        ...

    def reading(self, view: View) -> AbstractAsyncContextManager[Rows]:
        """All reads of one answer, in one transaction."""
        ...


class RecentCache(Protocol):
    """The newest events of a scope. Never a truth: every call may raise StoreUnavailable.

    Entries carry the scope's erasure epoch; an entry of an older epoch than the one asked with is dropped on read.
    `prefix` begins the names of its keys.
    """

    prefix: str

    async def push(self, events: Sequence[Event], epoch: int) -> None:
        """Puts the events in front of their scope's list, capped and with a TTL."""
        ...

    async def recent(self, scope: Scope, limit: int, epoch: int) -> list[Event] | None:
        """Newest first; None where the cache does not know the scope (so ask Postgres)."""
        ...

    async def fill(self, scope: Scope, events: Sequence[Event], epoch: int) -> None:
        """Replaces the scope's list, newest first, after a miss."""
        ...

    async def forget(self, scope: Scope) -> None:
        """Removes every key of the scope."""
        ...

    async def aclose(self) -> None: ...


class Wakeups(Protocol):
    """Hints between processes that scopes' logs have grown. Any may be lost; every call may raise StoreUnavailable."""

    async def tell(self, heads: Mapping[Scope, int]) -> None:
        """Whoever hears of these scopes hears their logs' new heads."""
        ...

    def heard(self, followed: Collection[Scope]) -> AsyncGenerator[tuple[Scope, int], None]:
        """Heads of the scopes that are followed; whose they are may change meanwhile. Ends when there are none."""
        ...


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
