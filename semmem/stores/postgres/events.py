"""The events: stored, read and looked for in Postgres."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg

from semmem.domain.event import Ack, Event, NewEvent
from semmem.domain.kept import KeptEvent
from semmem.domain.scope import Branch, Scope, View
from semmem.domain.state import NO_FENCE, Fence
from semmem.errors import KeyConflict
from semmem.stores.postgres.branches import register, writing
from semmem.stores.postgres.locks import check_locks
from semmem.stores.postgres.offsets import at_offset, offset_of
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("events.sql")
NO_WINDOW = timedelta()  # for what no second report is merged into
_KEY_CONFLICT = "SM001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What one remember stored: an ack per event, the accepted ones as stored, and the scope's erasure epoch.

    `head` is the position of the last one in the scope's log; 0 where all were known.
    """

    acks: tuple[Ack, ...]
    accepted: tuple[Event, ...]
    epoch: int
    head: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeState:
    """The erasure epoch, the newest event, and whether a model that fails or is silent holds up extraction."""

    epoch: int = 0
    newest: int = 0  # its `seq`
    newest_id: UUID | None = None
    stalled: bool = False


class _ForgottenSince(Exception):
    """All of the place was forgotten after an event was told."""


class EventStore:
    """Appends and reads events; a method that takes a unit of work is part of the caller's transaction."""

    def __init__(
        self, postgres: Postgres, *, extract_after: timedelta = timedelta(), stores: Sequence[str] = ()
    ) -> None:
        """`extract_after`: how long accepted events wait, so that those that follow are extracted with them.

        `stores` are those beside Postgres that this process has: it waits for no others.
        """
        self._postgres, self._extract_after, self._stores = postgres, extract_after, stores

    @tried_again
    async def remember(
        self,
        place: Branch,
        events: Sequence[NewEvent],
        *,
        now: datetime,
        dedup_window: timedelta,
        fence: Fence = NO_FENCE,
        ids: Sequence[UUID] = (),
    ) -> Remembered:
        """Stores all events or none. KeyConflict names the event whose key stands for another body.

        With `ids` these are the events' own, and a caller knows them by these, whatever becomes of the call.

        Raises LockLost where a lock of the fence is its holder's no more.
        """
        if not fence.names:
            async with writing(self._postgres, place, now) as tx:
                return await self.append(tx, events, dedup_window=dedup_window, ids=ids)
        async with self._postgres.transaction(place, now) as tx:
            await register(tx)
            remembered = await self.append(tx, events, dedup_window=dedup_window, ids=ids)
            await check_locks(tx, fence)
            return remembered

    @tried_again
    async def replay(
        self, place: Branch, kept: Sequence[KeptEvent], *, now: datetime, dedup_window: timedelta
    ) -> Remembered | None:
        """Stores what a local log has kept, but for what is stored already or was told before all was forgotten here.

        None where nothing of it is left. Raises as `remember`.
        """
        forgotten: datetime | None = None
        while wanted := [each for each in kept if forgotten is None or each.at >= forgotten]:
            with suppress(_ForgottenSince, asyncpg.UniqueViolationError):  # the first try was still under way
                async with self._postgres.transaction(place, now) as tx:
                    await register(tx)
                    stored = await tx.fetch(_SQL["get"], events=[each.id for each in wanted])
                    known = {row["id"] for row in stored}
                    new = [_known_again(each) for each in wanted if each.id not in known]
                    remembered = await self._store_kept(tx, new, kept, dedup_window) if new else None
                    # The head is held from here on, so that no forget comes between.
                    forgotten = await forgotten_at(tx)
                    if forgotten and any(each.at < forgotten for each in new):
                        raise _ForgottenSince
                return remembered
        return None

    async def _store_kept(
        self, tx: Unit, new: Sequence[KeptEvent], kept: Sequence[KeptEvent], dedup_window: timedelta
    ) -> Remembered:
        """A KeyConflict names the event by its place among all that are kept."""
        try:
            return await self._store(tx, new, dedup_window)
        except KeyConflict as error:
            raise KeyConflict([each.id for each in kept].index(new[error.index].id)) from error

    async def append(
        self, tx: Unit, events: Sequence[NewEvent], *, dedup_window: timedelta, ids: Sequence[UUID] = ()
    ) -> Remembered:
        """The same as `remember`, as the last part of a transaction: from here on it sees this scope alone."""
        given = zip(ids or [uuid4() for _ in events], events, strict=True)
        return await self._store(tx, [KeptEvent(id=id, event=event, at=tx.now) for id, event in given], dedup_window)

    async def _store(self, tx: Unit, given: Sequence[KeptEvent], dedup_window: timedelta) -> Remembered:
        bodies = [_body(each) for each in given]
        try:
            rows = await tx.fetch(
                _SQL["remember"], window=dedup_window, extract_after=self._extract_after, events=bodies
            )
        except asyncpg.PostgresError as error:
            if error.sqlstate == _KEY_CONFLICT:
                raise KeyConflict(int(error.detail or 0)) from error
            raise
        scope, stored = tx.scope, zip(given, rows, strict=True)
        acks = tuple(Ack(id=row["id"], status=row["status"]) for row in rows)
        accepted = tuple(_stored(scope, each, row, tx.now) for each, row in stored if row["status"] == "accepted")
        head = max((row["position"] for row in rows if row["status"] == "accepted"), default=0)
        return Remembered(acks=acks, accepted=accepted, epoch=rows[0]["epoch"], head=head)

    async def states(self, view: View) -> dict[Scope, ScopeState]:
        """The state of each scope of the view that was ever written to."""
        async with self._postgres.transaction(view) as tx:
            return await states(tx)

    async def get(self, scope: Scope, ids: Sequence[UUID]) -> list[Event]:
        """Those of the ids that are in the scope."""
        async with self._postgres.transaction(scope) as tx:
            return [event_of(row) for row in await tx.fetch(_SQL["get"], events=ids)]

    async def recent(self, scope: Scope, limit: int) -> list[Event]:
        """Newest first."""
        async with self._postgres.transaction(scope) as tx:
            return [event_of(row) for row in await tx.fetch(_SQL["recent"], limit=limit)]

    async def history(
        self, scope: Scope, *, agent: str | None, session: str | None, before: int | None, limit: int
    ) -> list[Event]:
        """Newest first, below the sequence number `before`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["history"], agent=agent, session=session, before=before, limit=limit)
        return [event_of(row) for row in rows]

    async def of_session(self, scope: Scope, session: str, through: int, limit: int) -> list[Event]:
        """A session's newest first, up to the sequence number `through`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["of_session"], session=session, through=through, limit=limit)
        return [event_of(row) for row in rows]

    async def news(
        self, scope: Scope, *, agent: str | None, min_importance: float, through: int, limit: int
    ) -> list[Event]:
        """The newest up to the sequence number `through`, without the agent's own words and what weighs less."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["news"], agent=agent, least=min_importance, through=through, limit=limit)
        return [event_of(row) for row in rows]

    async def page(self, scope: Scope, after: int, limit: int) -> list[Event]:
        """Oldest first, above the sequence number `after`."""
        async with self._postgres.transaction(scope) as tx:
            return [event_of(row) for row in await tx.fetch(_SQL["export"], after=after, limit=limit)]

    async def unindexed(self, scope: Scope, limit: int, most_bytes: int) -> list[Event]:
        """The oldest, one at least; their content together is hardly more than `most_bytes`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["unindexed"], limit=limit, most_bytes=most_bytes)
        return [event_of(row) for row in rows]

    async def unconsolidated(self, scope: Scope, after: int, limit: int) -> list[Event]:
        """Those of a higher `seq` than `after`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["unconsolidated"], after=after, limit=limit)
        return [event_of(row) for row in rows]

    @tried_again
    async def hurry(self, view: View) -> None:
        """Lets what waits be extracted now."""
        async with self._postgres.transaction(view) as tx:
            await tx.execute(_SQL["hurry"])

    async def waiting(self, view: View, *, facts: bool) -> bool:
        """Whether work is left; without `facts`, whether recall cannot find some event yet."""
        async with self._postgres.transaction(view) as tx:
            return bool(await tx.fetchval(_SQL["waiting"], facts=facts, stores=self._stores))

    async def count_waiting(self, view: View) -> tuple[int, int]:
        """(not indexed, not consolidated)."""
        async with self._postgres.transaction(view) as tx:
            row = await tx.fetchrow(_SQL["count_waiting"])
        return (row["unindexed"], row["unconsolidated"]) if row else (0, 0)


async def states(tx: Unit) -> dict[Scope, ScopeState]:
    """The state of each scope of the view that was ever written to."""
    names = ("epoch", "newest", "newest_id", "stalled")
    return {scope_of(row): ScopeState(**{name: row[name] for name in names}) for row in await tx.fetch(_SQL["states"])}


async def hydrate_events(tx: Unit, ids: Sequence[UUID]) -> tuple[list[Event], set[UUID]]:
    """The events, and those of them that only superseded facts rest on."""
    rows = await tx.fetch(_SQL["hydrate"], events=ids)
    return [event_of(row) for row in rows], {row["id"] for row in rows if row["outdated"]}


async def forgotten_at(tx: Unit) -> datetime | None:
    """When all of the scope was last forgotten."""
    moment: datetime | None = await tx.fetchval(_SQL["forgotten_at"])
    return moment


async def lock_scope(tx: Unit) -> int:
    """Waits for the scope's turn, and answers with its erasure epoch."""
    epoch: int = await tx.fetchval(_SQL["lock_scope"])
    return epoch


