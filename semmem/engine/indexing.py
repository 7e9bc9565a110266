"""Makes remembered events findable: a vector, postings, a passage, and a note for the mirror."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from uuid import UUID

from semmem.domain.embeddings import Embeddings, Refused, TokenStates
from semmem.domain.event import Event
from semmem.domain.fact import Fact, events_of
from semmem.domain.scope import Scope
from semmem.engine.embedding import Embedded, embed_events
from semmem.errors import ModelError
from semmem.ports import Clock, Embedder, Passage, Point
from semmem.retrieval.analysis import terms
from semmem.retrieval.documents import (
    event_passage,
    event_words,
    fact_document,
    packed,
)
from semmem.runtime.faults import FaultLog
from semmem.runtime.turn import Turn
from semmem.stores.postgres.events import EventStore, lock_scope, lock_unindexed, mark_indexed
from semmem.stores.postgres.facts import FactStore
from semmem.stores.postgres.ledger import add_dead_letter
from semmem.stores.postgres.passages import last_places, put_passages
from semmem.stores.postgres.pgvector import PgVectorIndex
from semmem.stores.postgres.points import add_work, fill_vector, missing_vectors, put_points, put_terms, refuse_vector
from semmem.stores.postgres.pool import Postgres

log = logging.getLogger(__name__)
faults = FaultLog(log)

# Events embedded together, and their content: what a batch holds is told as done together, some seconds apart.
BATCH, BATCH_BYTES = 256, 64 << 10
SHOWN = 5  # ids in a line of the log, at most


class Indexer:
    """Embeds a scope's new events, oldest first. `mirrored` says that this process has another index, which follows.

    No event waits for the embedder: where it is down, words are indexed at once, and `embed_missing` brings the vectors
    later. What the embedder refuses is found by its words alone, and goes to the dead letters.
    """

    def __init__(
        self,
        postgres: Postgres,
        events: EventStore,
        facts: FactStore,
        embedder: Embedder,
        index: PgVectorIndex,
        clock: Clock,
        *,
        mirrored: bool,
        patience: float | None = None,
    ) -> None:
        """`patience` is how long events wait for the embedder before their words are indexed alone, in seconds."""
        self._postgres, self._events, self._facts = postgres, events, facts
        self._embedder, self._index, self._clock = embedder, index, clock
        self._mirrored, self._patience = mirrored, patience

    async def run(self, scope: Scope, turn: Turn) -> None:
        """Until every event can be found, at least by its words, or the turn is over."""
        started, count, vectorless = monotonic(), 0, 0
        while turn.take() and (events := await self._events.unindexed(scope, BATCH, BATCH_BYTES)):
            embedded = await self._embed_events(events)
            await self._store(scope, events, embedded)
            await self._postgres.analyse_new()
            count += len(events)
            vectorless += len(events) if embedded is None else len(embedded.embeddings.refused)
            if embedded:
                _tell_cut(events, embedded)
        if count:
            took = monotonic() - started
            log.info("indexed %d events in %.1f s, %d of them by words alone %s", count, took, vectorless, scope.digest)

    async def embed_missing(self, scope: Scope, turn: Turn) -> None:
        """Embeds what waits for it, until the turn is over. Raises ModelUnavailable or ModelError where that fails."""
        while turn.take() and (items := await self._missing(scope)):
            events = [item for item in items if item.kind == "event"]
            facts = [item for item in items if item.kind == "fact"]
            if events:
                embedded = await embed_events(self._embedder, events)
                _tell_cut(events, embedded)
                await self._fill(scope, events, embedded.embeddings, embedded.states)
            if facts:
                documents = [fact_document(fact.subject, fact.text) for fact in facts]
                embeddings = await self._embedder.embed(documents, tokens=True)
                await self._fill(scope, facts, embeddings, [(states,) for states in embeddings.tokens or ()])

    async def _embed_events(self, events: Sequence[Event]) -> Embedded | None:
        """None where the embedder is down."""
        try:
            async with asyncio.timeout(self._patience):
                return await embed_events(self._embedder, events)
        except (ModelError, TimeoutError) as error:
            faults.warn("events are indexed by their words, and embedded later", error)
            return None

    async def _store(
        self,
        scope: Scope,
        events: Sequence[Event],
        embedded: Embedded | None,
    ) -> None:
        embeddings = embedded.embeddings if embedded else None
        states: Sequence[Sequence[TokenStates]] = embedded.states if embedded else [()] * len(events)
        refused = _refusals(events, embeddings)
        points = _points(events, embeddings)
        words = await asyncio.to_thread(_words, events)
        if embeddings:
            await self._index.adopt(embeddings.vectors)
        async with self._postgres.transaction(scope, self._clock()) as tx:
            await lock_scope(tx)
            waiting = await lock_unindexed(tx, list(words))
            ids = [id for id in words if id in waiting]
            places = await last_places(tx, [event.session for event in events])
            placed = [(event, own) for event, own in zip(events, states, strict=True) if event.id in waiting]
            await put_passages(tx, _passages(placed, places))
            taken = [replace(point, agent=waiting[point.id]) for point in points if point.id in waiting]
            await put_points(tx, self._index.index_name, taken)
            await put_terms(tx, {id: words[id] for id in ids})
            await mark_indexed(tx, ids)
            for id in refused.keys() & waiting.keys():
                await add_dead_letter(tx, "embedding", refused[id].reason, refused[id].detail, [id])
            if embeddings:
                await add_work(tx, [id for id in ids if id not in refused], mirrored=self._mirrored)

    async def _missing(self, scope: Scope) -> list[Event | Fact]:
        async with self._postgres.transaction(scope) as tx:
            kinds = await missing_vectors(tx, BATCH)
        events = await self._events.get(scope, [id for id, kind in kinds.items() if kind == "event"])
        facts = await self._facts.get(scope, [id for id, kind in kinds.items() if kind == "fact"])
        taken: list[Event] = []
        size = 0
        for event in events:  # as many as hold so many bytes, one at least
            size += len(event.content.encode())
            if taken and size > BATCH_BYTES:
                break
            taken.append(event)
        return [*taken, *facts]

    async def _fill(
        self,
        scope: Scope,
        items: Sequence[Event | Fact],
        embeddings: Embeddings,
        states: Sequence[Sequence[TokenStates]],
    ) -> None:
        refused = _refusals(items, embeddings)
        await self._index.adopt(embeddings.vectors)
        async with self._postgres.transaction(scope, self._clock()) as tx:
            await lock_scope(tx)
            for row, item in enumerate(items):
                if (why := refused.get(item.id)) is None:
                    own = packed(states[row]) if states else None
                    await fill_vector(tx, item.id, embeddings.vectors[row], own)
                elif await refuse_vector(tx, item.id):
                    await add_dead_letter(tx, "embedding", why.reason, why.detail, events_of(item))
            filled = [item.id for item in items if item.id not in refused]
            await add_work(tx, filled, mirrored=self._mirrored)


def _tell_cut(events: Sequence[Event], embedded: Embedded) -> None:
    """Names the events of which the embedder read the beginning alone."""
    if embedded.cut:
        shown = ", ".join(str(events[place].id) for place in sorted(embedded.cut)[:SHOWN])
        log.info(
            "too long to be embedded whole: %d events, %s; the rest is found by its words", len(embedded.cut), shown
        )


def _words(events: Sequence[Event]) -> dict[UUID, list[str]]:
    """In a thread: a batch may hold a megabyte."""
    return {event.id: terms(event_words(event)) for event in events}


def _refusals(items: Sequence[Event | Fact], embeddings: Embeddings | None) -> dict[UUID, Refused]:
    """Which of the items the embedder refused, and why."""
    return {items[row].id: why for row, why in embeddings.refused.items()} if embeddings else {}


def _passages(events: Sequence[tuple[Event, Sequence[TokenStates]]], places: Mapping[str | None, int]) -> list[Passage]:
    """Each gets the next place in its session."""
    taken = dict(places)
    found = []
    for event, states in events:
        taken[event.session] += 1
        found.append(event_passage(event, taken[event.session], states))
    return found


def _points(events: Sequence[Event], embeddings: Embeddings | None) -> list[Point]:
    """Without a vector where the embedder has none: for good, if it refused the event, else until it answers."""
    points = []
    for row, event in enumerate(events):
        refused = embeddings is not None and row in embeddings.refused
        point = Point(
            id=event.id,
            kind="event",
            scope=event.scope,
            version=1,
            vector=None if embeddings is None or refused else embeddings.vectors[row],
            session=event.session,
            agent=event.agent,
            category=None,
            at=event.occurred_at,
            importance=event.importance,
            current=True,
            refused=refused,
        )
        points.append(point)
    return points
