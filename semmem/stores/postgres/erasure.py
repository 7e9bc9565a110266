"""What forget removes from Postgres, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from semmem.domain.fact import TRUST
from semmem.domain.receipt import Receipt, Selection
from semmem.domain.scope import Branch, Scope
from semmem.domain.stores import QDRANT
from semmem.runtime import failpoints
from semmem.stores.postgres.branches import drop, lock_branch
from semmem.stores.postgres.events import make_stale, mark_unconsolidated
from semmem.stores.postgres.facts import go_on
from semmem.stores.postgres.groups import drop_groups
from semmem.stores.postgres.jobs import job_of, queue
from semmem.stores.postgres.ledger import add_audit
from semmem.stores.postgres.log import drop_entries, hold_head, tell_forgotten
from semmem.stores.postgres.points import add_work
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.receipts import ReceiptStore
from semmem.stores.postgres.retractions import allow, retract
from semmem.stores.postgres.rows import Row
from semmem.stores.postgres.settings import aged_events, clear_settings, is_due, set_due
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.state import clear, told_fields
from semmem.stores.postgres.threads import clear_threads, named_threads
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit
from semmem.stores.postgres.workspaces import clear_workspace, drop_sayings

_SQL = statements("erasure.sql")
EXPIRED = 500  # records that are forgotten in one transaction
EVERYTHING = Selection(everything=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """The ids that a selection means."""

    events: list[UUID]
    facts: list[UUID]
    summaries: list[UUID]
    dead_letters: list[UUID]
    records: list[str]  # by key
    redrawn: list[UUID]  # events that stay, in which a fact that goes is sought anew, in their own words
    handed: list[UUID] = field(default_factory=list)  # reports that stay, as their first witness's
    fields: list[str] = field(default_factory=list)  # of the state
    threads: list[str] = field(default_factory=list)  # of graphs
    retracted: bool = False  # the facts go, and are not to be drawn from their events again

    @property
    def counts(self) -> dict[str, int]:
        return {
            "events": len(self.events),
            "facts": len(self.facts),
            "summaries": len(self.summaries),
            "dead_letters": len(self.dead_letters),
            "records": len(self.records),
            "fields": len(self.fields),
            "threads": len(self.threads),
        }


NOTHING = Doomed(events=[], facts=[], summaries=[], dead_letters=[], records=[], redrawn=[])


class Eraser:
    """Forgets in Postgres, and lets every other store of the installation follow."""

    def __init__(self, postgres: Postgres, receipts: ReceiptStore) -> None:
        self._postgres, self._receipts = postgres, receipts

    async def count(self, scope: Scope, selection: Selection) -> dict[str, int]:
        async with self._postgres.transaction(scope) as tx:
            return (await _select(tx, selection)).counts

    async def erase_whole(self, place: Branch, below: Sequence[Branch], now: datetime) -> Receipt:
        """Forgets all of a place and of those below it, one after the other; the receipt speaks for all of them."""
        gone = [await self.erase(branch, EVERYTHING, now) for branch in below]
        receipt = await self.erase(place, EVERYTHING, now)
        return await self._receipts.join(receipt, gone)

    @tried_again
    async def erase(self, place: Branch, selection: Selection, now: datetime) -> Receipt:
        """From its commit on, nothing of the selection can be read."""
        async with self._postgres.transaction(place, now) as tx:
            await lock_branch(tx)
            # Without a row there is none to lock before the head: a first write that goes on meanwhile comes after
            known = await make_stale(tx)
            if known:
                await hold_head(tx)
            if selection.everything:
                await drop_groups(tx)
            doomed = await _select(tx, selection) if known else NOTHING
            receipt = await self._carry_out(tx, doomed, "caller", whole=known and selection.everything)
            if known:
                await _forget_what_agents_share(tx, selection)
            if selection.agent and not (selection.fact or selection.category):
                await tx.execute(
                    _SQL["unname"],
                    agent=selection.agent,
                    session=selection.session,
                    event=selection.event,
                    before=selection.before,
                )
            await drop(tx)
        failpoints.reach("forget-committed")
        return receipt

    async def erase_events(self, tx: Unit, events: list[UUID]) -> None:
        """Forgets the events of replaced or deleted records, as part of the caller's transaction."""
        await make_stale(tx)
        await self._carry_out(tx, await _doomed(tx, events, []), "caller")

    async def erase_expired(self, scope: Scope, now: datetime) -> bool:
        """Forgets a part of the records whose time is over; whether there were any."""
        async with self._postgres.transaction(scope, now) as tx:
            if not await tx.fetch(_SQL["expired"], limit=1):
                return False
            await make_stale(tx)
            rows = await tx.fetch(_SQL["expired"], limit=EXPIRED)
            events = [row["event_id"] for row in rows if row["event_id"]]
            await self._carry_out(tx, await _doomed(tx, events, [row["key"] for row in rows]), "expiry")
        return True

    async def take_out(self, tx: Unit, events: list[UUID]) -> None:
        """Takes events that no fact or record rests on out of every store, as part of the caller's transaction.

        The log's floor tells followers, and no entry.
        """
        if not events:
            return
        doomed = replace(
            NOTHING,
            events=events,
            summaries=await _ids(tx, "select_summaries", events=events),
            dead_letters=await _ids(tx, "select_dead_letters", events=events),
        )
        await self._carry_out(tx, doomed, "archive", told=True)

    @tried_again
    async def erase_aged(self, scope: Scope, now: datetime) -> bool:
        """Forgets a part of the events that are older than the scope keeps them; whether there were any."""
        async with self._postgres.transaction(scope, now) as tx:
            if not await is_due(tx):
                return False
            found = bool(await aged_events(tx))
            if found:
                await make_stale(tx)
            await hold_head(tx)
            events = await aged_events(tx) if found else []
            if events:
                rows = await tx.fetch(_SQL["select_records"], events=events, everything=False)
                await self._carry_out(tx, await _doomed(tx, events, [row["key"] for row in rows]), "retention")
            await set_due(tx)
        return bool(events)

    async def _carry_out(
        self, tx: Unit, doomed: Doomed, actor: str, *, whole: bool = False, told: bool = False
    ) -> Receipt:
        """Followers are told by an entry, unless they are `told` otherwise."""
        if not told:
            await tell_forgotten(tx, doomed.events, whole=whole)
        if doomed.retracted:
            await retract(tx, doomed.facts)
        changed = await _delete(tx, doomed) + await _hand_over(tx, doomed.handed)
        failpoints.reach("forget-writing")
        receipt, stores = await self._receipts.write(tx, doomed.counts)
        touched = doomed.events + doomed.facts + doomed.handed
        await add_audit(tx, "retract" if doomed.retracted else "forget", actor, touched)
        if QDRANT in stores:
            await add_work(tx, changed)
        for job in ("erase", *map(job_of, stores)):
            await queue(tx, job)
        if doomed.redrawn:
            await mark_unconsolidated(tx, doomed.redrawn)
            await queue(tx, "consolidate")
        return receipt


