"""A question's way to its hits: candidates from every index, read with their neighbours, judged, hydrated, ranked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import fsum
from uuid import UUID

from semmem.domain.embeddings import Embeddings
from semmem.domain.event import Event
from semmem.domain.fact import Fact
from semmem.domain.hit import Filter, Hit, Recall
from semmem.domain.scope import View
from semmem.errors import ModelError, StoreUnavailable
from semmem.ports import Candidate, Clock, Embedder, Found, LexicalIndex, Passage, Reader, Reranker, Rows, VectorIndex
from semmem.retrieval.analysis import terms
from semmem.retrieval.confidence import confidence
from semmem.retrieval.fusion import fuse
from semmem.retrieval.late import asked
from semmem.retrieval.newest import LOOKED_AT, newest_first
from semmem.retrieval.pool import REACH, Pool, pooled
from semmem.retrieval.rerank import RERANK_SECONDS, Reranked, reranked
from semmem.retrieval.scoring import distinct, holds, rank
from semmem.retrieval.signals import Judged, judged
from semmem.runtime.deadline import part

DEPTH = 120  # candidates asked of each index, at least
JUDGED = 100  # of them that are judged, at least, together with their neighbours; facts take half the places and more
HYDRATED = 30  # rows read from Postgres at a time, at least: the outdated and the repeated give way to others
NAMED = 2_000  # ids that a request to a vector index names, at most; of more, Postgres searches its own vectors
SPARE = 10  # of them beside the hits asked for, at least
RERANKED = 50  # hits that a reranker orders, at least, where there is one

WAITING_PARTS = frozenset({"index", "facts"})
FIRST_LOOK = {"dense": 0.5, "lexical": 0.5}

Sift = Callable[[Sequence[Hit]], list[Hit]]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the indexes found; `dense` and `embedded` are None where the embedder was down."""

    dense: list[Candidate] | None
    embedded: Embeddings | None
    lexical: Found
    degraded: frozenset[str]

    @property
    def waited(self) -> timedelta | None:
        """How long the oldest event has waited that no worker indexes or extracts."""
        return max((self.lexical.missing[part] for part in WAITING_PARTS & self.lexical.missing.keys()), default=None)

    def best(self, count: int) -> list[Candidate]:
        """By the scores of the indexes alone."""
        indexes = {"dense": self.dense, "lexical": self.lexical.candidates}
        found = {name: candidates for name, candidates in indexes.items() if candidates is not None}
        known = {candidate.id: candidate for candidates in found.values() for candidate in candidates}
        parts = fuse({name: _scores(candidates) for name, candidates in found.items()}, FIRST_LOOK)
        return [known[id] for id in sorted(parts, key=lambda id: -fsum(parts[id].values()))[:count]]


