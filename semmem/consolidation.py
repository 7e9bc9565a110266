"""From events to facts: the model proposes, pure code decides, one transaction commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from semmem import failpoints
from semmem.errors import BadAnswer
from semmem.event import Event
from semmem.extractors import gate, segment
from semmem.extractors.resolve import CANDIDATE_COSINE, MAX_CANDIDATES
from semmem.fact import Draft, Fact
from semmem.hit import Filter
from semmem.ports import Clock, Extraction, Models, Question, Usage
from semmem.retrieval.documents import fact_document
from semmem.scope import Scope, View
from semmem.stores.events import EventLog, mark_consolidated
from semmem.stores.facts import FactStore, statement_hash
from semmem.stores.pgvector import PgVectorIndex
from semmem.stores.postgres import Postgres
from semmem.writing import Batch, FactWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW = 200  # events looked at together


class Consolidator:
    """Takes a scope's waiting events batch by batch, oldest first, and turns them into facts and summaries."""

    def __init__(
        self,
        postgres: Postgres,
        log: EventLog,
        facts: FactStore,
        neighbours: PgVectorIndex,
        models: Models,
        clock: Clock,
        writer: FactWriter,
    ) -> None:
        self._postgres, self._log, self._facts, self._neighbours = postgres, log, facts, neighbours
        self._extractor, self._embedder, self._counter = models.extractor, models.embedder, models.counter
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
        epoch = (await self._log.states(View.of(scope)))[scope].epoch
        try:
            batch = await self._propose(scope, epoch, events, passed)
        except BadAnswer as error:
            if not last_attempt:
                raise
            failed = {event.id: error.reason for event in events}
            batch = Batch(scope=scope, epoch=epoch, passed=passed, extraction=Extraction(failed=failed))
        failpoints.reach("model-answered")
        await self._writer.write(batch)
        failpoints.reach("facts-committed")

    async def _propose(self, scope: Scope, epoch: int, events: Sequence[Event], passed: Sequence[Event]) -> Batch:
        summaries = await self._facts.summary_texts(scope, {event.session for event in events})
        extraction = await self._extractor.extract(events, summaries)
        found = await self._compare(scope, extraction.drafts, {event.id: event.occurred_at for event in events})
        decisions, usage = await self._extractor.decide(found.questions) if found.questions else ([], Usage())
        return Batch(
            scope=scope,
            epoch=epoch,
            passed=passed,
            extraction=extraction,
            decisions=tuple(decisions),
            vectors=found.vectors,
            usage=extraction.usage + usage,
            actor=self._extractor.name,
        )

    async def _compare(self, scope: Scope, drafts: Sequence[Draft], said: Mapping[UUID, datetime]) -> "_Compared":
        """Each draft with the facts that say the same, or are near it and current, and the drafts' vectors."""
        if not drafts:
            return _Compared((), None)
        vectors = (await self._embedder.embed([fact_document(draft.subject, draft.text) for draft in drafts])).vectors
        near = await self._near(scope, vectors)
        same = await self._facts.with_statements(scope, [(draft.subject, draft.text) for draft in drafts])
        known = {fact.id: fact for fact in await self._facts.get(scope, [id for found in near for id in found])}
        questions = tuple(
            _question(draft, same.get(statement_hash(draft.subject, draft.text), []), cosines, known, said)
            for draft, cosines in zip(drafts, near, strict=True)
        )
        return _Compared(questions, vectors)

    async def _near(self, scope: Scope, vectors: "NDArray[np.float32]") -> list[dict[UUID, float]]:
        """The facts near each vector, with their cosines."""
        found = await self._neighbours.search_many(View.of(scope), vectors, MAX_CANDIDATES, Filter(), "fact")
        return [{hit.id: hit.score for hit in hits if hit.score >= CANDIDATE_COSINE} for hits in found]


@dataclass(frozen=True, slots=True)
class _Compared:
    questions: tuple[Question, ...]
    vectors: "NDArray[np.float32] | None"


def _question(
    draft: Draft,
    same: Sequence[Fact],
    cosines: Mapping[UUID, float],
    known: Mapping[UUID, Fact],
    said: Mapping[UUID, datetime],
) -> Question:
    """Superseded facts take part where they make the same statement: a replay must not bring them back."""
    exact = {fact.id: (fact, 1.0) for fact in same}
    near = {id: (known[id], cosine) for id, cosine in cosines.items() if id in known and known[id].current}
    candidates = list((exact | near).values())
    return Question(
        draft=draft,
        candidates=tuple(fact for fact, _ in candidates),
        cosines=tuple(cosine for _, cosine in candidates),
        said_at=max(said[source.event_id] for source in draft.sources),
    )
