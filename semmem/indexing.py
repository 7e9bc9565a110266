"""Makes remembered events findable: a vector, postings, a passage, and a note for the mirror."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from semmem.event import Event
from semmem.ports import Clock, Embedder, Embeddings, Passage, Point, TokenStates
from semmem.retrieval.analysis import terms
from semmem.retrieval.documents import event_document, event_passage, event_pieces, event_words
from semmem.scope import Scope
from semmem.stores.events import EventLog, lock_scope, lock_unindexed, mark_indexed
from semmem.stores.passages import last_places, put_passages
from semmem.stores.points import add_work, put_points, put_terms
from semmem.stores.postgres import Postgres

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 256


class Indexer:
    """Embeds a scope's new events, oldest first. `mirrored` says that another index has to follow Postgres."""

    def __init__(
        self, postgres: Postgres, log: EventLog, embedder: Embedder, clock: Clock, *, index_name: str, mirrored: bool
    ) -> None:
        self._postgres, self._log, self._embedder, self._clock = postgres, log, embedder, clock
        self._index_name, self._mirrored = index_name, mirrored

    async def run(self, scope: Scope, *, stopped: Callable[[], bool] = lambda: False) -> None:
        """Until nothing waits, or after the batch at which it is `stopped`.

        Raises ModelUnavailable where the embedder is down; what waits stays waiting.
        """
        while not stopped() and (events := await self._log.unindexed(scope, BATCH)):
            embeddings = await self._embedder.embed([event_document(event) for event in events], tokens=True)
            await self._store(scope, events, embeddings.vectors, await self._states(events, embeddings))
            await self._postgres.analyse_new()

    async def _states(self, events: Sequence[Event], embeddings: Embeddings) -> list[Sequence[TokenStates]]:
        """Each event's token states: its own, or if it is long, those of its pieces; none where there are none."""
        if embeddings.tokens is None:
            return [()] * len(events)
        parts = [event_pieces(event) for event in events]
        flat = [piece for pieces in parts for piece in pieces]
        cut = iter((await self._embedder.embed(flat, tokens=True)).tokens or () if flat else ())
        whole = zip(embeddings.tokens, parts, strict=True)
        return [tuple(islice(cut, len(pieces))) if pieces else (own,) for own, pieces in whole]

    async def _store(
        self,
        scope: Scope,
        events: Sequence[Event],
        vectors: "NDArray[np.float32]",
        states: Sequence[Sequence[TokenStates]],
    ) -> None:
        points = [_point(event, vector) for event, vector in zip(events, vectors, strict=True)]
        words = {event.id: terms(event_words(event)) for event in events}
        async with self._postgres.transaction(scope) as connection:
            await lock_scope(connection, scope)
            waiting = await lock_unindexed(connection, scope.tenant, list(words))
            ids = [id for id in words if id in waiting]
            places = await last_places(connection, scope, [event.session for event in events])
            placed = [(event, own) for event, own in zip(events, states, strict=True) if event.id in waiting]
            await put_passages(connection, _passages(placed, places))
            await put_points(connection, self._index_name, [point for point in points if point.id in waiting])
            await put_terms(connection, scope, {id: words[id] for id in ids})
            await mark_indexed(connection, scope.tenant, ids, self._clock())
            if self._mirrored:
                await add_work(connection, scope, ids)


def _passages(events: Sequence[tuple[Event, Sequence[TokenStates]]], places: Mapping[str | None, int]) -> list[Passage]:
    """Each gets the next place in its session."""
    taken = dict(places)
    found = []
    for event, states in events:
        taken[event.session] += 1
        found.append(event_passage(event, taken[event.session], states))
    return found


def _point(event: Event, vector: "NDArray[np.float32]") -> Point:
    return Point(
        id=event.id,
        kind="event",
        scope=event.scope,
        version=1,
        vector=vector,
        session=event.session,
        agent=event.agent,
        category=None,
        at=event.occurred_at,
        importance=event.importance,
        current=True,
    )
