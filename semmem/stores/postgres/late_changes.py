"""Updates of the state that come late, out of a local log, each once however often it is replayed.

What is replayed together leaves an entry that names it by its ids, in the transaction that writes it: so it is known
when it comes again. Under the head of the log no other replay of it can be under way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from semmem.domain.change import KeptChange, NewChange
from semmem.domain.scope import Branch
from semmem.errors import SemmemError, StateMismatch, WriteConflict
from semmem.runtime import failpoints
from semmem.stores.postgres.branches import register
from semmem.stores.postgres.events import forgotten_at
from semmem.stores.postgres.log import hold_head
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.state import UNDECLARED, ChangedMeanwhile, StateStore, refused, write_change
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("late_changes.sql")
_TRIES = 3  # of a batch whose fields are declared first; a forget may come in between


@dataclass(slots=True)
class Replayed:
    """Up to which position of the log a batch went, 0 where nothing was left of it, and what was refused, and why."""

    head: int = 0
    refused: dict[int, SemmemError] = field(default_factory=dict)


class _Undeclared(Exception):
    """A field is not declared, or otherwise."""


class LateChanges:
    def __init__(self, postgres: Postgres, state: StateStore) -> None:
        self._postgres, self._state = postgres, state

    @tried_again
    async def replay(self, place: Branch, kept: Sequence[KeptChange], now: datetime) -> Replayed:
        """Writes what a local log has kept, all of one class, but for what is written already, is refused, or was told
        before all was forgotten here.
        """
        mismatch: StateMismatch | None = None
        for _ in range(_TRIES):
            try:
                return await self._write(place, kept, now, mismatch)
            except _Undeclared:
                first = kept[0].change
            try:
                await self._state.declare(place, first.declaration, first.agent, now)
            except ChangedMeanwhile:
                break
            except StateMismatch as error:
                mismatch = error
        raise WriteConflict("the state was forgotten or declared anew meanwhile")

    async def _write(
        self, place: Branch, kept: Sequence[KeptChange], now: datetime, mismatch: StateMismatch | None
    ) -> Replayed:
        """With a `mismatch`, of which its class cannot be declared, a change of a field that is not is refused."""
        done, written = Replayed(), list[UUID]()
        async with self._postgres.transaction(place, now) as tx:
            await register(tx)
            await hold_head(tx)
            known = {row["id"] for row in await tx.fetch(_SQL["known"], changes=[each.id for each in kept])}
            forgotten = await forgotten_at(tx)
            for index, each in enumerate(kept):
                if each.id in known or (forgotten is not None and each.at < forgotten):
                    continue
                error = await _tried(tx, each.change, mismatch)
                if error is None:
                    written.append(each.id)
                else:
                    done.refused[index] = error
            failpoints.reach("replay-writing")
            if written:
                done.head = await tx.fetchval(_SQL["tell"], changes=written)
        return done


async def _tried(tx: Unit, change: NewChange, mismatch: StateMismatch | None) -> SemmemError | None:
    """Why it is refused, after which the transaction goes on without it."""
    try:
        async with tx.connection.transaction():
            if wanted := await _not_outdone(tx, change):
                await write_change(tx, wanted)
    except asyncpg.PostgresError as error:
        if error.sqlstate == UNDECLARED:
            if mismatch is None:
                raise _Undeclared from error
            return mismatch
        why = refused(error, agent=change.agent, role=change.role)
        if not isinstance(why, SemmemError):
            raise
        return why
    return None


async def _not_outdone(tx: Unit, change: NewChange) -> NewChange | None:
    """Without values of `best` beside which one as sure, and told later, stands: of two equals the later counts."""
    rivals = [value for value in change.values if value.field.reducer.name == "best"]
    if not rivals:
        return change
    rows = await tx.fetch(
        _SQL["outdone"],
        fields=[value.field.name for value in rivals],
        confidences=[value.confidence for value in rivals],
        told_at=change.told_at,
    )
    outdone = {row["field"] for row in rows}
    left = tuple(value for value in change.values if value.field.name not in outdone)
    return replace(change, values=left) if left else None
