"""Checkpoints: positions of a scope's log under a name, with the digest of the state there; and the way back to one."""

import json
from datetime import datetime

import asyncpg

from semmem.domain.scope import Branch, Scope
from semmem.domain.state import Change, Checkpoint
from semmem.errors import Damaged, InvalidInput, NotFound
from semmem.stores.postgres.branches import writing
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.state import OUT_OF_REACH, refused
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("checkpoints.sql")


class CheckpointStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @tried_again
    async def make(
        self, place: Branch, name: str | None, *, agent: str | None, pinned: bool, now: datetime
    ) -> Checkpoint:
        """Read back before it is committed. Raises InvalidInput where the name is taken."""
        try:
            async with writing(self._postgres, place, now) as tx:
                row = await tx.fetchrow(_SQL["make"], agent=agent, name=name, pinned=pinned)
        except asyncpg.UniqueViolationError as error:
            raise InvalidInput("name", "is another checkpoint's", "take another one, or leave it out") from error
        except asyncpg.PostgresError as error:
            raise refused(error) from error
        assert row is not None
        return _checkpoint(row)

    async def all(self, scope: Scope) -> list[Checkpoint]:
        """Newest first."""
        async with self._postgres.transaction(scope) as tx:
            return [_checkpoint(row) for row in await tx.fetch(_SQL["list"])]

    async def verify(self, scope: Scope, checkpoint: Checkpoint) -> None:
        """Raises Damaged, or NotFound."""
        async with self._postgres.transaction(scope) as tx:
            await _verify(tx, checkpoint)

    async def pin(self, scope: Scope, checkpoint: Checkpoint, pinned: bool) -> None:
        """Raises NotFound."""
        async with self._postgres.transaction(scope) as tx:
            if not await tx.execute(_SQL["pin"], name=checkpoint.name, position=checkpoint.position, pinned=pinned):
                raise _missing(checkpoint)

    @tried_again
    async def restore(
        self, scope: Scope, to: Checkpoint | int, *, agent: str | None, role: str | None, now: datetime
    ) -> Change:
        """To a checkpoint, which is verified in the same transaction, or to a position."""
        position, subject = (to, None) if isinstance(to, int) else (to.position, to.name)
        try:
            async with self._postgres.transaction(scope, now) as tx:
                if isinstance(to, Checkpoint):
                    await _verify(tx, to)
                row = await tx.fetchrow(_SQL["restore"], agent=agent, role=role, position=position, subject=subject)
        except asyncpg.PostgresError as error:
            if error.sqlstate != OUT_OF_REACH:
                raise refused(error, agent=agent, role=role) from error
            reach = json.loads(error.detail or "{}")
            raise InvalidInput(
                "to", f"must be a position from {reach['floor']} to {reach['head']}", "take a later checkpoint's"
            ) from error
        assert row is not None
        return Change(position=row["at"], written=tuple(row["written"]))


async def _verify(tx: Unit, checkpoint: Checkpoint) -> None:
    """Raises Damaged, or NotFound; another of the same name is another one."""
    sound = await tx.fetchval(_SQL["verify"], name=checkpoint.name, position=checkpoint.position)
    if sound is None:
        raise _missing(checkpoint)
    if not sound:
        raise Damaged(checkpoint.name)


def _missing(checkpoint: Checkpoint) -> NotFound:
    name, position = checkpoint.name, checkpoint.position
    return NotFound(f"no checkpoint {name} at position {position} here: it is gone, or newer ones have taken its place")


def _checkpoint(row: Row) -> Checkpoint:
    plain = {name: row[name] for name in ("name", "position", "agent", "at", "pinned")}
    return Checkpoint(scope=scope_of(row), digest=row["digest"].hex(), **plain)
