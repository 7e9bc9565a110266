"""The queue of work per scope. A job is a hint: the rows' own state says what is left to do."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

import asyncpg
from pgqueuer import Queries
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.core.tm import TaskManager
from pgqueuer.domain.models import Job
from pgqueuer.domain.settings import DBSettings
from pgqueuer.ports.driver import Driver, NotifyCallback

from semmem.domain.scope import Scope
from semmem.domain.stores import QDRANT
from semmem.ports import Clock
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("jobs.sql")
SWEEPER_ROLE = "semmem_sweeper"
CLOSE_TIMEOUT = 1.0
LISTENS = 4  # for one answer: a process that stands still misses one of them, and not the answer
Entrypoint = Literal["index", "embed", "mirror", "cache", "consolidate", "erase"]
ENTRYPOINTS: tuple[Entrypoint, ...] = get_args(Entrypoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """How many events wait, in all tenants."""

    index: int
    facts: int

    def __str__(self) -> str:
        if not self.index and not self.facts:
            return "nothing waits"
        return f"{self.index} events wait to be indexed, {self.facts} to be extracted"


class JobQueue:
    """`cache` names the Redis that this process has: of the jobs that let one follow, only that one's are its own."""

    def __init__(self, postgres: Postgres, clock: Clock, *, extract_after: timedelta, cache: str | None = None) -> None:
        self._postgres, self._clock = postgres, clock
        self._extract_after, self._cache = extract_after, cache

    def name(self, kind: Entrypoint) -> str:
        """What jobs of this kind are called in the queue."""
        return job_of(self._cache) if kind == "cache" and self._cache else kind

    async def count_failure(self, job: Job, scope: Scope) -> None:
        """Notes that this try failed at what the job's batch holds, and not at an outage."""
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["count_failure"], job=job.id, failures=failures_of(job) + 1)

    async def release(self, job_id: int, entrypoint: Entrypoint, scope: Scope, *, at_once: bool = False) -> None:
        """Ends a job; what was written while it finished, or was left undone, gets a job of its own."""
        pause = self._extract_after if entrypoint == "consolidate" and not at_once else timedelta()
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["release"], job=job_id)
        async with self._postgres.transaction(scope, self._clock()) as tx:
            await tx.execute(_SQL["await_writers"], entrypoint=self.name(entrypoint))
            given = {"store": self._cache} if entrypoint == "cache" else {}
            if await tx.fetchval(_SQL[f"has_{entrypoint}_work"], **given):
                await queue(tx, self.name(entrypoint), after=pause)

    async def hurry(self, kind: Entrypoint) -> None:
        """Has jobs that failed tried again now, in all tenants: what they failed at is back."""
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            await tx.execute(_SQL["hurry"], entrypoint=self.name(kind))

    async def sweep(self) -> int:
        """Queues work for every scope that has some left, in all tenants; how many jobs those are."""
        async with self._postgres.acting_as(SWEEPER_ROLE, self._clock()) as tx:
            left = [(row["work"], scope_of(row)) for row in await tx.fetch(_SQL["sweep"], cache=self._cache)]
        for kind, scope in left:
            async with self._postgres.transaction(scope) as tx:
                await queue(tx, self.name(kind))
        return len(left)

    async def waiting(self) -> Remaining:
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            row = await tx.fetchrow(_SQL["waiting"])
        assert row is not None
        return Remaining(index=row["index"], facts=row["facts"])


def job_of(store: str) -> str:
    """The job that lets a store follow. Each Redis has one of its own, which nobody takes who has another, or none."""
    return "mirror" if store == QDRANT else f"cache {store}"


async def queue(tx: Unit, entrypoint: str, *, after: timedelta = timedelta()) -> None:
    """Gives the scope this job, unless it has one that waits or runs."""
    await tx.execute(_SQL["queue"], entrypoint=entrypoint, after=after)


async def take_back(tx: Unit, entrypoint: str) -> None:
    """Takes the scope's job out of the queue, where it waits."""
    await tx.execute(_SQL["take_back"], entrypoint=entrypoint)


class PollingDriver(Driver):
    """pgqueuer behind a pooler: each statement a transaction from the pool, and no notifications to listen to.

    The queue manager looks for jobs when its time to wait is over. Only its notes to itself arrive, as they must.
    """

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._shutdown = asyncio.Event()
        self._callbacks: dict[str, list[NotifyCallback]] = {}

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            return [dict(row) for row in await tx.connection.fetch(query, *args)]

    async def execute(self, query: str, *args: object) -> str:
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            return await tx.connection.execute(query, *args)

    async def notify(self, channel: str, payload: str) -> None:
        for callback in self._callbacks.get(channel, []):
            callback(payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._callbacks.setdefault(channel, []).append(callback)

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._callbacks[channel].remove(callback)

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> "PollingDriver":
        return self

    async def __aexit__(self, *_: object) -> None:
        """The pool stays open: it belongs to Postgres."""


@asynccontextmanager
async def open_queue(postgres: Postgres, *, check_every: timedelta) -> AsyncIterator[Queries]:
    """The queue of all tenants, on a connection of its own that listens for new jobs; behind a pooler, on the pool.

    The connection is ended where it does not answer within `check_every`, and is asked as often.
    """
    if postgres.pooled:
        yield _queries(PollingDriver(postgres))
        return
    connection = await postgres.dedicated(SWEEPER_ROLE)
    driver = AsyncpgDriver(connection)
    watching = asyncio.create_task(_watch(postgres, driver, connection, check_every.total_seconds()))
    try:
        yield _queries(driver)
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        try:
            await connection.close(timeout=CLOSE_TIMEOUT)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


async def _watch(postgres: Postgres, driver: Driver, connection: asyncpg.Connection, seconds: float) -> None:
    """Ends a connection on which nothing arrives any more, though nobody closed it; whoever uses it learns so."""
    while not connection.is_closed():
        await asyncio.sleep(seconds)
        if not await _answers(driver, seconds) and not connection.is_closed():
            connection.terminate()
            postgres.suspect(seconds)


async def _answers(driver: Driver, seconds: float) -> bool:
    """Whether the connection answers in time; a process that stood still meanwhile hears first what came."""
    asked = asyncio.ensure_future(driver.fetch("select 1"))
    try:
        for _ in range(LISTENS):
            await asyncio.wait({asked}, timeout=seconds / LISTENS)
        return asked.done() and asked.exception() is None
    finally:
        asked.cancel()


def _queries(driver: Driver) -> Queries:
    """pgqueuer's own statements, on the tables that the migrations put into our schema."""
    settings = DBSettings(db_schema="semmem")
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(settings),
        qbq=QueryQueueBuilder(settings),
        qbs=QuerySchedulerBuilder(settings),
    )


def failures_of(job: Job) -> int:
    """How many of the job's tries failed at what its batch holds; `job.attempts` counts outages too."""
    failures = (job.headers or {}).get("failures", 0)
    assert isinstance(failures, int), "count_failure writes a number"
    return failures


def scope_of_job(payload: bytes | None) -> Scope:
    tenant, kind, id = json.loads(payload or b"null")
    return Scope(tenant, kind, id)
