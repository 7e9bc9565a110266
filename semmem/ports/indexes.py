"""What the core asks of the indexes that it searches."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from semmem.domain.drift import DriftKind
from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View

ItemKind = Literal["event", "fact"]


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
