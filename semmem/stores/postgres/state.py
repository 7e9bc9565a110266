"""The state of a scope: each update is one transaction under the head of its log, so none works on a stale value."""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import asyncpg

from semmem.domain.change import NewChange
from semmem.domain.entry import MAX_POSITION
from semmem.domain.schema import Declaration, Field, NewValue
from semmem.domain.scope import Branch, Scope
from semmem.domain.state import NO_FENCE, Change, Fence, Snapshot
from semmem.errors import Conflict, Damaged, Forbidden, InvalidInput, LockLost, StateMismatch
from semmem.stores.postgres.branches import register
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

T = TypeVar("T")

_SQL = statements("state.sql")
_TRIES = 3  # of a change whose fields are declared first; a forget may come in between

# What the functions of the database refuse by.
CONFLICT, LOST, UNDECLARED, TOO_LARGE = "SM011", "SM012", "SM013", "SM014"
LATER, OTHERWISE, OUT_OF_REACH, CHANGED = "SM015", "SM016", "SM017", "SM018"
DAMAGED, FORBIDDEN = "SM019", "SM020"


class ChangedMeanwhile(StateMismatch):
    """The state was changed, forgotten or declared anew each time that it was tried."""


class StateStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @tried_again
    async def change(self, place: Branch, new: NewChange, now: datetime) -> Change:
        """All of the change or none of it. Raises Conflict, LockLost, StateMismatch or InvalidInput."""

        async def write() -> Change:
            async with self._postgres.statement(place.scope, now) as tx:
                return await write_change(tx, new)

        return await self.declared(place, new, now, write)

    async def declared(self, place: Branch, new: NewChange, now: datetime, write: Callable[[], Awaitable[T]]) -> T:
        """Runs a transaction with this change in it, behind one that declares its fields where nobody has yet."""
        for _ in range(_TRIES):
            try:
                return await write()
            except asyncpg.PostgresError as error:
                if error.sqlstate == CONFLICT:
                    raise await self._conflict(place.scope, new, error) from error
                if error.sqlstate != UNDECLARED:
                    raise refused(error, new.fence, agent=new.agent, role=new.role) from error
            await self.declare(place, new.declaration, new.agent, now)
        raise ChangedMeanwhile("state", "was forgotten or declared anew meanwhile", "call again")

    async def declare(self, place: Branch, declaration: Declaration, agent: str | None, now: datetime) -> None:
        """What an earlier version holds is upgraded outside of the transaction, and anew where it changed meanwhile."""
        fields = [_declared(field) for field in declaration.fields.values()]
        for _ in range(_TRIES):
            before = await self._before(place.scope, declaration)
            try:
                async with self._postgres.transaction(place, now) as tx:
                    await register(tx)
                    await tx.execute(_SQL["declare"], agent=agent, version=declaration.version, fields=fields, **before)
                return
            except asyncpg.PostgresError as error:
                if error.sqlstate != CHANGED:
                    raise refused(error) from error
        raise ChangedMeanwhile("state", "was changed each time that it was upgraded", "call again")

    async def _before(self, scope: Scope, declaration: Declaration) -> dict[str, Any]:
        """The version that stands, how far its state was read, and what the new one makes of it."""
        async with self._postgres.transaction(scope) as tx:
            version = await tx.fetchval(_SQL["version"])
        if version is None or version >= declaration.version:
            return {"from": version, "seen": MAX_POSITION, "values": []}
        state = await self.current(scope, None, [])
        values = [
            {"field": name, "value": value, "is_new": name not in state.values or value != state.values[name]}
            for name, value in declaration.upgraded(state.values, version).items()
        ]
        return {"from": version, "seen": state.position, "values": values}

    async def _conflict(self, scope: Scope, new: NewChange, error: asyncpg.PostgresError) -> Conflict:
        """With the value that stands in the way now, if the writer may read it; counted."""
        met: dict[str, Any] = json.loads(error.detail or "{}")
        name = met["field"]
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["refused"], field=name)
        standing = await self.current(scope, new.declaration, [name], role=new.role)
        return Conflict(name, seen=met["seen"], found=met["found"], by=met["by"], value=standing.values.get(name))

    async def current(
        self, scope: Scope, declaration: Declaration | None, fields: Sequence[str], *, role: str | None = None
    ) -> Snapshot:
        """What the role may read. Without a declaration, values are JSON as they are stored."""
        async with self._postgres.transaction(scope) as tx:
            await _act_as(tx, role)
            rows = await tx.fetch(_SQL["current"], fields=fields)
        told = [row for row in rows if row["field"] is not None]
        positions = {row["field"]: row["position"] for row in told}
        pieces = [row for row in told if row["piece"] is not None]
        return _snapshot(scope, declaration, fields, role, rows[0]["head"], pieces, positions)

    async def at(
        self,
        scope: Scope,
        declaration: Declaration | None,
        *,
        position: int,
        fields: Sequence[str],
        role: str | None = None,
    ) -> Snapshot:
        """Raises InvalidInput for a position that was not reached yet, or cannot be read any more."""
        async with self._postgres.transaction(scope) as tx:
            await _act_as(tx, role)
            hidden = await tx.fetchval(_SQL["hidden"]) if role is not None else ()
            await check_reach(tx, "at", position)
            rows = await tx.fetch(_SQL["at"], position=position, fields=fields)
        positions: dict[str, int] = {}
        for row in rows:
            positions[row["field"]] = max(row["from_position"], positions.get(row["field"], 0))
        return _snapshot(scope, declaration, fields, role, position, rows, positions, hidden)

    async def position(self, scope: Scope, moment: datetime) -> int:
        """Of the log's last entry that is no event, at that time; 0 before the first one."""
        async with self._postgres.transaction(scope) as tx:
            position: int = await tx.fetchval(_SQL["position"], moment=moment)
        return position


