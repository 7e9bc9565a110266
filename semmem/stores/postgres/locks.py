"""Locks with fencing tokens, by the server's clock: rows that only whoever holds the scope's head takes or checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from semmem.domain.scope import Branch
from semmem.stores.postgres.branches import register
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.state import refused
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("locks.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    token: int
    until: datetime


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
    ) -> Taken | Held:
        """All of them at once, or the first one that somebody else holds."""
        async with self._postgres.transaction(place, now) as tx:
            await register(tx)
            row = await tx.fetchrow(_SQL["acquire"], agent=agent, names=list(names), ttl=ttl)
        assert row is not None
        if row["token"] is None:
            return Held(name=row["name"], holder=row["holder"], until=row["until"])
        return Taken(token=row["token"], until=row["until"])

    async def renew(self, place: Branch, names: Sequence[str], token: int, ttl: timedelta) -> datetime:
        """Until when they are held. Raises LockLost."""
        try:
            async with self._postgres.statement(place.scope) as tx:
                until: datetime = await tx.fetchval(_SQL["renew"], names=list(names), token=token, ttl=ttl)
        except asyncpg.PostgresError as error:
            raise refused(error, token=token) from error
        return until

    async def release(self, place: Branch, names: Sequence[str], token: int) -> None:
        """Leaves alone what somebody else has taken meanwhile."""
        async with self._postgres.transaction(place.scope) as tx:
            await tx.execute(_SQL["release"], names=list(names), token=token)


async def check_locks(tx: Unit, names: Sequence[str], token: int) -> None:
    """Part of a transaction that holds the scope's head. Raises LockLost."""
    try:
        await tx.execute(_SQL["check"], names=list(names), token=token)
    except asyncpg.PostgresError as error:
        raise refused(error, token=token) from error
