"""The pool, and the one way into a transaction: under a scope or view, which row level security then enforces."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

import asyncpg
from pgvector.asyncpg import register_vector

from semmem.domain.scope import Scope, View
from semmem.errors import ConfigurationError, PoolExhausted, SchemaOutdated, SemmemError, StoreUnavailable
from semmem.migrations import head
from semmem.migrations.access import gaps, listed
from semmem.migrations.server import examine, revision_of, unfit
from semmem.postgres.connect import CONNECT_TIMEOUT, arguments, connect, is_pooled, keep_alive
from semmem.postgres.errors import REFUSED, is_crowded, mapped_errors
from semmem.postgres.moments import set_codec
from semmem.postgres.session import APP_ROLE, PATIENT, session_settings
from semmem.postgres.url import PostgresUrl, parse
from semmem.runtime.breaker import Breaker, Open
from semmem.runtime.deadline import MARGIN, ends_at
from semmem.runtime.faults import OneLine
from semmem.stores.postgres.identity import Identity

Connection = asyncpg.pool.PoolConnectionProxy | asyncpg.Connection
Row = asyncpg.Record

_log = logging.getLogger(__name__)
logging.getLogger("asyncpg.pool").addFilter(OneLine())  # it tells each try to connect with a traceback

STATEMENT_TIMEOUT = 30.0
WAIT = 60.0
PATIENCE = 2.0  # seconds that a server which accepts connections and says nothing is waited for
CHECKED_AFTER = 5.0  # seconds idle, after which a connection is asked whether it still lives before it is trusted
FIRST_PAUSE, GROW_AGAIN_AFTER = 0.5, 60.0  # seconds between two tries for a connection that was not to be had

_ISOLATION: Final = "read_committed"

_ENTER = "select semmem.enter($1, $2, $3)"
# Reads by key have one plan, whatever the keys; made anew, it takes a sixth of the time that the reading does.
_ENTER_FOR_KEYS = f"{_ENTER}, set_config('plan_cache_mode', 'force_generic_plan', true)"


class Since:
    """Since when the pool's connections are idle, or in use: a firewall may have dropped them without a word."""

    def __init__(self) -> None:
        self._idle: WeakKeyDictionary[asyncpg.Connection, float] = WeakKeyDictionary()
        self._used: WeakKeyDictionary[asyncpg.Connection, float] = WeakKeyDictionary()
        self._distrusted = 0.0  # those that were left before are asked
        self._worked = 0.0  # when one was left last

    async def left(self, connection: asyncpg.Connection) -> None:
        """In place of a reset: what we set ends with its transaction, and the pool ends one that is open."""
        self._used.pop(connection, None)
        self._idle[connection] = self._worked = monotonic()

    def worked_within(self, seconds: float) -> bool:
        """Whether any of them was left in good order so lately."""
        return monotonic() - self._worked < seconds

    def take(self, connection: asyncpg.Connection) -> bool:
        """Whether this one, which is in use from now on, is trusted without being asked whether it lives."""
        self._used[connection] = monotonic()
        since = self._idle.pop(connection, None)
        return since is None or since >= max(self._distrusted, monotonic() - CHECKED_AFTER)

    def distrust(self) -> None:
        self._distrusted = monotonic()

    def end_idle(self) -> None:
        for connection in list(self._idle):
            connection.terminate()
        self._idle.clear()

    def end_stuck(self, seconds: float) -> None:
        """Those that are in use for longer."""
        for connection, since in list(self._used.items()):
            if monotonic() - since > seconds:
                connection.terminate()