async def _act_as(tx: Unit, role: str | None) -> None:
    if role is not None:
        await tx.execute(_SQL["act_as"], role=role)


async def told_fields(tx: Unit) -> list[str]:
    return [row["field"] for row in await tx.fetch(_SQL["told"])]


async def clear(tx: Unit) -> None:
    """Forgets the state with all that it was, its locks and its checkpoints; the head is held, and nobody writes."""
    for statement in ("clear_past", "clear_state", "clear_fields", "clear_locks", "clear_checkpoints"):
        await tx.execute(_SQL[statement])


async def check_reach(tx: Unit, name: str, position: int) -> None:
    row = await tx.fetchrow(_SQL["reach"])
    head, floor = (row["head"], row["state_floor"]) if row else (0, 0)
    if not floor <= position <= head:
        raise InvalidInput(name, f"must be a position from {floor} to {head}", "take a later checkpoint, or an entry's")


async def write_change(tx: Unit, new: NewChange) -> Change:
    """As a part of a transaction; the errors of Postgres are for `StateStore.declared`."""
    row = await tx.fetchrow(
        _SQL["change"],
        agent=new.agent,
        role=new.role,
        seen=new.seen,
        told_at=new.told_at,
        expected=dict(new.expected),
        locks=list(new.fence.names),
        token=new.fence.token,
        changes=[_changed(value) for value in new.values],
    )
    assert row is not None
    return Change(position=row["at"], written=tuple(row["written"]), unseen=tuple(row["unseen"]))


def _changed(new: NewValue) -> dict[str, Any]:
    field = new.field
    base = field.default if field.has_default else None
    return {"field": field.name, "digest": field.digest, "value": new.value, "confidence": new.confidence, "base": base}


def _declared(field: Field) -> dict[str, Any]:
    reducer = field.reducer
    kept = {"reducer": reducer.name, "shape": reducer.shape, "keep": reducer.keep}
    rights = {
        name: sorted(roles) if roles else None
        for name, roles in (("readers", reducer.readable), ("writers", reducer.writable))
    }
    return {"field": field.name, "digest": field.digest, "refuses": reducer.unseen == "refuse"} | kept | rights


def refused(
    error: asyncpg.PostgresError, fence: Fence = NO_FENCE, *, agent: str | None = None, role: str | None = None
) -> Exception:
    """What a function of the database refused, as a caller is told; the error itself where it is none of ours."""
    about = error.detail or ""
    if error.sqlstate == LOST:
        return LockLost(about, fence.token)
    if error.sqlstate == FORBIDDEN:
        return Forbidden(agent, role or "", about, "write")
    if error.sqlstate == DAMAGED:
        return Damaged(about)
    if error.sqlstate == TOO_LARGE:
        return InvalidInput(about, "would outgrow its limit: 10,000 parts, or 10^18", "keep fewer, or use keep=")
    if error.sqlstate == LATER:
        return StateMismatch("version", f"{about} is declared here, a later one", "use the class of that version")
    if error.sqlstate == OTHERWISE:
        return StateMismatch(about, "is declared otherwise here", "use the same class, or give yours a higher version")
    return error


def _snapshot(
    scope: Scope,
    declaration: Declaration | None,
    fields: Sequence[str],
    role: str | None,
    position: int,
    pieces: Sequence[Row],
    positions: Mapping[str, int],
    hidden: Collection[str] = (),
) -> Snapshot:
    shown = None
    if declaration is not None:
        readable = [each for each in declaration.fields.values() if each.is_readable(role)]
        shown = {each.name: each for each in readable if each.name not in hidden}
    values, told_at, by = _defaults(shown, fields), {}, {}
    for name, rows in ((name, list(rows)) for name, rows in groupby(pieces, itemgetter("field"))):
        if shown is not None and name not in shown:
            continue  # a field of another version
        values[name] = _value(name, rows, None if shown is None else shown[name])
        newest = max(rows, key=itemgetter("from_position"))
        told_at[name], by[name] = newest["told_at"], newest["agent"]
    # As it is now, also of fields that the role may write but not read: `expected` counts on them.
    known = {name: at for name, at in positions.items() if declaration is None or name in declaration.fields}
    return Snapshot(scope=scope, position=position, values=values, positions=known, told_at=told_at, by=by)


def _defaults(shown: Mapping[str, Field] | None, fields: Sequence[str]) -> dict[str, Any]:
    return {
        name: field.read(field.default)
        for name, field in (shown or {}).items()
        if field.has_default and (not fields or name in fields)
    }


def _value(name: str, rows: Sequence[Row], field: Field | None) -> Any:
    """A field put together from its pieces."""
    shape = rows[0]["shape"]
    if field is not None and field.reducer.shape != shape:
        raise StateMismatch(name, "was kept in another way then", "read it with the class of that version")
    stored: Any
    match shape:
        case "single":
            stored = rows[0]["value"]
        case "keys":
            stored = {row["piece"]: row["value"] for row in rows}
        case _:
            stored = [row["value"] for row in rows]
    return stored if field is None else field.read(stored)
