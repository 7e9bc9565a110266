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
from semmem.stores.postgres.events import mark_unconsolidated
from semmem.stores.postgres.ledger import add_audit
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.points import add_work
from semmem.stores.postgres.pool import Connection, Postgres, Row, key_of, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again

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
        async with self._postgres.transaction(scope) as connection:
            return (await _select(connection, scope, selection)).counts

    async def erase_whole(self, place: Branch, below: Sequence[Branch], now: datetime) -> Receipt:
        """Forgets all of a place and of those below it, one after the other; the receipt speaks for all of them."""
        gone = [await self.erase(branch, EVERYTHING, now) for branch in below]
        receipt = await self.erase(place, EVERYTHING, now)
        return await self._joined(receipt, gone)

    @tried_again
    async def erase(self, place: Branch, selection: Selection, now: datetime) -> Receipt:
        """From its commit on, nothing of the selection can be read."""
        scope = place.scope
        async with self._postgres.transaction(View.of(scope, place.root)) as connection:
            await lock_branch(connection, place)
            await connection.execute(_SQL["lock_scope"], *key_of(scope))
            doomed = await _select(connection, scope, selection)
            receipt = await self._carry_out(connection, scope, doomed, "caller", now)
            if selection.agent:
                narrowed = (selection.session, selection.event, selection.before)
                await connection.execute(_SQL["unname"], *key_of(scope), selection.agent, *narrowed)
            await drop(connection, place)
        failpoints.reach("forget-committed")
        return receipt

    async def _joined(self, receipt: Receipt, gone: Sequence[Receipt]) -> Receipt:
        counts = sum((Counter(each.counts) for each in gone), Counter(receipt.counts))
        told = {name: counts[name] for name in receipt.counts} | {"branches": len(gone)}
        branches, parts = [each.scope.id for each in gone], [each.id for each in gone]
        async with self._postgres.transaction(receipt.scope) as connection:
            row = (*key_of(receipt.scope), receipt.id, told, branches, parts)
            await connection.execute(_SQL["join_receipts"], *row)
        return replace(receipt, counts=told)

    async def erase_events(self, connection: Connection, scope: Scope, events: list[UUID], now: datetime) -> None:
        """Forgets the events of replaced or deleted records, as part of the caller's transaction."""
        await connection.execute(_SQL["lock_scope"], *key_of(scope))
        await self._carry_out(connection, scope, await _doomed(connection, scope, events, []), "caller", now)

    async def erase_expired(self, scope: Scope, now: datetime) -> bool:
        """Forgets the records whose time is over; whether there were any."""
        async with self._postgres.transaction(scope) as connection:
            if not await connection.fetch(_SQL["expired"], *key_of(scope), now):
                return False
            await connection.execute(_SQL["lock_scope"], *key_of(scope))
            rows = await connection.fetch(_SQL["expired"], *key_of(scope), now)
            events = [row["event_id"] for row in rows if row["event_id"]]
            doomed = await _doomed(connection, scope, events, [row["key"] for row in rows])
            await self._carry_out(connection, scope, doomed, "expiry", now)
        return True

    async def _carry_out(
        self, connection: Connection, scope: Scope, doomed: Doomed, actor: str, now: datetime
    ) -> Receipt:
        if doomed.retracted:
            await connection.execute(_SQL["retract"], scope.tenant, doomed.facts, now)
        changed = await _delete(connection, scope, doomed)
        failpoints.reach("forget-writing")
        receipt = self._receipt(scope, doomed, now)
        await _write(connection, receipt)
        action = "retract" if doomed.retracted else "forget"
        await add_audit(connection, scope, action, actor, doomed.events + doomed.facts, now)
        if "qdrant" in self._stores:
            await add_work(connection, scope, changed)
            await connection.execute("select semmem.queue('mirror', $1, $2, $3)", *key_of(scope))
        await connection.execute("select semmem.queue('erase', $1, $2, $3)", *key_of(scope))
        if doomed.redrawn:
            await mark_unconsolidated(connection, scope.tenant, doomed.redrawn)
            await connection.execute("select semmem.queue('consolidate', $1, $2, $3)", *key_of(scope))
        return receipt

    async def receipt(self, scope: Scope, id: UUID) -> Receipt | None:
        async with self._postgres.transaction(scope) as connection:
            row = await connection.fetchrow(_SQL["receipt"], *key_of(scope), id)
        return await self._read(row) if row else None

    async def receipts(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Receipt]:
        """Newest first, below the receipt `before`."""
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["receipts"], *key_of(scope), before, limit)
            if not rows:
                await check_cursor(connection, scope, "receipt", before)
        return [await self._read(row) for row in rows]

    async def open_receipts(self, scope: Scope, store: Follower) -> list[UUID]:
        """Those that this store has yet to follow."""
        async with self._postgres.transaction(scope) as connection:
            return [row["id"] for row in await connection.fetch(_SQL[f"open_in_{store}"], *key_of(scope))]

    async def close_receipts(self, scope: Scope, store: Follower, ids: Sequence[UUID], now: datetime) -> None:
        """Says that the store has followed these."""
        async with self._postgres.transaction(scope) as connection:
            await connection.execute(_SQL[f"close_in_{store}"], *key_of(scope), now, ids)

    def _receipt(self, scope: Scope, doomed: Doomed, now: datetime) -> Receipt:
        stores = {"postgres": now} | dict.fromkeys(sorted(self._stores))
        due = now + self._scrub_within if self._scrub_within else None
        return Receipt(id=uuid4(), scope=scope, counts=doomed.counts, committed_at=now, stores=stores, scrub_due=due)

    async def _read(self, row: Row) -> Receipt:
        at = await self._followed(row) if row["parts"] else row
        stores = {"postgres": row["committed_at"]} | {store: at[f"{store}_at"] for store in sorted(self._stores)}
        plain = {name: row[name] for name in ("id", "counts", "committed_at", "scrub_due")}
        return Receipt(scope=scope_of(row), stores=stores, scrubbed_at=at["scrubbed_at"], **plain)

    async def _followed(self, row: Row) -> Row:
        scope = scope_of(row)
        branches = [Scope(scope.tenant, "branch", id) for id in row["branches"]]
        async with self._postgres.transaction(View.of(scope, *branches)) as connection:
            at = await connection.fetchrow(_SQL["followed"], scope.tenant, [row["id"], *row["parts"]])
        assert at is not None
        return at