class Postgres:
    """A pool of connections that act as the application's role, which owns nothing and cannot bypass row security.

    Behind a pooler, which shares a session out to others between two transactions, each transaction takes the role on
    anew and no statement stays prepared. Either way semmem.enter refuses a transaction that another role is in.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        url: PostgresUrl,
        identity: Identity,
        since: Since,
        *,
        size: int,
        wait: float,
        patience: float,
        statement_timeout: float,
        pooled: bool,
    ) -> None:
        self._pool, self._url, self._size, self._wait, self._patience = pool, url, size, wait, patience
        self._statement_timeout = statement_timeout
        self.identity, self.pooled = identity, pooled
        self._since = since
        self.breaker = Breaker("postgres", self._is_down, probe=self._probe, patience=patience, longest_pause=2.0)
        self._free = asyncio.Semaphore(size)
        # A holder of this needs another connection for its work, so that one has to be left.
        self._exclusive = asyncio.Semaphore(1 if pooled else max(1, size // 2))
        self._regaining: asyncio.Task[None] | None = None
        self._unfilled = 0  # places in the pool that could not be filled, and are left empty for a while

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
        pooled = await _checked(target)
        identity, since = Identity(), Since()
        with mapped_errors():
            pool = await asyncpg.create_pool(
                **arguments(target, prepared=not pooled),
                min_size=1,
                max_size=size,
                init=partial(_prepare_shared if pooled else _prepare, identity),
                reset=since.left,
                command_timeout=statement_timeout,
            )
        return cls(
            pool,
            target,
            identity,
            since,
            size=size,
            wait=wait,
            patience=patience,
            statement_timeout=statement_timeout,
            pooled=pooled,
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside any scope: it sees no tenant's rows until a statement enters one."""
        if self.pooled:
            async with self.acting_as(APP_ROLE) as connection:
                yield connection
        else:
            async with self._taken() as connection:
                yield connection

    @asynccontextmanager
    async def acting_as(self, role: str) -> AsyncIterator[Connection]:
        """One transaction in this role, outside any scope."""
        async with self._taken() as connection, connection.transaction(isolation=_ISOLATION):
            await connection.execute(session_settings(role, local=True))
            yield connection

    @asynccontextmanager
    async def transaction(self, where: Scope | View, *, by_key: bool = False) -> AsyncIterator[Connection]:
        """One transaction that sees and writes only the rows of `where`; `by_key` if it only looks up known rows."""
        view = where if isinstance(where, View) else View.of(where)
        async with self._taken() as connection, connection.transaction(isolation=_ISOLATION):
            if self.pooled:
                await connection.execute(session_settings(local=True))
            await connection.execute(_ENTER_FOR_KEYS if by_key else _ENTER, *columns_of(view))
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """One transaction that reads as of one moment, outside any scope until a statement enters one."""
        async with self._taken() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(f"{session_settings(local=True)}; {PATIENT}")
            yield connection

    @asynccontextmanager
    async def exclusively(self, purpose: str, scope: Scope) -> AsyncIterator[None]:
        """Waits until no other process does this for the scope; the lock goes with the transaction, or the process."""
        name = json.dumps([purpose, *key_of(scope)])
        async with self._exclusive, self._taken() as connection, connection.transaction():
            await connection.execute(PATIENT)
            await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
            yield

    @asynccontextmanager
    async def alone(self, purpose: str) -> AsyncIterator[bool]:
        """Whether no other process does this for the whole database; nobody waits, and none begins before we leave."""
        async with self._exclusive, self._taken() as connection, connection.transaction():
            await connection.execute(PATIENT)
            lock = "select pg_try_advisory_xact_lock(hashtextextended($1, 0))"
            yield bool(await connection.fetchval(lock, json.dumps([purpose])))

    async def analyse_new(self) -> None:
        """Lets the planner know of tables that were empty, or small, until now; after each batch of a bulk write."""
        try:
            async with self.connection() as connection:
                await connection.execute("select semmem.analyse_new()")
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
        self._since.end_stuck(seconds)
        self._since.distrust()

    async def aclose(self) -> None:
        await self.breaker.aclose()
        if self._regaining:
            self._regaining.cancel()
        try:
            await asyncio.wait_for(self._pool.close(), timeout=CONNECT_TIMEOUT)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def _taken(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        connection = await self._take()
        own = _unwrapped(connection)
        timer = self._ended_in_time(own)
        try:
            with mapped_errors():
                try:
                    yield connection
                except TimeoutError:
                    self._give_up(own)  # while it is ours: a moment later it may be another caller's
                    raise
                finally:
                    await self._pool.release(connection)
        except StoreUnavailable as error:
            error.sent = error.store == "postgres" and not isinstance(error.__cause__, REFUSED)
            raise
        finally:
            if timer:
                timer.cancel()
            self._free.release()

    def _ended_in_time(self, connection: asyncpg.Connection) -> asyncio.TimerHandle | None:
        """Ends the connection with the call's deadline: cancelling would wait for a server that may be gone."""
        ends = ends_at()
        if ends is None:
            return None
        return asyncio.get_running_loop().call_at(ends, self._give_up, connection)

    def _give_up(self, connection: asyncpg.Connection) -> None:
        connection.terminate()
        self._since.distrust()

    async def _take(self) -> asyncpg.pool.PoolConnectionProxy:
        """A connection of the pool; waiting in line for one is no outage, and an outage ends the waiting at once."""
        began = asyncio.get_running_loop().time()
        while True:
            await self._wait_in_line(began)
            try:
                with self.breaker.guard(), mapped_errors(tls=self._url.insists_on_tls):
                    return await self._living()
            except Open as error:
                self._free.release()
                raise StoreUnavailable("postgres", "it is known to be down, and looked for") from error
            except BaseException as error:
                if self._is_crowded(error):
                    self._shrink()
                    continue
                self._free.release()
                raise

    async def _living(self) -> asyncpg.pool.PoolConnectionProxy:
        """One that was idle for long has to answer first; where it does not, the others that were are not believed."""
        while True:
            connection = await self._pool.acquire()
            if self._since.take(_unwrapped(connection)):
                return connection
            try:
                async with _bounded(_unwrapped(connection), self._patience / 2):
                    await connection.execute("select 1")
                return connection
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._pool.release(connection)
                self._since.end_idle()

    async def _probe(self) -> None:
        (await connect(self._url)).terminate()

    def _is_down(self, error: BaseException) -> bool:
        return isinstance(error, StoreUnavailable) and not self._is_crowded(error)

    def _is_crowded(self, error: BaseException) -> bool:
        """Whether one more connection was not to be had, while others work: else the server hangs, and has no limit."""
        silent = isinstance(error.__cause__, TimeoutError) and not self._since.worked_within(CONNECT_TIMEOUT)
        return is_crowded(error.__cause__) and self._pool.get_size() > 0 and not silent

    async def _wait_in_line(self, began: float) -> None:
        """Until one may be taken. Raises PoolExhausted, also where the call's deadline comes first."""
        ends = ends_at()
        due = began + self._wait
        try:
            async with asyncio.timeout_at(due if ends is None else min(due, ends - MARGIN)):
                await self._free.acquire()
        except TimeoutError:
            raise PoolExhausted(self._size, asyncio.get_running_loop().time() - began) from None

    def _shrink(self) -> None:
        """Makes do with the connections there are for a while: neither the server nor a pooler gives us more."""
        if not self._unfilled:
            have = self._pool.get_size()
            _log.warning("Postgres, or a pooler before it, gives no more than %s of %s connections", have, self._size)
        self._unfilled += 1
        if self._regaining is None or self._regaining.done():
            self._regaining = asyncio.create_task(self._regain(), name="semmem-regain-connections")

    async def _regain(self) -> None:
        """Fills the places again as connections are to be had: what was a limit may have been an outage's end."""
        pause = FIRST_PAUSE
        while self._unfilled:
            await asyncio.sleep(pause)
            try:
                await self._probe()
            except SemmemError:
                pause = min(2 * pause, GROW_AGAIN_AFTER)
            else:
                pause = FIRST_PAUSE
                self._unfilled -= 1
                self._free.release()


def _unwrapped(connection: asyncpg.pool.PoolConnectionProxy) -> asyncpg.Connection:
    """The pool's own, which is the same each time that it is taken."""
    own: asyncpg.Connection = connection._con  # type: ignore[attr-defined]
    return own


async def _prepare(identity: Identity, connection: asyncpg.Connection) -> None:
    keep_alive(connection)
    async with _bounded(connection):
        await connection.execute(session_settings(local=False))
        await identity.learn(connection)
        await _set_codecs(connection)


async def _prepare_shared(identity: Identity, connection: asyncpg.Connection) -> None:
    keep_alive(connection)
    async with _bounded(connection), connection.transaction():
        await connection.execute(session_settings(local=True))
        await identity.learn(connection)
        await _set_codecs(connection)


@asynccontextmanager
async def _bounded(connection: asyncpg.Connection, seconds: float = CONNECT_TIMEOUT) -> AsyncIterator[None]:
    """Ends the connection where its first statements fail or take long: a pooler greets all, and lets them wait.

    Cancelling them would not do, for a pooler may answer that no sooner.
    """
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    timer = loop.call_at(due, connection.terminate)
    try:
        yield
    except BaseException as error:
        connection.terminate()
        if loop.time() >= due and isinstance(error, asyncpg.PostgresConnectionError | asyncpg.InterfaceError):
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


async def _set_codecs(connection: asyncpg.Connection) -> None:
    await register_vector(connection)
    await set_codec(connection)
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def _checked(url: PostgresUrl) -> bool:
    """Whether a pooler stands before the server. Raises ConfigurationError unless all is there that semmem needs."""
    connection = await connect(url)
    try:
        with mapped_errors():
            pooled = url.pooled or await is_pooled(connection)
            async with connection.transaction():
                await _check(connection)
            return pooled
    finally:
        await connection.close()


async def _check(connection: asyncpg.Connection) -> None:
    await connection.execute(session_settings(None, local=True))
    server = await examine(connection)
    if reasons := unfit(server):
        raise ConfigurationError("; ".join(reasons))
    if server.has_roles and not server.acts_as_app:
        fix = f'run `grant {APP_ROLE} to "{server.login}"` as an administrator'
        raise ConfigurationError(f"the Postgres login {server.login} may not act as {APP_ROLE}; {fix}")
    if server.acts_as_app:  # a login need not inherit what the role may read
        await connection.execute(f"set local role {APP_ROLE}")
    revision = await revision_of(connection)
    if revision != head():
        raise SchemaOutdated(f"the database is at revision {revision or 'none'}, this release needs {head()}; {_FIX}")
    if lacking := await gaps(connection):
        raise SchemaOutdated(f"the database lacks {listed(lacking)}; {_FIX}", [gap.what for gap in lacking])


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
