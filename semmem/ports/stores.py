"""What the core asks of what it reads: rows as they stand at one moment, and hints that may be lost."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from semmem.domain.condition import Condition, Meeting
from semmem.domain.event import Event
from semmem.domain.fact import Fact
from semmem.domain.scope import Scope, View
from semmem.ports.indexes import Candidate, ItemKind


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