async def _select(connection: Connection, scope: Scope, selection: Selection) -> Doomed:
    if selection.keep_events:
        return await _wrong(connection, scope, selection.fact)
    named = (selection.session, selection.agent, selection.event, selection.before, selection.fact, selection.category)
    events = await _ids(connection, "select_events", *key_of(scope), *named)
    rows = await connection.fetch(_SQL["select_records"], *key_of(scope), events, selection.everything)
    return await _doomed(connection, scope, events, [row["key"] for row in rows])


async def _doomed(connection: Connection, scope: Scope, events: list[UUID], records: list[str]) -> Doomed:
    """All that goes with these events."""
    facts = await _ids(connection, "select_facts", *key_of(scope), events)
    sources = await _ids(connection, "sources", scope.tenant, facts)
    return Doomed(
        events=events,
        records=records,
        facts=facts,
        redrawn=list(set(sources) - set(events)),
        summaries=await _ids(connection, "select_summaries", *key_of(scope), events),
        dead_letters=await _ids(connection, "select_dead_letters", *key_of(scope), events),
    )


async def _wrong(connection: Connection, scope: Scope, fact: UUID | None) -> Doomed:
    """A version of a fact without its events, and the summaries that may repeat it."""
    facts = await _ids(connection, "select_wrong", *key_of(scope), fact)
    sources = await _ids(connection, "sources", scope.tenant, facts)
    summaries = await _ids(connection, "select_summaries", *key_of(scope), sources)
    return Doomed(events=[], facts=facts, summaries=summaries, dead_letters=[], records=[], redrawn=[], retracted=True)


async def _delete(connection: Connection, scope: Scope, doomed: Doomed) -> list[UUID]:
    """Answers with the ids that the mirror has to look at: what went, and what is current again."""
    items = doomed.events + doomed.facts
    await connection.execute(_SQL["shrink"], *key_of(scope), items)
    for statement in ("delete_terms", "delete_vectors", "delete_passages"):
        await connection.execute(_SQL[statement], scope.tenant, items)
    reopened = await _ids(connection, "reopen", scope.tenant, doomed.facts)
    await connection.execute(_SQL["revive_vectors"], scope.tenant, reopened)
    await connection.execute(_SQL["delete_facts"], scope.tenant, doomed.facts)
    weakened = set(await _ids(connection, "resting", scope.tenant, doomed.events)) - set(doomed.facts)
    await connection.execute(_SQL["delete_dead_letters"], scope.tenant, doomed.dead_letters)
    await connection.execute(_SQL["delete_records"], *key_of(scope), doomed.records)
    await connection.execute(_SQL["delete_events"], scope.tenant, doomed.events)
    for statement in ("stale_summaries", "delete_summaries"):
        await connection.execute(_SQL[statement], scope.tenant, doomed.summaries)
    for statement in ("redate", "readdress"):
        await connection.execute(_SQL[statement], scope.tenant, list(weakened))
    return [*items, *reopened, *weakened]


async def _write(connection: Connection, receipt: Receipt) -> None:
    now = receipt.committed_at
    followed = (None if "redis" in receipt.stores else now, None if "qdrant" in receipt.stores else now)
    row = (*key_of(receipt.scope), receipt.id, dict(receipt.counts), now, *followed, receipt.scrub_due)
    await connection.execute(_SQL["write_receipt"], *row)


async def _ids(connection: Connection, statement: str, *values: object) -> list[UUID]:
    return [row["id"] for row in await connection.fetch(_SQL[statement], *values)]
