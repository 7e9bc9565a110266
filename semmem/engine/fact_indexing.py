"""Makes facts findable: a vector, postings, a passage, and for imported ones a note for the mirror."""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from semmem.domain.embeddings import Embeddings, Refused, TokenStates
from semmem.domain.fact import Fact, events_of
from semmem.domain.scope import Scope
from semmem.errors import ModelError
from semmem.ports import Clock, Embedder, Point
from semmem.retrieval.analysis import terms
from semmem.retrieval.documents import fact_document, fact_passage
from semmem.runtime.faults import FaultLog
from semmem.runtime.turn import Turn
from semmem.stores.postgres.events import lock_scope
from semmem.stores.postgres.facts import lock_unindexed_facts, mark_facts_indexed, unindexed_facts
from semmem.stores.postgres.ledger import add_dead_letter
from semmem.stores.postgres.passages import put_passages
from semmem.stores.postgres.pgvector import PgVectorIndex
from semmem.stores.postgres.points import add_work, put_points, put_terms
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.unit import Unit

faults = FaultLog(logging.getLogger(__name__))

BATCH = 256


class IndexedFact(NamedTuple):
    """A fact, where the first event it rests on was said, and its vector and token states.

    Without a vector it is found by its words alone: for good, if the embedder `refused` it, else until it answers.
    """

    fact: Fact
    session: str | None
    agent: str | None
    vector: NDArray[np.float32] | None = None
    states: TokenStates | None = None
    refused: Refused | None = None

    def embedded(self, embeddings: Embeddings, row: int) -> "IndexedFact":
        states = embeddings.tokens[row] if embeddings.tokens else None
        refused = embeddings.refused.get(row)
        return self._replace(vector=None if refused else embeddings.vectors[row], states=states, refused=refused)


async def put_facts(tx: Unit, index_name: str, found: Sequence[IndexedFact]) -> None:
    points = []
    for one in found:
        fact = one.fact
        if one.refused:
            await add_dead_letter(tx, "embedding", one.refused.reason, one.refused.detail, events_of(fact))
        point = Point(
            id=fact.id,
            kind="fact",
            scope=fact.scope,
            version=1,
            vector=one.vector,
            refused=one.refused is not None,
            session=one.session,
            agent=one.agent,
            category=fact.category,
            at=fact.validity.start or fact.said_at,
            importance=fact.importance,
            current=fact.current,
        )
        points.append(point)
    await put_points(tx, index_name, points)
    await put_passages(tx, [fact_passage(one.fact, (one.states,) if one.states else ()) for one in found])
    facts = [one.fact for one in found]
    await put_terms(tx, {fact.id: terms(fact_document(fact.subject, fact.text)) for fact in facts})


class FactIndexer:
    """Embeds a scope's imported facts; those that are extracted here are stored with their vectors."""

    def __init__(
        self,
        postgres: Postgres,
        embedder: Embedder,
        index: PgVectorIndex,
        clock: Clock,
        *,
        mirrored: bool,
        patience: float | None = None,
    ) -> None:
        self._postgres, self._embedder, self._index, self._clock = postgres, embedder, index, clock
        self._mirrored, self._patience = mirrored, patience

    async def run(self, scope: Scope, turn: Turn) -> None:
        """Until every fact can be found, at least by its words, or the turn is over."""
        while turn.take() and (unindexed := await unindexed_facts(self._postgres, scope, BATCH)):
            found = await self._embed([IndexedFact(*one) for one in unindexed])
            async with self._postgres.transaction(scope, self._clock()) as tx:
                await lock_scope(tx)
                waiting = await lock_unindexed_facts(tx, [one.fact.id for one in found])
                new = [one for one in found if one.fact.id in waiting]
                await put_facts(tx, self._index.index_name, new)
                await mark_facts_indexed(tx, [one.fact.id for one in new])
                embedded = [one.fact.id for one in new if one.vector is not None]
                await add_work(tx, embedded, mirrored=self._mirrored)

    async def _embed(self, found: Sequence[IndexedFact]) -> Sequence[IndexedFact]:
        """As they are where the embedder is down."""
        documents = [fact_document(one.fact.subject, one.fact.text) for one in found]
        try:
            async with asyncio.timeout(self._patience):
                embeddings = await self._embedder.embed(documents, tokens=True)
        except (ModelError, TimeoutError) as error:
            faults.warn("facts are indexed by their words, and embedded later", error)
            return found
        await self._index.adopt(embeddings.vectors)
        return [one.embedded(embeddings, row) for row, one in enumerate(found)]
