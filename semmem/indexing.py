"""Makes remembered events findable: a vector, postings, and a note for the mirror."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from semmem.event import Event
from semmem.ports import Clock, Embedder, Point
from semmem.retrieval.analysis import terms
from semmem.retrieval.documents import event_document, event_words
from semmem.scope import Scope
from semmem.stores.events import EventLog, lock_scope, lock_unindexed, mark_indexed
from semmem.stores.points import add_work, put_points, put_terms
from semmem.stores.postgres import Postgres

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 128


class Indexer:
    """Embeds a scope's new events, oldest first. `mirrored` says that another index has to follow Postgres."""

    def __init__(
        self, postgres: Postgres, log: EventLog, embedder: Embedder, clock: Clock, *, index_name: str, mirrored: bool
    ) -> None:
        self._postgres, self._log, self._embedder, self._clock = postgres, log, embedder, clock
        self._index_name, self._mirrored = index_name, mirrored

    async def run(self, scope: Scope) -> None:
        """Until nothing waits. Raises ModelUnavailable where the embedder is down; what waits stays waiting."""
        while events := await self._log.unindexed(scope, BATCH):
            embeddings = await self._embedder.embed([event_document(event) for event in events])
            await self._store(scope, events, embeddings.vectors)

    async def _store(self, scope: Scope, events: Sequence[Event], vectors: "NDArray[np.float32]") -> None:
        points = [_point(event, vector) for event, vector in zip(events, vectors, strict=True)]
        words = {event.id: terms(event_words(event)) for event in events}
        async with self._postgres.transaction(scope) as connection:
            await lock_scope(connection, scope)
            waiting = await lock_unindexed(connection, scope.tenant, list(words))
            ids = [id for id in words if id in waiting]
            await put_points(connection, self._index_name, [point for point in points if point.id in waiting])
            await put_terms(connection, scope, "event", {id: words[id] for id in ids})
            await mark_indexed(connection, scope.tenant, ids, self._clock())
            if self._mirrored:
                await add_work(connection, scope, ids)


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