async def make_stale(tx: Unit) -> bool:
    """Raises the erasure epoch: what was read before is not written any more. False where nothing was ever written."""
    return bool(await tx.execute(_SQL["make_stale"]))


async def lock_unindexed(tx: Unit, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Those that still wait, with the agent that each is of: a forgotten one's report may be another's by now."""
    return {row["id"]: row["agent"] for row in await tx.fetch(_SQL["lock_unindexed"], events=ids)}


async def lock_unconsolidated(tx: Unit, ids: Sequence[UUID]) -> set[UUID]:
    return {row["id"] for row in await tx.fetch(_SQL["lock_unconsolidated"], events=ids)}


async def mark_indexed(tx: Unit, ids: Sequence[UUID]) -> None:
    await tx.execute(_SQL["mark_indexed"], events=ids)


async def mark_consolidated(tx: Unit, ids: Sequence[UUID]) -> None:
    await tx.execute(_SQL["mark_consolidated"], events=ids)


async def mark_unconsolidated(tx: Unit, ids: Sequence[UUID]) -> None:
    await tx.execute(_SQL["mark_unconsolidated"], events=ids)


_SAID = tuple(field.name for field in fields(NewEvent))
_PLAIN = tuple(field.name for field in fields(Event) if field.name not in ("scope", "occurred_at", "witnesses"))


def _known_again(kept: KeptEvent) -> KeptEvent:
    """A report has a key in a replay: it might become another event's, and would not be known by its id."""
    return replace(kept, event=replace(kept.event, key=kept.key)) if kept.event.report_hash else kept


def _body(given: KeptEvent) -> dict[str, Any]:
    event, moment = given.event, given.event.occurred_at or given.at
    offset = offset_of(moment)
    return {
        **{name: getattr(event, name) for name in _SAID},
        "id": str(given.id),
        "metadata": dict(event.metadata),
        "occurred_at": moment.astimezone(UTC).isoformat(),
        "utc_offset": None if offset is None else f"{offset.total_seconds():f} seconds",
        "body_hash": event.body_hash.hex(),
        "report_hash": event.report_hash.hex() if event.report_hash else None,
    }


def _stored(scope: Scope, given: KeptEvent, row: Row, now: datetime) -> Event:
    said = {name: getattr(given.event, name) for name in _SAID}
    moment = given.event.occurred_at or given.at
    offset = offset_of(moment)
    if offset is None and row["zone"]:
        offset = offset_of(moment.astimezone(ZoneInfo(row["zone"])))
    said["occurred_at"] = at_offset(moment, offset)
    return Event(id=row["id"], seq=row["seq"], scope=scope, recorded_at=now, **said)


def event_of(row: Row) -> Event:
    return Event(
        scope=scope_of(row),
        occurred_at=at_offset(row["occurred_at"], row["utc_offset"]),
        witnesses=tuple(row["witnesses"]),
        **{name: row[name] for name in _PLAIN},
    )
