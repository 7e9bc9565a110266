"""Makes facts findable: a vector, postings, a passage, and for imported ones a note for the mirror."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from semmem.fact import Fact
from semmem.ports import Clock, Embedder, Point, TokenStates
from semmem.retrieval.analysis import terms
from semmem.retrieval.documents import fact_document, fact_passage
from semmem.scope import Scope
from semmem.stores.events import lock_scope
from semmem.stores.facts import lock_unindexed_facts, mark_facts_indexed, unindexed_facts
from semmem.stores.passages import put_passages
from semmem.stores.points import add_work, put_points, put_terms
from semmem.stores.postgres import Connection, Postgres

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 256


class IndexedFact(NamedTuple):
    """A fact, where the first event it rests on was said, and its vector and token states."""

    fact: Fact
    session: str | None
    agent: str | None
    vector: "NDArray[np.float32]"
    states: TokenStates | None


async def put_facts(connection: Connection, index_name: str, scope: Scope, found: Sequence[IndexedFact]) -> None:
    facts = [one.fact for one in found]
    await put_points(connection, index_name, [_point(one) for one in found])
    await put_passages(connection, [fact_passage(one.fact, (one.states,) if one.states else ()) for one in found])
    await put_terms(connection, scope, {fact.id: terms(fact_document(fact.subject, fact.text)) for fact in facts})


class FactIndexer:
    """Embeds a scope's imported facts; those that are extracted here are stored with their vectors."""

    def __init__(
        self, postgres: Postgres, embedder: Embedder, clock: Clock, *, index_name: str, mirrored: bool
    ) -> None:
        self._postgres, self._embedder, self._clock = postgres, embedder, clock
        self._index_name, self._mirrored = index_name, mirrored

    async def run(self, scope: Scope, *, stopped: Callable[[], bool] = lambda: False) -> None:
        """Until nothing waits, or after the batch at which it is `stopped`.

        Raises ModelUnavailable where the embedder is down; what waits stays waiting.
        """
        while not stopped() and (found := await unindexed_facts(self._postgres, scope, BATCH)):
            documents = [fact_document(fact.subject, fact.text) for fact, _, _ in found]
            embeddings = await self._embedder.embed(documents, tokens=True)
            states = embeddings.tokens or [None] * len(found)
            rows = zip(found, embeddings.vectors, states, strict=True)
            await self._store(scope, [IndexedFact(*one, vector, state) for one, vector, state in rows])

    async def _store(self, scope: Scope, found: Sequence[IndexedFact]) -> None:
        async with self._postgres.transaction(scope) as connection:
            await lock_scope(connection, scope)
            waiting = await lock_unindexed_facts(connection, scope.tenant, [one.fact.id for one in found])
            now_found = [one for one in found if one.fact.id in waiting]
            await put_facts(connection, self._index_name, scope, now_found)
            ids = [one.fact.id for one in now_found]
            await mark_facts_indexed(connection, scope.tenant, ids, self._clock())
            if self._mirrored:
                await add_work(connection, scope, ids)


def _point(found: IndexedFact) -> Point:
    fact = found.fact
    return Point(
        id=fact.id,
        kind="fact",
        scope=fact.scope,
        version=1,
        vector=found.vector,
        session=found.session,
        agent=found.agent,
        category=fact.category,
        at=fact.validity.start or fact.said_at,
        importance=fact.importance,
        current=fact.current,
    )
