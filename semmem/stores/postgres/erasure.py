"""What forget removes from Postgres, in one transaction, and the receipts that prove it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from semmem.domain.receipt import Receipt, Selection
from semmem.domain.scope import Branch, Scope, View
from semmem.runtime import failpoints
from semmem.stores.postgres.branches import drop, lock_branch
from semmem.stores.postgres.events import make_stale, mark_unconsolidated
from semmem.stores.postgres.jobs import queue
from semmem.stores.postgres.ledger import add_audit
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.points import add_work
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("erasure.sql")
EVERYTHING = Selection(everything=True)

Follower = Literal["redis", "qdrant"]  # what has to follow Postgres when it forgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """The ids that a selection means."""

    events: list[UUID]
    facts: list[UUID]
    summaries: list[UUID]
    dead_letters: list[UUID]
    records: list[str]  # by key
    redrawn: list[UUID]  # events that stay, in which a fact that goes is sought anew, in their own words
    retracted: bool = False  # the facts go, and are not to be drawn from their events again

    @property
    def counts(self) -> dict[str, int]:
        return {
            "events": len(self.events),
            "facts": len(self.facts),
            "summaries": len(self.summaries),
            "dead_letters": len(self.dead_letters),
            "records": len(self.records),
        }


class Eraser:
    """Forgets in Postgres, and says when the other stores have followed. `stores` are the ones that have to.

    `scrub_within` is how soon the bytes are out of the servers' files too; None where nobody here sees to that.
    """

    def __init__(self, postgres: Postgres, *, stores: Sequence[str], scrub_within: timedelta | None = None) -> None:
        self._postgres, self._stores, self._scrub_within = postgres, frozenset(stores), scrub_within

    async def count(self, scope: Scope, selection: Selection) -> dict[str, int]:
        async with self._postgres.transaction(scope) as tx:
            return (await _select(tx, selection)).counts

    async def erase_whole(self, place: Branch, below: Sequence[Branch], now: datetime) -> Receipt:
        """Forgets all of a place and of those below it, one after the other; the receipt speaks for all of them."""
        gone = [await self.erase(branch, EVERYTHING, now) for branch in below]
        receipt = await self.erase(place, EVERYTHING, now)
        return await self._joined(receipt, gone)

    @tried_again
    async def erase(self, place: Branch, selection: Selection, now: datetime) -> Receipt:
        """From its commit on, nothing of the selection can be read."""
        async with self._postgres.transaction(place, now) as tx:
            await lock_branch(tx)
            await make_stale(tx)
            receipt = await self._carry_out(tx, await _select(tx, selection), "caller")
            if selection.agent:
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

    async def _joined(self, receipt: Receipt, gone: Sequence[Receipt]) -> Receipt:
        counts = sum((Counter(each.counts) for each in gone), Counter(receipt.counts))
        told = {name: counts[name] for name in receipt.counts} | {"branches": len(gone)}
        async with self._postgres.transaction(receipt.scope) as tx:
            await tx.execute(
                _SQL["join_receipts"],
                receipt=receipt.id,
                counts=told,
                branches=[each.scope.id for each in gone],
                parts=[each.id for each in gone],
            )
        return replace(receipt, counts=told)

    async def erase_events(self, tx: Unit, events: list[UUID]) -> None:
        """Forgets the events of replaced or deleted records, as part of the caller's transaction."""
        await make_stale(tx)
        await self._carry_out(tx, await _doomed(tx, events, []), "caller")

    async def erase_expired(self, scope: Scope, now: datetime) -> bool:
        """Forgets the records whose time is over; whether there were any."""
        async with self._postgres.transaction(scope, now) as tx:
            if not await tx.fetch(_SQL["expired"]):
                return False
            await make_stale(tx)
            rows = await tx.fetch(_SQL["expired"])
            events = [row["event_id"] for row in rows if row["event_id"]]
            await self._carry_out(tx, await _doomed(tx, events, [row["key"] for row in rows]), "expiry")
        return True

    async def _carry_out(self, tx: Unit, doomed: Doomed, actor: str) -> Receipt:
        if doomed.retracted:
            await tx.execute(_SQL["retract"], facts=doomed.facts)
        changed = await _delete(tx, doomed)
        failpoints.reach("forget-writing")
        receipt = await self._write_receipt(tx, doomed)
        await add_audit(tx, "retract" if doomed.retracted else "forget", actor, doomed.events + doomed.facts)
        if "qdrant" in self._stores:
            await add_work(tx, changed)
            await queue(tx, "mirror")
        await queue(tx, "erase")
        if doomed.redrawn:
            await mark_unconsolidated(tx, doomed.redrawn)
            await queue(tx, "consolidate")
        return receipt

    async def _write_receipt(self, tx: Unit, doomed: Doomed) -> Receipt:
        stores = {"postgres": tx.now} | dict.fromkeys(sorted(self._stores))
        due = tx.now + self._scrub_within if self._scrub_within else None
        receipt = Receipt(
            id=uuid4(), scope=tx.scope, counts=doomed.counts, committed_at=tx.now, stores=stores, scrub_due=due
        )
        await tx.execute(
            _SQL["write_receipt"],
            receipt=receipt.id,
            counts=dict(receipt.counts),
            redis_at=None if "redis" in stores else tx.now,
            qdrant_at=None if "qdrant" in stores else tx.now,
            scrub_due=due,
        )
        return receipt

    async def receipt(self, scope: Scope, id: UUID) -> Receipt | None:
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["receipt"], receipt=id)
        return await self._read(row) if row else None

    async def receipts(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Receipt]:
        """Newest first, below the receipt `before`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["receipts"], before=before, limit=limit)
            if not rows:
                await check_cursor(tx, "receipt", before)
        return [await self._read(row) for row in rows]

    async def open_receipts(self, scope: Scope, store: Follower) -> list[UUID]:
        """Those that this store has yet to follow."""
        async with self._postgres.transaction(scope) as tx:
            return [row["id"] for row in await tx.fetch(_SQL[f"open_in_{store}"])]

    async def close_receipts(self, scope: Scope, store: Follower, ids: Sequence[UUID], now: datetime) -> None:
        """Says that the store has followed these."""
        async with self._postgres.transaction(scope, now) as tx:
            await tx.execute(_SQL[f"close_in_{store}"], receipts=ids)

    async def _read(self, row: Row) -> Receipt:
        at = await self._followed(row) if row["parts"] else row
        stores = {"postgres": row["committed_at"]} | {store: at[f"{store}_at"] for store in sorted(self._stores)}
        plain = {name: row[name] for name in ("id", "counts", "committed_at", "scrub_due")}
        return Receipt(scope=scope_of(row), stores=stores, scrubbed_at=at["scrubbed_at"], **plain)

    async def _followed(self, row: Row) -> Row:
        scope = scope_of(row)
        branches = [Scope(scope.tenant, "branch", id) for id in row["branches"]]
        async with self._postgres.transaction(View.of(scope, *branches)) as tx:
            at = await tx.fetchrow(_SQL["followed"], receipts=[row["id"], *row["parts"]])
        assert at is not None
        return at


async def _select(tx: Unit, selection: Selection) -> Doomed:
    if selection.keep_events:
        return await _wrong(tx, selection.fact)
    events = await _ids(
        tx,
        "select_events",
        session=selection.session,
        agent=selection.agent,
        event=selection.event,
        before=selection.before,
        fact=selection.fact,
        category=selection.category,
    )
    rows = await tx.fetch(_SQL["select_records"], events=events, everything=selection.everything)
    return await _doomed(tx, events, [row["key"] for row in rows])


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
    return Doomed(events=[], facts=facts, summaries=summaries, dead_letters=[], records=[], redrawn=[], retracted=True)


async def _delete(tx: Unit, doomed: Doomed) -> list[UUID]:
    """Answers with the ids that the mirror has to look at: what went, and what is current again."""
    items = doomed.events + doomed.facts
    for statement in ("shrink", "delete_terms", "delete_vectors", "delete_passages"):
        await tx.execute(_SQL[statement], items=items)
    reopened = await _ids(tx, "reopen", facts=doomed.facts)
    await tx.execute(_SQL["revive_vectors"], facts=reopened)
    await tx.execute(_SQL["delete_facts"], facts=doomed.facts)
    weakened = set(await _ids(tx, "resting", events=doomed.events)) - set(doomed.facts)
    await tx.execute(_SQL["delete_dead_letters"], letters=doomed.dead_letters)
    await tx.execute(_SQL["delete_records"], keys=doomed.records)
    await tx.execute(_SQL["delete_events"], events=doomed.events)
    for statement in ("stale_summaries", "delete_summaries"):
        await tx.execute(_SQL[statement], summaries=doomed.summaries)
    for statement in ("redate", "readdress"):
        await tx.execute(_SQL[statement], facts=list(weakened))
    return [*items, *reopened, *weakened]


async def _ids(tx: Unit, statement: str, **given: object) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(_SQL[statement], **given)]
