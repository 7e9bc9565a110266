"""From events to facts: the model proposes, pure code decides, one transaction commits."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from time import monotonic
from uuid import UUID

from semmem.domain.embeddings import Embeddings
from semmem.domain.event import Event
from semmem.domain.extraction import Decision, Extraction, Failure, Question, Usage
from semmem.domain.fact import Draft, statement_hash
from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View
from semmem.engine.read_batch import Attempt, ReadBatch
from semmem.engine.summaries import SummaryRebuilder
from semmem.engine.writing import Batch, FactWriter, StaleDecision
from semmem.errors import BadAnswer, InvalidInput, SemmemError
from semmem.extractors import gate, segment
from semmem.extractors.resolve import CANDIDATE_COSINE, MAX_CANDIDATES
from semmem.extractors.rules.standing import MOST_COMPARED, Rivals, says_of_them
from semmem.ports import Clock, Models
from semmem.retrieval.documents import fact_document
from semmem.runtime import failpoints
from semmem.runtime.turn import Turn
from semmem.stores.postgres.events import EventStore, lock_scope, mark_consolidated
from semmem.stores.postgres.facts import FactStore
from semmem.stores.postgres.pgvector import PgVectorIndex
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.summaries import SummaryStore

log = logging.getLogger(__name__)

WINDOW = 400  # events looked at together: more than any extractor takes, so that a cut falls between sessions


class Consolidator:
    """Takes a scope's waiting events batch by batch, oldest first, and turns them into facts and summaries."""

    def __init__(
        self,
        postgres: Postgres,
        events: EventStore,
        facts: FactStore,
        summaries: SummaryStore,
        neighbours: PgVectorIndex,
        models: Models,
        clock: Clock,
        writer: FactWriter,
        rebuilder: SummaryRebuilder,
    ) -> None:
        self._postgres, self._events, self._facts, self._summaries = postgres, events, facts, summaries
        self._neighbours = neighbours
        self._extractor, self._embedder, self._counter = models.extractor, models.embedder, models.counter
        self._clock, self._writer, self._rebuilder = clock, writer, rebuilder

    async def run(self, scope: Scope, turn: Turn, *, last_attempt: bool = False) -> None:
        """Until nothing waits, or the turn is over.

        ModelUnavailable and BadAnswer leave the batch waiting, so that it is tried again; its neighbours do not wait
        with an event that no answer can be had for. At the last attempt such events, and those of facts that no verdict
        can be had for, go to the dead letters instead.
        """
        try:
            for again in (False, True):
                try:
                    return await self._run(Attempt(scope, last=last_attempt, again=again), turn)
                except StaleDecision:
                    # Somebody forgot or wrote meanwhile, which is no failure, of a model least of all.
                    log.info("what a batch rests on changed while it was read, and it is read again %s", scope.digest)
        except Exception as error:
            if not last_attempt or is_outside(error):
                raise
            log.warning("a batch breaks the extraction (%s) and is taken apart %s", type(error).__name__, scope.digest)
            await self._take_apart(scope, await self._events.unconsolidated(scope, 0, WINDOW))

    async def _run(self, attempt: Attempt, turn: Turn) -> None:
        while turn.take() and (first := await self._read(attempt, 0, None)):
            await self._work_off(first, turn)

    async def _work_off(self, first: ReadBatch, turn: Turn) -> None:
        """While a batch is compared and written, the next is read, if it is to be written in this turn."""
        read: ReadBatch | None = first
        while read:
            ahead = None
            if turn.take():
                last = read.passed[-1].seq
                ahead = asyncio.create_task(self._read(read.attempt, last, read))
            try:
                await self._write(read)
                read = await ahead if ahead and not turn.stopped() else None
            finally:
                if ahead:
                    ahead.cancel()
                    await asyncio.gather(ahead, return_exceptions=True)

    async def _read(self, attempt: Attempt, after: int, before: ReadBatch | None) -> ReadBatch | None:
        """The next batch's drafts, if events wait after `after`; the batch `before` is about to be written."""
        while pending := await self._events.unconsolidated(attempt.scope, after, WINDOW):
            if events := await asyncio.to_thread(self._next_batch, pending):
                return await self._extract(attempt, events, pending, before)
            async with self._postgres.transaction(attempt.scope, self._clock()) as tx:
                await lock_scope(tx)
                await mark_consolidated(tx, [event.id for event in pending])
        return None

    def _next_batch(self, pending: Sequence[Event]) -> list[Event]:
        """Those that are worth extracting, as many as an extractor takes; in a thread, for they may be megabytes."""
        worth = [event for event in pending if gate.worth_extracting(event)]
        return segment.next_batch(worth, self._counter, self._extractor.limits) if worth else []

    async def _extract(
        self,
        attempt: Attempt,
        events: Sequence[Event],
        pending: Sequence[Event],
        before: ReadBatch | None,
    ) -> ReadBatch:
        scope, started = attempt.scope, monotonic()
        await self._embedder.dimensions()  # raises while it is down, or the model's answer would be paid for and lost
        # What is forgotten from here on makes the batch stale; the summaries that it goes on from are older.
        epoch = before.epoch if before else (await self._events.states(View.of(scope)))[scope].epoch
        sessions = {event.session for event in events} | {None}
        present = await self._present(scope, sessions)
        if before:
            present |= {session: text for session, text in before.summaries.items() if session in sessions}
        extraction = await self._extractor.extract(events, present)
        read = events[: extraction.read]
        failed = dict(extraction.failed or {})
        waiting = set() if attempt.last else {id for id, failure in failed.items() if failure.may_pass}
        if len(waiting) == len(read):
            raise BadAnswer(failed[read[0].id].reason, failed[read[0].id].detail)
        failpoints.reach("model-answered")
        documents = [fact_document(draft.subject, draft.text) for draft in extraction.drafts]
        embeddings = None
        if documents:  # where the embedder fails, what the model found is lost, and the batch waits
            embeddings = await self._embedder.embed(documents, tokens=True)
            await self._neighbours.adopt(embeddings.vectors)
        passed = [event for event in pending if event.seq <= read[-1].seq and event.id not in waiting]
        extraction = replace(extraction, failed={id: failed[id] for id in failed.keys() - waiting})
        return ReadBatch(
            attempt=attempt,
            epoch=epoch,
            heard=events,
            passed=passed,
            before=present,
            extraction=extraction,
            embeddings=embeddings,
            started=started,
        )

    async def _present(self, scope: Scope, sessions: Collection[str | None]) -> dict[str | None, str]:
        """The summaries to go on from; one that lost something is made again first, or its rest would be lost."""
        texts = await self._summaries.texts(scope, sessions)
        if None in texts.values():
            await self._rebuilder.run(scope)
            texts = await self._summaries.texts(scope, sessions)
        return {session: text for session, text in texts.items() if text is not None}

    async def _write(self, read: ReadBatch) -> None:
        try:
            batch = await self._decide(read)
            written = await self._writer.write(batch)
        except StaleDecision:
            if not read.attempt.again:
                raise
            batch = await self._decide(await self._what_stands(read))
            written = await self._writer.write(batch)
        if written is not None:
            facts = ", ".join(f"{count} {what}" for what, count in written.items())
            usage, took = batch.usage, monotonic() - read.started
            spent = f"{usage.prompt_tokens} + {usage.completion_tokens} tokens in {usage.calls} calls, {took:.1f} s"
            log.info("extracted %d events: facts %s; %s %s", len(batch.passed), facts, spent, batch.scope.digest)
        failpoints.reach("facts-committed")
        await self._postgres.analyse_new()

    async def _what_stands(self, read: ReadBatch) -> ReadBatch:
        """What was read, without what may tell of what was forgotten since; StaleDecision where nothing is left."""
        scope = read.attempt.scope
        epoch = (await self._events.states(View.of(scope)))[scope].epoch
        if epoch == read.epoch:  # other facts hold by now, and nothing else changed
            return read
        left = await self._events.get(scope, [event.id for event in (*read.heard, *read.passed)])
        summaries = await self._present(scope, read.before.keys())
        stands = read.after(epoch, left, summaries.values())
        if not stands.passed:
            raise StaleDecision("of what was read nothing is left")
        log.info(
            "read %d events while something was forgotten, %d stand %s",
            len(read.passed),
            len(stands.passed),
            scope.digest,
        )
        return stands

    async def _decide(self, read: ReadBatch) -> Batch:
        """What is to be written. The events of drafts on which no verdict could be had fail, for a replay."""
        questions = await self._questions(read)
        decided, usage = await self._extractor.decide(questions) if questions else ([], Usage())
        failed = dict(read.extraction.failed or {})
        decisions: list[Decision] = []
        rows: list[int] = []
        for row, (draft, each) in enumerate(zip(read.extraction.drafts, decided, strict=True)):
            if isinstance(each, Decision):
                decisions.append(each)
                rows.append(row)
            elif each.may_pass and not read.attempt.last:
                raise BadAnswer(each.reason, each.detail)
            else:
                failed |= {source.event_id: each for source in draft.sources}
        return Batch(
            scope=read.attempt.scope,
            epoch=read.epoch,
            passed=read.passed,
            extraction=replace(read.extraction, failed=failed),
            decisions=tuple(decisions),
            embeddings=read.embeddings.of(rows) if read.embeddings else None,
            usage=read.extraction.usage + usage,
            actor=self._extractor.name,
        )

    async def _questions(self, read: ReadBatch) -> list[Question]:
        """Each draft with the facts that make the same statement, or are near it and current, or are its rivals.

        Of the same statement superseded facts take part too: a replay must not bring them back.
        """
        scope, drafts = read.attempt.scope, read.extraction.drafts
        if read.embeddings is None:
            return []
        near = await self._near(scope, read.embeddings)
        same = await self._facts.with_statements(scope, [(draft.subject, draft.text) for draft in drafts])
        known = {fact.id: fact for fact in await self._facts.get(scope, [id for found in near for id in found])}
        said = {event.id: event.occurred_at for event in read.passed}
        rivals = await self._rivals(scope, drafts)
        questions = []
        for draft, cosines in zip(drafts, near, strict=True):
            alike = same.get(statement_hash(draft.subject, draft.text), [])
            found = {fact.id: (fact, 1.0) for fact in alike}
            found |= {id: (known[id], cosine) for id, cosine in cosines.items() if id in known and known[id].current}
            found = {fact.id: (fact, 0.0) for fact in rivals.of(draft)} | found
            question = Question(
                draft=draft,
                candidates=tuple(fact for fact, _ in found.values()),
                cosines=tuple(cosine for _, cosine in found.values()),
                said_at=max(said[source.event_id] for source in draft.sources),
            )
            questions.append(question)
        return questions

    async def _rivals(self, scope: Scope, drafts: Sequence[Draft]) -> Rivals:
        """The scope's newest facts, where a draft may change one, or be changed, that is told in other words."""
        if not any(map(says_of_them, drafts)):
            return Rivals(())
        newest = await self._facts.find(scope, superseded=False, category=None, subject=None, limit=MOST_COMPARED)
        return await asyncio.to_thread(Rivals, newest)

    async def _near(self, scope: Scope, embeddings: Embeddings) -> list[dict[UUID, float]]:
        """The facts near each vector, with their cosines; none near a draft that the embedder refused."""
        rows = [row for row in range(len(embeddings.vectors)) if row not in embeddings.refused]
        vectors = embeddings.vectors[rows]
        found = await self._neighbours.search_many(View.of(scope), vectors, MAX_CANDIDATES, Filter(), "fact")
        near: list[dict[UUID, float]] = [{} for _ in embeddings.vectors]
        for row, hits in zip(rows, found, strict=True):
            near[row] = {hit.id: hit.score for hit in hits if hit.score >= CANDIDATE_COSINE}
        return near

    async def _take_apart(self, scope: Scope, pending: Sequence[Event]) -> None:
        """Halves the events down to those at which extraction breaks, and buries these; the others become facts.

        It ends with the batch that broke: what comes behind it is read again as ever.
        """
        attempt, events = Attempt(scope, last=True, again=True), await asyncio.to_thread(self._next_batch, pending)
        waiting = [events] if events else []
        while waiting:
            some = waiting.pop()
            try:
                await self._write(await self._extract(attempt, some, some, None))
            except Exception as error:
                if is_outside(error):
                    raise
                if len(some) == 1:
                    await self._bury(scope, some[0], error)
                else:
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]

    async def _bury(self, scope: Scope, event: Event, error: Exception) -> None:
        """The error's own text stays out: it may quote the event."""
        told = f"extraction broke on this event with {type(error).__name__}; replay it with a release that mends this"
        failure = Failure(reason="broken", detail=told)
        epoch = (await self._events.states(View.of(scope)))[scope].epoch
        extraction = Extraction(failed={event.id: failure})
        actor = self._extractor.name
        await self._writer.write(Batch(scope=scope, epoch=epoch, passed=[event], extraction=extraction, actor=actor))


def is_outside(error: Exception) -> bool:
    """Whether a store, a model or the settings are the cause, and not what the batch holds."""
    return isinstance(error, SemmemError) and not isinstance(error, InvalidInput | BadAnswer)
