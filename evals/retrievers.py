"""Ways to bring memories back: the product's own, and baselines on the product's own indexes to hold against it."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from semmem.domain.context import Tier
from semmem.domain.event import NewEvent
from semmem.domain.hit import Filter
from semmem.domain.scope import View
from semmem.evals.retrieved import Returned, returned
from semmem.memory.scoped import ScopedMemory
from semmem.ports import Candidate
from semmem.retrieval.analysis import terms
from semmem.stores.postgres.pgvector import LexicalIndex
from semmem.wiring.bootstrap import Application

RetrieverName = Literal["bm25", "dense", "rrf", "semmem"]
BaselineName = Literal["bm25", "dense", "rrf"]

RETRIEVED: tuple[Tier, ...] = ("retrieved",)

RRF_K = 60
# Postings hold facts too, which the baselines leave out: so many more candidates are asked for.
SPARE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A conversation in its scope: its events, and their keys, by the ids they were stored under.

    The same words of several agents are one event, with several keys.
    """

    memory: ScopedMemory
    events: Mapping[UUID, NewEvent]
    keys: Mapping[UUID, Sequence[str]]

    def keys_of(self, events: Iterable[UUID]) -> list[str]:
        return [key for event in events for key in self.keys[event]]

    def texts_of(self, keys: Collection[str]) -> dict[str, str]:
        """Returns what was said under these keys, and by whom."""
        said = {key: event for id, event in self.events.items() for key in self.keys[id] if key in keys}
        return {key: f"{event.speaker or event.role}: {event.content}" for key, event in said.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Hits, best first, and the parts that could not take part."""

    hits: tuple[Returned, ...]
    degraded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A text for a prompt, and the keys of the events that stand whole in it."""

    text: str
    whole: Collection[str]
    degraded: frozenset[str] = frozenset()


class Retriever(Protocol):
    async def ranked(self, stored: Stored, question: str) -> Ranked: ...

    async def packed(self, stored: Stored, question: str, budget: int) -> Packed:
        """Packs at most `budget` tokens."""
        ...


def make_retriever(
    name: RetrieverName, application: Application, limit: int, tiers: Sequence[Tier] = RETRIEVED
) -> Retriever:
    """`limit` is the number of hits; a baseline's context has no `tiers`."""
    return Product(limit, tiers) if name == "semmem" else Baseline(name, application, limit)


class Product:
    """What a user of semmem gets: recall, and these tiers of context."""

    def __init__(self, limit: int, tiers: Sequence[Tier] = RETRIEVED) -> None:
        self._limit, self._tiers = limit, tiers

    async def ranked(self, stored: Stored, question: str) -> Ranked:
        found = await stored.memory.recall(question, limit=self._limit)
        hits = (
            returned(stored.keys_of(source.event_id for source in hit.sources), hit.kind, hit.score, hit.text, rank)
            for rank, hit in enumerate(found)
        )
        return Ranked(hits=tuple(hits), degraded=found.degraded)

    async def packed(self, stored: Stored, question: str, budget: int) -> Packed:
        made = await stored.memory.context(question, budget=budget, tiers=self._tiers)
        whole = stored.keys_of(item.id for item in made.items if item.kind == "event" and item.whole)
        return Packed(text=made.text, whole=whole, degraded=made.degraded)


class Baseline:
    """BM25, the vectors, or both by reciprocal rank fusion (Cormack, Clarke and Büttcher 2009); events only.

    A context has a line "[date] Speaker: text" for each event, best first, up to the first that does not fit.
    """

    def __init__(self, name: BaselineName, application: Application, limit: int) -> None:
        stores, models = application.stores, application.models
        self._index, self._embedder = stores.mirror or stores.pgvector, models.embedder
        self._lexical = LexicalIndex(stores.postgres, stores.pgvector.index_name)
        self._count, self._limit = models.counter.count, limit
        self._signals = {"bm25": (self._bm25,), "dense": (self._dense,), "rrf": (self._bm25, self._dense)}[name]

    async def ranked(self, stored: Stored, question: str) -> Ranked:
        found = await self._best(stored, question)
        return Ranked(
            hits=tuple(
                returned(stored.keys_of([hit.id]), "event", hit.score, stored.events[hit.id].content, rank)
                for rank, hit in enumerate(found)
            )
        )

    async def packed(self, stored: Stored, question: str, budget: int) -> Packed:
        text, left = "", budget
        whole: list[str] = []
        for hit in await self._best(stored, question):
            event = stored.events[hit.id]
            date = f"[{event.occurred_at:%Y-%m-%d}] " if event.occurred_at else ""
            line = f"{date}{event.speaker or event.role}: {event.content}\n"
            left -= self._count(line)
            if left < 0:
                break
            text += line
            whole += stored.keys_of([hit.id])
        return Packed(text=text, whole=whole)

    async def _best(self, stored: Stored, question: str) -> list[Candidate]:
        rankings = await asyncio.gather(*(signal(stored, question) for signal in self._signals))
        return rankings[0] if len(rankings) == 1 else reciprocal_rank_fusion(rankings)[: self._limit]

    async def _bm25(self, stored: Stored, question: str) -> list[Candidate]:
        found = await self._lexical.search(View.of(stored.memory.scope), terms(question), SPARE * self._limit, Filter())
        return [hit for hit in found.candidates if hit.id in stored.events][: self._limit]

    async def _dense(self, stored: Stored, question: str) -> list[Candidate]:
        vector = (await self._embedder.embed([question])).vectors[0]
        return await self._index.search(View.of(stored.memory.scope), vector, self._limit, Filter(), "event")


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """Returns the best first; the score is the sum of 1 / (RRF_K + rank) over the rankings."""
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (RRF_K + rank)
    best = sorted(scores, key=lambda id: -scores[id])
    return [Candidate(id, scores[id]) for id in best]
