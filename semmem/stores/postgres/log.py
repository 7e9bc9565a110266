"""A scope's log: whatever happens in a scope is an entry, and entries stand in the order in which they were committed.

An event is an entry by its own row, which has a `position`. Everything else is a row of `semmem.entries`: `kind` is a
word of `semmem.domain.entry.EntryKind`, `agent` whose doing it is, `subject` what it is about by its name, `items` the
same by ids, `fields` the parts of the state that it changes, and `detail` what only its kind has to say. So an event
costs one row, as it did before, and following reads two tables, whatever kinds there are.

To add a kind: a word in `EntryKind`; and in the transaction of what happens first `semmem.advance(tenant, kind, id)`,
which answers with the entry's position and lets nobody else append until the commit, then `insert into semmem.entries`
with it. Nothing here changes. Every position that is taken has to be filled, by an event or by an entry, or the whole
transaction has to end without a commit: followers count on it. Locks are taken in the order scopes, heads, groups,
locks, rows, jobs; no model and no caller's code runs while a head is held. After the commit `Parts.watching.wake` tells
followers of the new head; without it they find it within half a second.
"""

from collections.abc import Sequence
from uuid import UUID

from semmem.domain.entry import Entry, Page, Wanted
from semmem.domain.event import Event
from semmem.domain.receipt import Selection
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput, TooFarBehind
from semmem.stores.postgres.events import event_of
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("log.sql")
IDS_AN_ENTRY = 1_000
REACH = 10_000  # positions that a page is sought in, so that none takes long where few entries are wanted
LOOKS_BACK = 10 * REACH  # positions that others' last entries are sought in: an agent may have written a million since


class EntryLog:
    """Reads logs; nothing is held between two calls."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def page(self, scope: Scope, wanted: Wanted, *, after: int, until: int | None = None, limit: int) -> Page:
        """The next entries behind a position. Raises TooFarBehind, and InvalidInput for a position yet to come."""
        last = after + REACH if until is None else min(after + REACH, until)
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(
                _SQL["page"],
                after=after,
                until=last,
                types=wanted.event_types,
                agents=wanted.agents,
                fields=wanted.fields,
                least=wanted.min_importance,
                without=wanted.without,
                limit=limit,
            )
        head, floor = (rows[0]["head"], rows[0]["floor"]) if rows else (0, 0)
        if after < floor:
            raise TooFarBehind(after, floor)
        if after > head:
            raise InvalidInput("after", f"must be at most the log's head, {head}", "pass an entry's position")
        entries = tuple(_entry(scope, row) for row in rows if row["at_position"] is not None)
        through = entries[-1].position if len(entries) == limit else min(last, head)
        return Page(entries=entries, through=through, head=head)

    async def last(self, scope: Scope, *, until: int, without: str | None, limit: int) -> list[Entry]:
        """The last entries up to a position, in their order, as far as the log still holds them.

        Those `without` an agent's own are sought no further back than LOOKS_BACK positions.
        """
        behind = 0 if without is None else max(until - LOOKS_BACK, 0)
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["last"], behind=behind, until=until, without=without, limit=limit)
        return [_entry(scope, row) for row in rows]

    async def head(self, scope: Scope) -> int:
        """The position of the last entry, 0 where there is none yet."""
        async with self._postgres.transaction(scope) as tx:
            return await tx.fetchval(_SQL["head"]) or 0

    async def heads(self, scopes: Sequence[Scope]) -> dict[Scope, int]:
        """Those of any tenants, by one query; a scope that was never written to is absent."""
        named = {
            "tenants": [scope.tenant for scope in scopes],
            "kinds": [scope.kind for scope in scopes],
            "ids": [scope.id for scope in scopes],
        }
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            return {scopes[row["place"] - 1]: row["head"] for row in await tx.fetch(_SQL["heads"], **named)}

    async def latest(self, scope: Scope, *, agent: str | None, event_type: str | None, limit: int) -> list[Event]:
        """The newest event of each agent and type, newest first."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["latest"], agent=agent, event_type=event_type, limit=limit)
        return [event_of(row) for row in rows]


def _entry(scope: Scope, row: Row) -> Entry:
    is_event = row["kind"] == "event"
    return Entry(
        position=row["at_position"],
        kind=row["kind"],
        scope=scope,
        at=row["at"],
        agent=row["by_agent"],
        event=event_of(row) if is_event else None,
        subject=row["subject"],
        fields=tuple(row["fields"] or ()),
        ids=tuple(row["items"] or ()),
        detail=row["detail"] or {},
    )


async def hold_head(tx: Unit) -> None:
    """Before rows of the log are changed: from here to the transaction's end nobody else appends to it."""
    await tx.execute(_SQL["hold"])


async def tell_forgotten(tx: Unit, events: Sequence[UUID], *, whole: bool) -> None:
    """Leaves entries that name these events, or questions, which go with this transaction.

    Of a whole scope there is one that names none.
    """
    if whole:
        await tx.execute(_SQL["forgotten"], events=[], detail={"everything": True})
        return
    for start in range(0, len(events), IDS_AN_ENTRY):
        await tx.execute(_SQL["forgotten"], events=events[start : start + IDS_AN_ENTRY], detail={})


async def tell_corrected(tx: Unit, what: str, facts: Sequence[UUID], agent: str | None) -> int:
    """Leaves an entry that names facts that a person corrected, without their words; its position."""
    position: int = await tx.fetchval(_SQL["corrected"], what=what, facts=facts, agent=agent)
    return position


async def drop_entries(tx: Unit, selection: Selection) -> None:
    """Takes out the entries that a selection means: they are an agent's, and of a time, and of nothing else."""
    if selection.session or selection.event or selection.fact or selection.category:
        return
    await tx.execute(_SQL["drop_entries"], agent=selection.agent, before=selection.before)