async def _forget_what_agents_share(tx: Unit, selection: Selection) -> None:
    await drop_entries(tx, selection)
    await drop_sayings(tx, selection)
    if selection.everything:
        await clear(tx)
        await clear_workspace(tx)
        await clear_threads(tx)
        await clear_settings(tx)


async def _select(tx: Unit, selection: Selection) -> Doomed:
    if selection.keep_events:
        return await _wrong(tx, selection.fact)
    events = await _events(tx, selection, shared=False)
    rows = await tx.fetch(_SQL["select_records"], events=events, everything=selection.everything)
    doomed = await _doomed(tx, events, [row["key"] for row in rows])
    if selection.hands_over:
        return replace(doomed, handed=await _events(tx, selection, shared=True))
    if not selection.everything:
        return doomed
    return replace(doomed, fields=await told_fields(tx), threads=await named_threads(tx))


async def _events(tx: Unit, selection: Selection, *, shared: bool) -> list[UUID]:
    return await _ids(
        tx,
        "select_events",
        session=selection.session,
        agent=selection.agent,
        event=selection.event,
        before=selection.before,
        fact=selection.fact,
        category=selection.category,
        hands_over=selection.hands_over,
        shared=shared,
    )


async def _doomed(tx: Unit, events: list[UUID], records: list[str]) -> Doomed:
    """All that goes with these events."""
    facts = await _ids(tx, "select_facts", events=events)
    sources = await _ids(tx, "sources", facts=facts)
    return Doomed(
        events=events,
        records=records,
        facts=facts,
        redrawn=list(set(sources) - set(events)),
        summaries=await _ids(tx, "select_summaries", events=events),
        dead_letters=await _ids(tx, "select_dead_letters", events=events),
    )


