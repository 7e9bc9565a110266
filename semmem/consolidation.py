"""From events to facts: the model proposes, pure code decides, one transaction commits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from semmem import failpoints
from semmem.errors import BadAnswer
from semmem.event import Event
from semmem.extractors import gate, segment
from semmem.extractors.resolve import CANDIDATE_COSINE
from semmem.fact import Draft, Fact
from semmem.hit import Filter
from semmem.ports import Clock, Embedder, Extraction, Extractor, Question, TokenCounter, Usage, VectorIndex
from semmem.retrieval.documents import fact_document
from semmem.scope import Scope, View
from semmem.stores.events import EventLog, mark_consolidated
from semmem.stores.facts import FactStore
from semmem.stores.postgres import Postgres
from semmem.writing import Batch, FactWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW = 200  # events looked at together
CANDIDATES = 5  # current facts that a draft is compared with


class Consolidator:
    """Takes a scope's waiting events batch by batch, oldest first, and turns them into facts and summaries."""

    def __init__(
        self,
        postgres: Postgres,
        log: EventLog,
        facts: FactStore,
        neighbours: VectorIndex,
        extractor: Extractor,
        embedder: Embedder,
        counter: TokenCounter,
        clock: Clock,
        writer: FactWriter,
    ) -> None:
        self._postgres, self._log, self._facts, self._neighbours = postgres, log, facts, neighbours
        self._extractor, self._embedder, self._counter = extractor, embedder, counter
        self._clock, self._writer = clock, writer

    async def run(self, scope: Scope, *, last_attempt: bool = False) -> None:
        """Until nothing waits. ModelUnavailable and BadAnswer leave the batch waiting, so that it is tried again;
        at the last attempt a bad answer sends it to the dead letters instead."""
        while pending := await self._log.unconsolidated(scope, WINDOW):
            worth = [event for event in pending if gate.worth_extracting(event)]
            if not worth:
                await self._skip(scope, pending)
                continue
            events = segment.next_batch(worth, self._counter)
            passed = [event for event in pending if event.seq <= events[-1].seq]
            await self._consolidate(scope, events, passed, last_attempt)

    async def _skip(self, scope: Scope, events: Sequence[Event]) -> None:
        async with self._postgres.transaction(scope) as connection:
            await mark_consolidated(connection, scope.tenant, [event.id for event in events], self._clock())

    async def _consolidate(
        self, scope: Scope, events: Sequence[Event], passed: Sequence[Event], last_attempt: bool
    ) -> None:
        try:
            batch = await self._propose(scope, events, passed)
        except BadAnswer as error:
            if not last_attempt:
                raise
            failed = {event.id: error.reason for event in events}
            batch = Batch(scope=scope, passed=passed, extraction=Extraction(failed=failed))
        failpoints.reach("model-answered")
        await self._writer.write(batch)
        failpoints.reach("facts-committed")

    async def _propose(self, scope: Scope, events: Sequence[Event], passed: Sequence[Event]) -> Batch:
        summaries = {summary.session: summary.text for summary in await self._facts.summaries(View.of(scope))}
        extraction = await self._extractor.extract(events, summaries)
        found = await self._compare(scope, extraction.drafts)
        decisions, usage = await self._extractor.decide(found.questions) if found.questions else ([], Usage())
        return Batch(
            scope=scope,
            passed=passed,
            extraction=extraction,
            decisions=tuple(decisions),
            vectors=found.vectors,
            usage=extraction.usage + usage,
            actor=self._extractor.name,
        )

    async def _compare(self, scope: Scope, drafts: Sequence[Draft]) -> "_Compared":
        """Each draft with the current facts that are near it, and the drafts' vectors."""
        if not drafts:
            return _Compared((), None)
        texts = [fact_document(draft.subject, draft.text) for draft in drafts]
        vectors = (await self._embedder.embed(texts)).vectors
        near = await asyncio.gather(
            *(self._neighbours.search(View.of(scope), vector, CANDIDATES, Filter(), "fact") for vector in vectors)
        )
        cosines = [{hit.id: hit.score for hit in hits if hit.score >= CANDIDATE_COSINE} for hits in near]
        known = {fact.id: fact for fact in await self._facts.get(scope, [id for found in cosines for id in found])}
        return _Compared(tuple(_question(*pair, known) for pair in zip(drafts, cosines, strict=True)), vectors)


@dataclass(frozen=True, slots=True)
class _Compared:
    questions: tuple[Question, ...]
    vectors: "NDArray[np.float32] | None"


def _question(draft: Draft, cosines: dict[UUID, float], known: dict[UUID, Fact]) -> Question:
    nearest = [id for id in cosines if id in known and known[id].current]
    return Question(
        draft=draft,
        candidates=tuple(known[id] for id in nearest),
        cosines=tuple(cosines[id] for id in nearest),
    )
