"""The pool, and the one way into a transaction: under a scope or view, which row level security then enforces."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache, partial

import asyncpg
from pgvector.asyncpg import register_vector

from semmem.errors import ConfigurationError, SchemaOutdated, StoreUnavailable
from semmem.migrations import head
from semmem.scope import Scope, View
from semmem.stores.identity import Identity

Connection = asyncpg.pool.PoolConnectionProxy | asyncpg.Connection
Row = asyncpg.Record

_log = logging.getLogger(__name__)

APP_ROLE = "semmem_app"
CONNECT_TIMEOUT = 3.0
STATEMENT_TIMEOUT = 30.0

_ENTER = "select semmem.enter($1, $2, $3)"
# Reads by key have one plan, whatever the keys; made anew, it takes a sixth of the time that the reading does.
_ENTER_FOR_KEYS = f"{_ENTER}, set_config('plan_cache_mode', 'force_generic_plan', true)"

_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.exceptions.ClientConfigurationError,
)
_UNAVAILABLE = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg may say of a connection that broke in the middle of a query
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Turns the driver's "cannot reach it" into StoreUnavailable, without its text: that may hold addresses."""
    try:
        yield
    except _REFUSED as error:
        fix = "correct the login and the database in SEMMEM_POSTGRES_URL"
        raise ConfigurationError(f"Postgres refused the connection ({type(error).__name__}); {fix}") from error
    except _UNAVAILABLE as error:
        raise StoreUnavailable("postgres", type(error).__name__) from error


class Postgres:
    """A pool of connections that act as the application's role, which owns nothing and cannot bypass row security."""

    def __init__(self, pool: asyncpg.Pool, url: str, identity: Identity) -> None:
        self._pool = pool
        self._url = url
        self.identity = identity

    @classmethod
    async def connect(cls, url: str, *, size: int = 10) -> "Postgres":
        """Raises StoreUnavailable, or SchemaOutdated where `semmem migrate` has to run first."""
        identity = Identity()
        with mapped_errors():
            await _check_schema(url)
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                init=partial(_prepare, identity),
                reset=_keep,
                timeout=CONNECT_TIMEOUT,
                command_timeout=STATEMENT_TIMEOUT,
                server_settings={"role": APP_ROLE, "application_name": "semmem"},
            )
        return cls(pool, url, identity)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside any scope: it sees no tenant's rows until a statement enters one."""
        with mapped_errors():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self, where: Scope | View, *, by_key: bool = False) -> AsyncIterator[Connection]:
        """One transaction that sees and writes only the rows of `where`; `by_key` if it only looks up known rows."""
        view = where if isinstance(where, View) else View.of(where)
        async with self.connection() as connection, connection.transaction():
            await connection.execute(_ENTER_FOR_KEYS if by_key else _ENTER, *columns_of(view))
            yield connection

    @asynccontextmanager
    async def exclusively(self, purpose: str, scope: Scope) -> AsyncIterator[None]:
        """Waits until no other process does this for the scope; the lock goes with the transaction, or the process."""
        name = json.dumps([purpose, *key_of(scope)])
        async with self.connection() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
            yield

    async def analyse_new(self) -> None:
        """Lets the planner know of tables that were empty, or small, until now; after each batch of a bulk write."""
        try:
            async with self.connection() as connection:
                await connection.execute("select semmem.analyse_new()")
        except StoreUnavailable as error:  # what was written is committed, and autovacuum will do it too
            _log.warning("tables could not be analysed: %s", error)

    async def dedicated(self) -> asyncpg.Connection:
        """A connection of its own, for the worker that listens on it."""
        with mapped_errors():
            return await asyncpg.connect(self._url, timeout=CONNECT_TIMEOUT, server_settings={"role": APP_ROLE})

    async def aclose(self) -> None:
        try:
            await asyncio.wait_for(self._pool.close(), timeout=CONNECT_TIMEOUT)
        except TimeoutError:
            self._pool.terminate()


async def _prepare(identity: Identity, connection: asyncpg.Connection) -> None:
    await identity.learn(connection)
    await register_vector(connection)
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def _keep(connection: asyncpg.Connection) -> None:
    """Saves the round trip of a reset: what we set ends with its transaction, and the pool ends one that is open."""


async def _check_schema(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT)
    try:
        found = await connection.fetchval("select version_num from public.semmem_revision")
        await connection.execute(f"set role {APP_ROLE}")
    except asyncpg.UndefinedTableError:
        found = None
    except asyncpg.InsufficientPrivilegeError as error:
        fix = f"grant {APP_ROLE} to it"
        raise ConfigurationError(f"the Postgres login may not act as {APP_ROLE}; {fix}") from error
    finally:
        await connection.close()
    if found != head():
        raise SchemaOutdated(f"the database is at revision {found or 'none'}, this release needs {head()}; {_FIX}")


_FIX = "run `semmem migrate`"


def scope_of(row: Row) -> Scope:
    return scope_at(row["tenant"], row["scope_kind"], row["scope_id"])


# Rows come by the hundred from the same few scopes, whose ids need no check again.
scope_at = lru_cache(maxsize=1_000)(Scope)


def key_of(scope: Scope) -> tuple[str, str, str]:
    """The first three columns of every key."""
    return scope.tenant, scope.kind, scope.id


def columns_of(view: View) -> tuple[str, list[str], list[str]]:
    """The tenant, and the scopes' kinds and ids side by side, for `unnest`."""
    return view.tenant, [scope.kind for scope in view.scopes], [scope.id for scope in view.scopes]


def affected(status: str) -> int:
    """The row count in a command's status, such as `DELETE 3`."""
    return int(status.rsplit(" ", 1)[-1])
