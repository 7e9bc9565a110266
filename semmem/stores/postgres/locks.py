"""Locks with fencing tokens, by the server's clock: rows that only whoever holds the scope's head takes or checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from semmem.domain.scope import Branch, Scope
from semmem.domain.state import Fence
from semmem.stores.postgres.branches import writing
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.state import refused
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("locks.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Somebody else's lock."""

    name: str
    holder: str | None
    until: datetime


class LockStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @tried_again
    async def acquire(
        self, place: Branch, names: Sequence[str], *, agent: str | None, ttl: timedelta, now: datetime
    ) -> Fence | Held:
        """All of them at once, or the first one that somebody else holds."""
        async with writing(self._postgres, place, now) as tx:
            row = await tx.fetchrow(_SQL["acquire"], agent=agent, names=list(names), ttl=ttl)
        assert row is not None
        if row["token"] is None:
            return Held(name=row["name"], holder=row["holder"], until=row["until"])
        return Fence(tuple(names), row["token"])

    async def renew(self, scope: Scope, fence: Fence, ttl: timedelta) -> None:
        """Raises LockLost."""
        try:
            async with self._postgres.statement(scope) as tx:
                await tx.execute(_SQL["renew"], names=list(fence.names), token=fence.token, ttl=ttl)
        except asyncpg.PostgresError as error:
            raise refused(error, fence) from error

    async def release(self, scope: Scope, fence: Fence) -> None:
        """Leaves alone what somebody else has taken meanwhile."""
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["release"], names=list(fence.names), token=fence.token)


async def check_locks(tx: Unit, fence: Fence) -> None:
    """Part of a transaction that holds the scope's head. Raises LockLost."""
    try:
        await tx.execute(_SQL["check"], names=list(fence.names), token=fence.token)
    except asyncpg.PostgresError as error:
        raise refused(error, fence) from error