async def _wrong(tx: Unit, fact: UUID | None) -> Doomed:
    """A version of a fact without its events, and the summaries that may repeat it."""
    facts = await _ids(tx, "select_wrong", fact=fact)
    sources = await _ids(tx, "sources", facts=facts)
    summaries = await _ids(tx, "select_summaries", events=sources)
    return Doomed(
        events=[],
        facts=facts,
        summaries=summaries,
        dead_letters=[],
        records=[],
        redrawn=[],
        retracted=True,
    )


async def _delete(tx: Unit, doomed: Doomed) -> list[UUID]:
    """Answers with the ids that the mirror has to look at: what went, and what is current again."""
    items = doomed.events + doomed.facts
    for statement in ("shrink", "delete_terms", "delete_vectors", "delete_passages"):
        await tx.execute(_SQL[statement], items=items)
    outlived = await tx.fetch(_SQL["outlived"], facts=doomed.facts)
    await go_on(tx, doomed.facts)
    await tx.execute(_SQL["delete_facts"], facts=doomed.facts)
    reopened = await _reopen(tx, outlived)
    await tx.execute(_SQL["revive_vectors"], facts=reopened)
    weakened = set(await _ids(tx, "resting", events=doomed.events)) - set(doomed.facts)
    await tx.execute(_SQL["delete_dead_letters"], letters=doomed.dead_letters)
    await tx.execute(_SQL["delete_records"], keys=doomed.records)
    await tx.execute(_SQL["delete_events"], events=doomed.events)
    for statement in ("stale_summaries", "delete_summaries"):
        await tx.execute(_SQL[statement], summaries=doomed.summaries)
    retold = await _ids(tx, "select_summaries", events=await _ids(tx, "sources", facts=reopened))
    await tx.execute(_SQL["stale_summaries"], summaries=retold)
    await tx.execute(_SQL["redate"], facts=list(weakened), ranks=TRUST)
    for statement in ("readdress", "remember_less"):
        await tx.execute(_SQL[statement], facts=list(weakened))
    return [*items, *reopened, *weakened]


async def _hand_over(tx: Unit, reports: list[UUID]) -> list[UUID]:
    """Answers with the ids that the mirror has to look at: the reports, and the facts that rest on them."""
    if not reports:
        return []
    for statement in ("hand_over", "readdress_events"):
        await tx.execute(_SQL[statement], events=reports)
    facts = await _ids(tx, "resting", events=reports)
    await tx.execute(_SQL["readdress"], facts=facts)
    return [*reports, *facts]


async def _reopen(tx: Unit, outlived: Sequence[Row]) -> list[UUID]:
    """What forgotten facts had ended holds again, unless another fact took the place of those."""
    heirs = {row["id"]: row["heir"] for row in outlived if row["heir"]}
    await tx.execute(_SQL["inherit"], facts=list(heirs), heirs=list(heirs.values()))
    freed = {row["id"]: row["begun"] for row in outlived if not row["heir"]}
    await tx.execute(_SQL["reopen"], facts=list(freed), begun=list(freed.values()))
    for row in outlived:
        if row["was_taken_back"] and not row["heir"]:
            await allow(tx, row["id"])
    return list(freed)


async def _ids(tx: Unit, statement: str, **given: object) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(_SQL[statement], **given)]
