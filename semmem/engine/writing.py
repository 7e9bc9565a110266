"""The one transaction that turns decisions into facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from semmem.domain.event import Event
from semmem.domain.extraction import Decision, Extraction, Usage
from semmem.domain.fact import Draft, Fact, statement_hash
from semmem.domain.scope import Scope
from semmem.engine.fact_indexing import IndexedFact, put_facts
from semmem.errors import SemmemError
from semmem.ports import Clock, Embeddings
from semmem.runtime import failpoints
from semmem.stores.postgres.events import lock_scope, lock_unconsolidated, make_stale, mark_consolidated
from semmem.stores.postgres.facts import (
    confirm,
    current_with_statement,
    insert_fact,
    new_fact,
    put_summary,
    supersede,
)
from semmem.stores.postgres.ledger import add_audit, add_dead_letter
from semmem.stores.postgres.points import add_work, retire_points
from semmem.stores.postgres.pool import Connection, Postgres, key_of
from semmem.stores.postgres.retractions import Retracted, retractions, without_retracted

NO_USAGE = Usage()


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
        tenant, now = batch.scope.tenant, self._clock()
        async with self._postgres.transaction(batch.scope) as connection:
            if await lock_scope(connection, batch.scope) != batch.epoch:
                raise StaleDecision("something was forgotten meanwhile, which an answer may still hold")
            if await lock_unconsolidated(connection, tenant, ids) != set(ids):
                return None
            retracted = await retractions(connection, tenant, ids)
            added, retired = await self._decide(connection, batch, retracted, now)
            changed = added + retired
            failpoints.reach("facts-writing")
            await _summarize(connection, batch, retracted, now)
            await _bury(connection, batch, now)
            await add_audit(connection, batch.scope, "consolidate", batch.actor, changed, now, batch.usage)
            if self._mirrored:
                await add_work(connection, batch.scope, changed)
            await mark_consolidated(connection, tenant, ids, now)
        meant = sum(decision.verdict != "ignore" for decision in batch.decisions)
        new = len(added) - len(retired)
        return {"added": new, "confirmed": meant - len(added), "superseded": len(retired)}

    async def _decide(
        self, connection: Connection, batch: Batch, retracted: Retracted, now: datetime
    ) -> tuple[list[UUID], list[UUID]]:
        """Carries the decisions out, and answers with the facts that came, and those that were superseded by some."""
        said = {event.id: event for event in batch.passed}
        added: list[tuple[Fact, int]] = []
        retired: list[UUID] = []
        for row, proposed in enumerate(batch.decisions):
            draft = without_retracted(proposed.draft, retracted)
            if draft is None:
                continue
            decision = replace(proposed, draft=draft)
            fact = await _apply(connection, batch.scope, decision, _said_at(decision.draft, said), now)
            if fact is None:
                continue
            added.append((fact, row))
            if decision.verdict == "supersede" and decision.target:
                retired.append(decision.target.id)
        if batch.embeddings:
            await self._index(connection, batch.scope, added, batch.embeddings, said, now)
        await retire_points(connection, batch.scope.tenant, retired)
        return [fact.id for fact, _ in added], retired

    async def _index(
        self,
        connection: Connection,
        scope: Scope,
        added: Sequence[tuple[Fact, int]],
        embeddings: Embeddings,
        said: Mapping[UUID, Event],
        now: datetime,
    ) -> None:
        found = []
        for fact, row in added:
            first = said[fact.sources[0].event_id]
            found.append(IndexedFact(fact, first.session, first.agent).embedded(embeddings, row))
        await put_facts(connection, self._index_name, scope, found, now)


async def _apply(
    connection: Connection, scope: Scope, decision: Decision, said_at: datetime, now: datetime
) -> Fact | None:
    """The fact that a decision adds, if it adds one."""
    draft, target = decision.draft, decision.target
    if decision.verdict == "ignore":
        return None
    if decision.verdict == "confirm" and target:
        alike = statement_hash(draft.subject, draft.text) == statement_hash(target.subject, target.text)
        await confirm(connection, scope, target.id, draft, said_at, own_words=alike)
        return None
    if decision.verdict == "supersede" and target:
        if not await supersede(connection, target, now=now, ended=draft.validity.start or said_at):
            raise StaleDecision("a fact changed while its successor was decided upon")
        fact = new_fact(scope, draft, said_at=said_at, now=now, replaces=target)
    else:
        fact = new_fact(scope, draft, said_at=said_at, now=now)
    return fact if await _insert(connection, fact, draft) else None


async def _insert(connection: Connection, fact: Fact, draft: Draft) -> bool:
    """False where the statement is current already: then it is confirmed."""
    if await insert_fact(connection, fact):
        return True
    same = await current_with_statement(connection, fact.scope, fact.subject, fact.text)
    if same:
        await confirm(connection, fact.scope, same, draft, fact.said_at, own_words=True)
    return False


async def _summarize(connection: Connection, batch: Batch, retracted: Retracted, now: datetime) -> None:
    """A text that holds what was taken back is not written: the summary is made of the facts then."""
    withheld = any(without_retracted(draft, retracted) is None for draft in batch.extraction.drafts)
    for summary in batch.extraction.summaries:
        covered = [event for event in batch.passed if summary.session in (None, event.session)]
        if covered:
            text = None if withheld else summary.text
            await put_summary(connection, batch.scope, summary.session, text, covered, now)
    if withheld:
        await make_stale(connection, batch.scope)  # the batch that is being read goes on from this one's texts
        await connection.execute("select semmem.queue('erase', $1, $2, $3)", *key_of(batch.scope))


async def _bury(connection: Connection, batch: Batch, now: datetime) -> None:
    for event_id, failure in (batch.extraction.failed or {}).items():
        await add_dead_letter(connection, batch.scope, "extraction", failure.reason, failure.detail, [event_id], now)
    for draft in batch.extraction.quarantined:
        await add_dead_letter(connection, batch.scope, "draft", draft.reason, draft.text, draft.event_ids, now)


def _said_at(draft: Draft, said: dict[UUID, Event]) -> datetime:
    return max(said[source.event_id].occurred_at for source in draft.sources)
