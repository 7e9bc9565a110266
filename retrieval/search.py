"""A question's way to its hits: candidates from every index, fused, hydrated, ranked."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import fsum
from uuid import UUID

from semmem.errors import ModelError, StoreUnavailable
from semmem.event import Event
from semmem.fact import Fact
from semmem.hit import Filter, Hit, Recall
from semmem.ports import Candidate, Clock, Embedder, Hydrator, LexicalIndex, VectorIndex
from semmem.retrieval.analysis import terms
from semmem.retrieval.fusion import fuse
from semmem.retrieval.scoring import DENSE, LEXICAL, holds, rank
from semmem.scope import View

WEIGHTS = {"dense": DENSE, "lexical": LEXICAL}
WEIGHTS = {"dense": DENSE, "lexical": LEXICAL}
DEPTH = 200  # candidates asked of each index, at least
EMBED_SECONDS = 5.0  # for the query; the words alone answer if it takes longer
HYDRATED = 30  # candidates read from Postgres at a time, at least


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
        relevance = fuse({name: _scores(found) for name, found in signals.items()}, WEIGHTS)
        candidates = {candidate.id: candidate for found in signals.values() for candidate in found}
        best = sorted(relevance, key=lambda id: -fsum(relevance[id].values()))
        hits = await self._hits(view, [candidates[id] for id in best], relevance, filter, limit)
        return Recall(tuple(hit for hit in hits if hit.score >= min_score), degraded)

    async def _hits(
        self,
        view: View,
        candidates: Sequence[Candidate],
        relevance: Mapping[UUID, Mapping[str, float]],
        filter: Filter,
        limit: int,
    ) -> list[Hit]:
        """Reads candidates from the most relevant on, until enough of them are part of the answer."""
        now, step = self._clock(), max(HYDRATED, 2 * limit)
        items: list[Event | Fact] = []
        outdated: set[UUID] = set()
        hits: list[Hit] = []
        for start in range(0, len(candidates), step):
            found = await self._hydrator.hydrate(view, candidates[start : start + step])
            items += [item for item in found.items if _holds(item, filter, now)]
            outdated |= found.outdated if filter.as_of is None else frozenset()
            hits = rank(items, relevance, now, limit, outdated)
            if len(hits) == limit:
                break
        return hits

    async def _dense(
        self, view: View, query: str, depth: int, filter: Filter
    ) -> tuple[list[Candidate] | None, frozenset[str]]:
        try:
            async with asyncio.timeout(EMBED_SECONDS):
                vector = (await self._embedder.embed([query])).vectors[0]
        except (ModelError, TimeoutError):
            return None, frozenset({"embedder"})
        try:
            return await self._index.search(view, vector, depth, filter), frozenset()
        except StoreUnavailable as error:
            return await self._fallback.search(view, vector, depth, filter), frozenset({error.store})


def _holds(item: Event | Fact, filter: Filter, now: datetime) -> bool:
    if isinstance(item, Fact):
        return holds(item, filter.as_of, now)
    return filter.as_of is None or item.occurred_at <= filter.as_of


def _scores(candidates: Sequence[Candidate]) -> dict[UUID, float]:
    return {candidate.id: candidate.score for candidate in candidates}
