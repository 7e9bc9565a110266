"""The way to a unit of work: under a scope or a view, which row level security then enforces, or outside of any."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import asyncpg

from semmem.domain.scope import Scope
from semmem.errors import StoreUnavailable
from semmem.postgres.connect import connect
from semmem.postgres.errors import mapped_errors
from semmem.postgres.session import APP_ROLE, PATIENT, session_settings
from semmem.postgres.url import PostgresUrl, parse
from semmem.stores.postgres.connections import Connections
from semmem.stores.postgres.fitness import check_fitness
from semmem.stores.postgres.identity import Identity
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit, Where

_SQL = statements("pool.sql")
_log = logging.getLogger(__name__)

STATEMENT_TIMEOUT = 30.0
WAIT = 60.0
PATIENCE = 2.0  # seconds that a server which accepts connections and says nothing is waited for

_ISOLATION: Final = "read_committed"


class Postgres:
    """A pool of connections that act as the application's role, which owns nothing and cannot bypass row security.

    Behind a pooler, which shares a session out to others between two transactions, each transaction takes the role on
    anew and no statement stays prepared. Either way semmem.enter refuses a transaction that another role is in.
    """

    def __init__(
        self,
        connections: Connections,
        url: PostgresUrl,
        identity: Identity,
        *,
        exclusive: int,
        statement_timeout: float,
        pooled: bool,
    ) -> None:
        self._connections, self._url = connections, url
        self._statement_timeout = statement_timeout
        self.identity, self.pooled, self.breaker = identity, pooled, connections.breaker
        # A holder of this needs another connection for its work, so that one has to be left.
        self._exclusive = asyncio.Semaphore(exclusive)

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        size: int = 10,
        wait: float = WAIT,
        patience: float = PATIENCE,
        statement_timeout: float = STATEMENT_TIMEOUT,
        name: str = "SEMMEM_POSTGRES_URL",
    ) -> "Postgres":
        """`wait` is how long a call waits for a connection while all are in use, in seconds.

        `patience` is how long one that was idle has to say that it lives, `statement_timeout` how long a statement may
        take.

        Raises StoreUnavailable, ConfigurationError, or SchemaOutdated where `semmem migrate` has to run first.
        """
        target = parse(url, name)
        pooled = await check_fitness(target)
        identity = Identity()
        connections = await Connections.open(
            target,
            identity,
            pooled=pooled,
            size=size,
            wait=wait,
            patience=patience,
            statement_timeout=statement_timeout,
        )
        exclusive = 1 if pooled else max(1, size // 2)
        return cls(
            connections, target, identity, exclusive=exclusive, statement_timeout=statement_timeout, pooled=pooled
        )

    @asynccontextmanager
    async def transaction(
        self, where: Where, now: datetime | None = None, *, by_key: bool = False
    ) -> AsyncIterator[Unit]:
        """One transaction that sees and writes only the rows of `where`; `by_key` if it only looks up known rows."""
        async with self._connections.taken() as connection, connection.transaction(isolation=_ISOLATION):
            if self.pooled:
                await connection.execute(session_settings(local=True))
            tx = Unit(connection, now=now)
            await tx.enter(where, by_key=by_key)
            yield tx

    @asynccontextmanager
    async def statement(self, where: Where | None = None, now: datetime | None = None) -> AsyncIterator[Unit]:
        """Statements that are a transaction each. One sees no tenant's rows, unless it enters `where` by itself."""
        if self.pooled:
            async with self.acting_as(APP_ROLE) as tx:
                yield Unit(tx.connection, where, now)
        else:
            async with self._connections.taken() as connection:
                yield Unit(connection, where, now)

    @asynccontextmanager
    async def acting_as(self, role: str, now: datetime | None = None) -> AsyncIterator[Unit]:
        """One transaction in this role, outside any scope."""
        async with self._connections.taken() as connection, connection.transaction(isolation=_ISOLATION):
            await connection.execute(session_settings(role, local=True))
            yield Unit(connection, now=now)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Unit]:
        """One transaction that reads as of one moment, outside any scope until it enters one."""
        taken = self._connections.taken
        async with taken() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(f"{session_settings(local=True)}; {PATIENT}")
            yield Unit(connection)

    @asynccontextmanager
    async def exclusively(self, purpose: str, scope: Scope) -> AsyncIterator[None]:
        """Waits until no other process does this for the scope; the lock goes with the transaction, or the process."""
        async with self._locking() as tx:
            await tx.execute(_SQL["lock"], name=f"alone at {purpose}:{scope.key}")
            yield

    @asynccontextmanager
    async def alone(self, purpose: str) -> AsyncIterator[bool]:
        """Whether no other process does this for the whole database; nobody waits, and none begins before we leave."""
        async with self._locking() as tx:
            yield bool(await tx.fetchval(_SQL["try_lock"], name=f"alone at {purpose}"))

    @asynccontextmanager
    async def _locking(self) -> AsyncIterator[Unit]:
        """A transaction that holds its locks while the work goes on elsewhere."""
        pool = self._connections
        async with self._exclusive, pool.share.held(2), pool.taken() as connection, connection.transaction():
            await connection.execute(PATIENT)
            yield Unit(connection)

    def divide(self, least: Mapping[str, int]) -> None:
        """Keeps so many connections for each kind of job, and some for callers; see `semmem.stores.postgres.share`."""
        if not self._connections.share.divide(least):
            _log.info("the pool is too small to keep connections for callers and for each kind of job: all take turns")

    async def analyse_new(self) -> None:
        """Lets the planner know of tables that were empty, or small, until now; after each batch of a bulk write."""
        try:
            async with self.statement() as tx:
                await tx.execute(_SQL["analyse_new"])
        except StoreUnavailable as error:  # what was written is committed, and autovacuum will do it too
            _log.warning("tables could not be analysed: %s", error)

    async def dedicated(self, role: str) -> asyncpg.Connection:
        """A connection of its own in this role, for the worker that listens on it. A pooler has none: see `pooled`."""
        connection = await connect(self._url, prepared=True, command_timeout=self._statement_timeout)
        with mapped_errors():
            await connection.execute(session_settings(role, local=False))
        return connection

    def suspect(self, seconds: float) -> None:
        """A connection of ours was found dead: ends what was in use for longer, and trusts nothing that is idle."""
        self._connections.suspect(seconds)

    async def aclose(self) -> None:
        await self._connections.aclose()