class Searcher:
    """Asks the vector index (its fallback where it is down) and the lexical index at the same time."""

    def __init__(
        self,
        embedder: Embedder,
        index: VectorIndex,
        fallback: VectorIndex,
        lexical: LexicalIndex,
        reader: Reader,
        clock: Clock,
        reranker: Reranker | None,
        rerank_seconds: float = RERANK_SECONDS,
    ) -> None:
        self._embedder, self._index, self._fallback = embedder, index, fallback
        self._lexical, self._reader, self._clock, self._reranker = lexical, reader, clock, reranker
        self._rerank_seconds = rerank_seconds

    async def recall(
        self, view: View, query: str, *, limit: int, filter: Filter, min_score: float, sift: Sift = distinct
    ) -> Recall:
        """Only Postgres down is an error; whatever else is down is named in `degraded`."""
        wanted = max(limit, LOOKED_AT if self._reranker is None else RERANKED)
        found, best = await self._look(view, query, limit, filter)
        async with self._reader.reading(view) as rows:
            pool = await self._pooled(rows, query, best, found)
            # A neighbour may answer too, unless a filter asks for something that nobody looked for in it.
            answers = pool.passages
            if filter != Filter():
                sought = {candidate.id for candidate in best}
                answers = [passage for passage in pool.passages if passage.id in sought]
            hits = await self._hits(rows, answers, judged(pool), filter, wanted, sift)
            before = await self._before(rows, pool, hits) if self._reranker else {}
        order = Reranked(hits)
        if self._reranker:
            order = await reranked(hits, before, query, self._reranker, self._rerank_seconds)
        sure = confidence(pool)
        ordered = [hit.doubted(sure) for hit in newest_first(order.hits, query)[:limit]]
        kept = tuple(hit for hit in ordered if hit.score >= min_score)
        return Recall(kept, found.degraded | order.degraded, found.waited, order.usage)

    async def pool(self, view: View, query: str, limit: int) -> Pool:
        """What a recall of `limit` hits judges."""
        found, best = await self._look(view, query, limit, Filter())
        async with self._reader.reading(view) as rows:
            return await self._pooled(rows, query, best, found)

    async def _look(self, view: View, query: str, limit: int, filter: Filter) -> tuple[Candidates, list[Candidate]]:
        """What the indexes found, and the best of it.

        The same for every limit up to 2 * JUDGED, so that a longer answer begins like a shorter one: neighbours make up
        the rest. A filter keeps them from answering, so it takes as many candidates as hits are asked for.
        """
        needed = limit // 2 if filter == Filter() else limit
        depth = max(DEPTH, needed)
        meeting = await self._reader.meeting(view, filter.where) if filter.where else None
        among = None if meeting is None else meeting.ids
        # The words first: Postgres works on them while the question is embedded and put into a request.
        lexical, (dense, embedded, degraded) = await asyncio.gather(
            self._lexical.search(view, terms(query), depth, filter, among),
            self._dense(view, query, depth, filter, among),
        )
        if meeting is not None and not meeting.whole:
            degraded |= {"where"}
        if dense is not None and lexical.vectorless:
            dense = [*dense, *_stand_ins(lexical, dense)]
        found = Candidates(dense, embedded, lexical, degraded.union(lexical.missing))
        return found, found.best(max(JUDGED, needed))

    async def _dense(
        self, view: View, query: str, depth: int, filter: Filter, among: Sequence[UUID] | None
    ) -> tuple[list[Candidate] | None, Embeddings | None, frozenset[str]]:
        embedded = await self._embedded(query)
        if embedded is None:
            return None, None, frozenset({"embedder"})
        vector = embedded.vectors[0]
        if self._index is self._fallback or (among is not None and len(among) > NAMED):
            return await self._fallback.search(view, vector, depth, filter, None, among), embedded, frozenset()
        try:
            async with asyncio.timeout(part()):
                return await self._index.search(view, vector, depth, filter, None, among), embedded, frozenset()
        except (StoreUnavailable, TimeoutError):
            found = await self._fallback.search(view, vector, depth, filter, None, among)
            return found, embedded, frozenset({self._index.name})

    async def _embedded(self, query: str) -> Embeddings | None:
        """None where the embedder is down, too slow, or refuses the query."""
        try:
            async with asyncio.timeout(part()):
                embedded = await self._embedder.embed([query], tokens=True)
        except (ModelError, TimeoutError):
            return None
        return None if embedded.refused else embedded

    async def _pooled(self, rows: Rows, query: str, best: Sequence[Candidate], found: Candidates) -> Pool:
        """The best, with all that is judged beside them."""
        tokens = found.embedded.tokens if found.embedded else None
        return pooled(
            query,
            self._clock(),
            await rows.around(best, REACH),
            dense=None if found.dense is None else _scores(found.dense),
            lexical=_scores(found.lexical.candidates),
            asked=asked(tokens[0], found.lexical.rarity) if tokens else None,
        )

    async def _before(self, rows: Rows, pool: Pool, hits: Sequence[Hit]) -> dict[UUID, Event]:
        """The turns before those of the hits, by the hits' ids."""
        passages = pool.before(hit.id for hit in hits)
        turns = {hit.id: hit.item for hit in hits}
        unread = {passage.id: passage for passage in passages.values() if passage.id not in turns}
        turns |= {item.id: item for item in (await rows.hydrate(list(unread.values()))).items} if unread else {}
        found = {id: turns.get(passage.id) for id, passage in passages.items()}
        return {id: turn for id, turn in found.items() if isinstance(turn, Event)}

    async def _hits(
        self,
        rows: Rows,
        passages: Sequence[Passage],
        judged: Judged,
        filter: Filter,
        limit: int,
        sift: Sift,
    ) -> list[Hit]:
        """Reads from the most relevant on, until enough are part of the answer."""
        now, step = self._clock(), max(HYDRATED, limit + SPARE)
        ordered = sorted(passages, key=lambda passage: -judged.relevance(passage.id))
        items: list[Event | Fact] = []
        outdated: set[UUID] = set()
        hits: list[Hit] = []
        for start in range(0, len(ordered), step):
            found = await rows.hydrate(ordered[start : start + step])
            items += [item for item in found.items if holds(item, filter.as_of, now)]
            outdated |= found.outdated if filter.as_of is None else frozenset()
            hits = sift(rank(items, judged, now, outdated))[:limit]
            if len(hits) == limit:
                break
        return hits


def _stand_ins(lexical: Found, dense: Sequence[Candidate]) -> list[Candidate]:
    """What has no vector is as near as its words match; it would pass for the farthest else."""
    cosines = [candidate.score for candidate in dense] or [0.0, 1.0]
    low, high = min(cosines), max(cosines)
    best = max((candidate.score for candidate in lexical.candidates), default=0.0) or 1.0
    return [
        Candidate(candidate.id, low + (high - low) * candidate.score / best)
        for candidate in lexical.candidates
        if candidate.id in lexical.vectorless
    ]


def _scores(candidates: Sequence[Candidate]) -> dict[UUID, float]:
    return {candidate.id: candidate.score for candidate in candidates}
