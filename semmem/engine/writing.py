"""The one transaction that turns decisions into facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from semmem.domain.embeddings import Embeddings
from semmem.domain.event import Event
from semmem.domain.extraction import Decision, Extraction, Usage
from semmem.domain.fact import MAX_FACT_BYTES, Draft, Fact, statement_hash
from semmem.domain.scope import Scope
from semmem.engine.fact_indexing import IndexedFact, put_facts
from semmem.errors import SemmemError
from semmem.extractors.dates import dated
from semmem.extractors.resolve import times_agree
from semmem.extractors.retracted import Retracted, allowed, without_retracted
from semmem.ports import Clock
from semmem.runtime import failpoints
from semmem.stores.postgres.events import lock_scope, lock_unconsolidated, make_stale, mark_consolidated
from semmem.stores.postgres.facts import (
    adopt_dates,
    carry_pin,
    confirm,
    current_with_statement,
    end,
    hydrate_facts,
    insert_fact,
    new_fact,
    succeed,
    supersede,
)
from semmem.stores.postgres.jobs import queue
from semmem.stores.postgres.ledger import add_audit, add_dead_letter
from semmem.stores.postgres.points import add_work, retire_points
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.retractions import retractions
from semmem.stores.postgres.summaries import outdate_summaries, outdated_texts, put_summary
from semmem.stores.postgres.unit import Unit

NO_USAGE = Usage()
_CHANGED = "a fact changed while its successor was decided upon"


class StaleDecision(SemmemError):
    """What the decision rests on changed since; the batch is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """All that one batch of events led to. `passed` are its events and the small talk between them.

    `epoch` is the scope's erasure epoch from before anything was read.
    """

    scope: Scope
    epoch: int
    passed: Sequence[Event]
    extraction: Extraction
    decisions: tuple[Decision, ...] = ()
    embeddings: Embeddings | None = None  # one row per decision; None where there are none
    usage: Usage = NO_USAGE
    actor: str = "worker"


class FactWriter:
    """Commits a batch whole, or not at all."""

    def __init__(self, postgres: Postgres, clock: Clock, *, index_name: str, mirrored: bool) -> None:
        self._postgres, self._clock = postgres, clock
        self._index_name, self._mirrored = index_name, mirrored

    async def write(self, batch: Batch) -> Mapping[str, int] | None:
        """How many facts were added, confirmed and superseded.

        None, and nothing happens, where another worker was faster, or the events were forgotten meanwhile.
        """
        ids = [event.id for event in batch.passed]
        async with self._postgres.transaction(batch.scope, self._clock()) as tx:
            if await lock_scope(tx) != batch.epoch:
                raise StaleDecision("something was forgotten meanwhile, which an answer may still hold")
            if await lock_unconsolidated(tx, ids) != set(ids):
                return None
            retracted = await retractions(tx, ids)
            done = await self._decide(tx, batch, retracted)
            changed = [*done.added, *done.retired, *done.dated]
            failpoints.reach("facts-writing")
            await _summarize(tx, batch, retracted, done.retired)
            for event_id, failure in (batch.extraction.failed or {}).items():
                await add_dead_letter(tx, "extraction", failure.reason, failure.detail, [event_id])
            for draft in batch.extraction.quarantined:
                await add_dead_letter(tx, "draft", draft.reason, draft.text, draft.event_ids)
            await add_audit(tx, "consolidate", batch.actor, changed, batch.usage)
            await add_work(tx, changed, mirrored=self._mirrored)
            await mark_consolidated(tx, ids)
        new = len(done.added) - done.successors
        return {"added": new, "confirmed": done.confirmed, "superseded": len(done.retired)}

    async def _decide(self, tx: Unit, batch: Batch, retracted: Retracted) -> "_Done":
        said = {event.id: event for event in batch.passed}
        indexed: list[IndexedFact] = []
        done = _Done()
        drafts = allowed([decision.draft for decision in batch.decisions], retracted)
        for row, (proposed, draft) in enumerate(zip(batch.decisions, drafts, strict=True)):
            if draft is None:
                continue
            decision = replace(proposed, draft=draft)
            said_at = max(said[source.event_id].occurred_at for source in draft.sources)
            fact = await _apply(tx, decision, said_at, done)
            if decision.verdict == "supersede" and decision.target:  # also where the successor was there already
                done.retired += [decision.target.id, *(other.id for other in decision.also)]
                done.successors += fact is not None
            if fact is None:
                done.confirmed += decision.verdict != "ignore"
                continue
            done.added.append(fact.id)
            if draft.superseded:
                done.history[fact.id] = draft.superseded.statement_hash
            if batch.embeddings:
                first = said[fact.sources[0].event_id]
                indexed.append(IndexedFact(fact, first.session, first.agent).embedded(batch.embeddings, row))
        if batch.embeddings:
            await put_facts(tx, self._index_name, indexed)
        await retire_points(tx, done.retired)
        await succeed(tx, done.history)
        return done


