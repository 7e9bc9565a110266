"""A question's way to its hits: candidates from every index, fused, hydrated, ranked."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from semmem.errors import ModelError, StoreUnavailable
from semmem.event import Event
from semmem.fact import Fact
from semmem.hit import Filter, Recall
from semmem.ports import Candidate, Clock, Embedder, Hydrator, LexicalIndex, VectorIndex
from semmem.retrieval.analysis import terms
from semmem.retrieval.fusion import fuse
from semmem.retrieval.scoring import DENSE, LEXICAL, holds, rank
from semmem.scope import View

WEIGHTS = {"dense": DENSE, "lexical": LEXICAL}
DEPTH = 200  # candidates asked of each index, at least


class Searcher:
    """Asks the vector index (its fallback where it is down) and the lexical index at the same time."""

    def __init__(
        self,
        embedder: Embedder,
        index: VectorIndex,
        fallback: VectorIndex,
        lexical: LexicalIndex,
        hydrator: Hydrator,
        clock: Clock,
    ) -> None:
        self._embedder, self._index, self._fallback = embedder, index, fallback
        self._lexical, self._hydrator, self._clock = lexical, hydrator, clock

    async def recall(self, view: View, query: str, *, limit: int, filter: Filter, min_score: float) -> Recall:
        """Only Postgres down is an error; whatever else is down is named in `degraded`."""
        depth = max(DEPTH, 2 * limit)
        (dense, degraded), lexical = await asyncio.gather(
            self._dense(view, query, depth, filter), self._lexical.search(view, terms(query), depth, filter)
        )
        signals = {"lexical": lexical} if dense is None else {"dense": dense, "lexical": lexical}
        relevance = fuse(
            {name: _scores(found) for name, found in signals.items()}, {"dense": DENSE, "lexical": LEXICAL}
        )
        items = await self._hydrate(view, signals, filter)
        hits = rank(items, relevance, self._clock(), limit)
        return Recall(tuple(hit for hit in hits if hit.score >= min_score), degraded)

    async def _dense(
        self, view: View, query: str, depth: int, filter: Filter
    ) -> tuple[list[Candidate] | None, frozenset[str]]:
        try:
            vector = (await self._embedder.embed([query])).vectors[0]
        except ModelError:
            return None, frozenset({"embedder"})
        try:
            return await self._index.search(view, vector, depth, filter), frozenset()
        except StoreUnavailable as error:
            return await self._fallback.search(view, vector, depth, filter), frozenset({error.store})

    async def _hydrate(
        self, view: View, signals: Mapping[str, Sequence[Candidate]], filter: Filter
    ) -> list[Event | Fact]:
        candidates = {candidate.id: candidate for found in signals.values() for candidate in found}
        items = await self._hydrator.hydrate(view, list(candidates.values()))
        now = self._clock()
        return [item for item in items if _holds(item, filter, now)]


def _holds(item: Event | Fact, filter: Filter, now: datetime) -> bool:
    if isinstance(item, Fact):
        return holds(item, filter.as_of, now)
    return filter.as_of is None or item.occurred_at <= filter.as_of


def _scores(candidates: Sequence[Candidate]) -> dict[UUID, float]:
    return {candidate.id: candidate.score for candidate in candidates}
