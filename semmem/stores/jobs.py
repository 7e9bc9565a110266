"""The queue of work per scope. A job is a hint: the rows' own state says what is left to do."""

import json
from datetime import timedelta
from typing import Literal

import asyncpg
from pgqueuer import Queries
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.domain.settings import DBSettings

from semmem.ports import Clock
from semmem.scope import Scope
from semmem.stores.postgres import Postgres, key_of, scope_of
from semmem.stores.sql import statements

_SQL = statements("jobs.sql")
SWEEPER_ROLE = "semmem_sweeper"
Entrypoint = Literal["index", "consolidate"]
ENTRYPOINTS: tuple[Entrypoint, ...] = ("index", "consolidate")


class JobQueue:
    def __init__(self, postgres: Postgres, clock: Clock, *, extract_after: timedelta) -> None:
        self._postgres, self._clock = postgres, clock
        self._pauses = {"index": timedelta(), "consolidate": extract_after}

    async def release(self, job_id: int, entrypoint: Entrypoint, scope: Scope) -> None:
        """Ends a job; what was written while it finished gets a job of its own."""
        async with self._postgres.connection() as connection:
            await connection.execute(_SQL["release"], job_id)
        async with self._postgres.transaction(scope) as connection:
            if await connection.fetchval(_SQL[f"has_{entrypoint}_work"], *key_of(scope)):
                await connection.execute(_SQL["queue"], entrypoint, *key_of(scope), self._pauses[entrypoint])

    async def sweep(self) -> int:
        """Queues work for every scope that has some left, in all tenants; the number of such scopes."""
        waiting = {entrypoint: await self._addresses(f"sweep_{entrypoint}") for entrypoint in ENTRYPOINTS}
        waiting["index"] |= await self._addresses("sweep_expired", self._clock())
        for entrypoint, scopes in waiting.items():
            for scope in scopes:
                async with self._postgres.transaction(scope) as connection:
                    await connection.execute(_SQL["queue"], entrypoint, *key_of(scope), timedelta())
        return sum(map(len, waiting.values()))

    async def _addresses(self, statement: str, *values: object) -> set[Scope]:
        async with self._postgres.connection() as connection, connection.transaction():
            await connection.execute(f"set local role {SWEEPER_ROLE}")
            return {scope_of(row) for row in await connection.fetch(_SQL[statement], *values)}


def queries(connection: asyncpg.Connection) -> Queries:
    """pgqueuer's own statements, on the tables that the migrations put into our schema."""
    settings = DBSettings(db_schema="semmem")
    return Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(settings),
        qbq=QueryQueueBuilder(settings),
        qbs=QuerySchedulerBuilder(settings),
    )


def scope_of_job(payload: bytes | None) -> Scope:
    tenant, kind, id = json.loads(payload or b"null")
    return Scope(tenant, kind, id)