@dataclass(slots=True)
class _Done:
    """What came of a batch's decisions."""

    added: list[UUID] = field(default_factory=list)
    retired: list[UUID] = field(default_factory=list)  # superseded by one that was added or confirmed
    dated: list[UUID] = field(default_factory=list)  # confirmed, with dates that they had left open
    history: dict[UUID, bytes] = field(default_factory=dict)  # added as such, with the statement that took its place
    confirmed: int = 0
    successors: int = 0  # of those that were added


async def _apply(tx: Unit, decision: Decision, said_at: datetime, done: _Done) -> Fact | None:
    """The fact that a decision adds, if it adds one."""
    draft, target = decision.draft, decision.target
    if decision.verdict == "ignore":
        return None
    if decision.verdict == "confirm" and target:
        alike = statement_hash(draft.subject, draft.text) == statement_hash(target.subject, target.text)
        await _confirm(tx, target.id, draft, said_at, done, own_words=alike)
        return None
    retired = (target, *decision.also) if decision.verdict == "supersede" and target else ()
    fact = new_fact(tx.scope, draft, said_at=said_at, now=tx.now, replaces=target if retired else None)
    for each in retired:
        if not await supersede(tx, each, by=fact.id, ended=min(draft.validity.start or said_at, said_at)):
            raise StaleDecision(_CHANGED)
    fact, same = await _insert(tx, fact, draft)
    if same:
        await _confirm(tx, same, draft, said_at, done, own_words=True)
        await succeed(tx, dict.fromkeys([each.id for each in retired], statement_hash(fact.subject, fact.text)))
    holds = same or fact.id
    for outlasted in () if retired else decision.until:
        await end(tx, outlasted.id, plan=holds, at=draft.validity.start or said_at)
    if retired:
        await carry_pin(tx, holds, [each.id for each in retired])
    return None if same else fact


async def _insert(tx: Unit, fact: Fact, draft: Draft) -> tuple[Fact, UUID | None]:
    """The fact as it is stored, or the one that makes its statement already.

    The same statement of another time is another fact: then the text tells the time.
    """
    if await insert_fact(tx, fact, draft):
        return fact, None
    id = await current_with_statement(tx, fact.subject, fact.text)
    assert id is not None, "the scope is locked, and the insert has met it"
    [same] = await hydrate_facts(tx, [id])
    text = dated(fact.text, fact.validity)
    if times_agree(same.validity, fact.validity) or len(text.encode()) > MAX_FACT_BYTES:
        return fact, id
    fact = replace(fact, text=text)
    if await insert_fact(tx, fact, draft):
        return fact, None
    return fact, await current_with_statement(tx, fact.subject, fact.text)


async def _confirm(tx: Unit, id: UUID, draft: Draft, said_at: datetime, done: _Done, *, own_words: bool) -> None:
    if not await confirm(tx, id, draft, said_at, own_words=own_words):
        if id in done.retired:  # by a draft of the same batch that was said later
            return
        raise StaleDecision(_CHANGED)
    if own_words and await adopt_dates(tx, id, draft, said_at):
        done.dated.append(id)


async def _summarize(tx: Unit, batch: Batch, retracted: Retracted, retired: Sequence[UUID]) -> None:
    """Writes the batch's summaries, and has those made again of the facts that tell of what was superseded.

    So is one whose text holds what was taken back, or a line that holds no more: neither is written.
    """
    withheld = any(without_retracted(draft, retracted) is None for draft in batch.extraction.drafts)
    outdated = await outdated_texts(tx, [summary.text for summary in batch.extraction.summaries if summary.text])
    renewed = {}
    for summary in batch.extraction.summaries:
        covered = [event for event in batch.passed if summary.session in (None, event.session)]
        if covered:
            text = None if withheld or summary.text in outdated else summary.text
            renewed[await put_summary(tx, summary.session, text, covered)] = text
    outdated_elsewhere = await outdate_summaries(tx, retired, besides=list(renewed))
    if withheld:
        await make_stale(tx)  # the batch that is being read goes on from this one's texts
    if None in renewed.values() or withheld or outdated_elsewhere:
        await queue(tx, "erase")
