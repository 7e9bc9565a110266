"""The pool's connections: who waits in line for one, which are alive, and what happens where there are too few."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial

import asyncpg
from pgvector.asyncpg import register_vector

from semmem.errors import PoolExhausted, SemmemError, StoreUnavailable
from semmem.postgres.connect import CONNECT_TIMEOUT, arguments, connect, keep_alive
from semmem.postgres.errors import REFUSED, is_crowded, mapped_errors
from semmem.postgres.moments import set_codec
from semmem.postgres.session import session_settings
from semmem.postgres.url import PostgresUrl
from semmem.runtime.breaker import Breaker, Open
from semmem.runtime.deadline import MARGIN, ends_at
from semmem.runtime.faults import OneLine
from semmem.stores.postgres.identity import Identity
from semmem.stores.postgres.share import Share
from semmem.stores.postgres.trust import Trust, bounded

_log = logging.getLogger(__name__)
logging.getLogger("asyncpg.pool").addFilter(OneLine())  # it tells each try to connect with a traceback

FIRST_PAUSE, GROW_AGAIN_AFTER = 0.5, 60.0  # seconds between two tries for a connection that was not to be had


class Connections:
    """At most `size` of them. `wait` is how long a call waits in line for one, in seconds, while all are in use;
    `patience`, how long one that was idle has to say that it lives.
    """

    def __init__(
        self, pool: asyncpg.Pool, url: PostgresUrl, trust: Trust, *, size: int, wait: float, patience: float
    ) -> None:
        self._pool, self._url, self._trust = pool, url, trust
        self._size, self._wait, self._patience = size, wait, patience
        self.breaker = Breaker("postgres", self._is_down, probe=self._probe, patience=patience, longest_pause=2.0)
        self.share = Share(size)
        self._free = asyncio.Semaphore(size)
        self._regaining: asyncio.Task[None] | None = None
        self._unfilled = 0  # places in the pool that could not be filled, and are left empty for a while

    @classmethod
    async def open(
        cls,
        url: PostgresUrl,
        identity: Identity,
        *,
        pooled: bool,
        size: int,
        wait: float,
        patience: float,
        statement_timeout: float,
    ) -> "Connections":
        """`identity` learns from each new connection which database this is. Raises StoreUnavailable."""
        trust = Trust()
        with mapped_errors():
            pool = await asyncpg.create_pool(
                **arguments(url, prepared=not pooled),
                min_size=1,
                max_size=size,
                init=partial(_prepare, identity, pooled),
                reset=trust.left,
                command_timeout=statement_timeout,
            )
        return cls(pool, url, trust, size=size, wait=wait, patience=patience)

    def suspect(self, seconds: float) -> None:
        """One of ours was found dead: ends what was in use for longer, and trusts nothing that is idle."""
        self._trust.end_stuck(seconds)
        self._trust.distrust()

    async def aclose(self) -> None:
        await self.breaker.aclose()
        if self._regaining:
            self._regaining.cancel()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        async with self.share.held(), self._lent() as connection:
            yield connection

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        connection = await self._take()
        own = _unwrapped(connection)
        ends = ends_at()
        # The connection ends with the call's deadline: cancelling would wait for a server that may be gone.
        timer = None if ends is None else asyncio.get_running_loop().call_at(ends, self._give_up, own)
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

    def _give_up(self, connection: asyncpg.Connection) -> None:
        connection.terminate()
        self._trust.distrust()

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
            if self._trust.take(_unwrapped(connection)):
                return connection
            try:
                async with bounded(_unwrapped(connection), self._patience / 2):
                    await connection.execute("select 1")
                return connection
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._pool.release(connection)
                self._trust.end_idle()

    async def _probe(self) -> None:
        (await connect(self._url)).terminate()

    def _is_down(self, error: BaseException) -> bool:
        return isinstance(error, StoreUnavailable) and not self._is_crowded(error)

    def _is_crowded(self, error: BaseException) -> bool:
        """Whether one more connection was not to be had, while others work: else the server hangs, and has no limit."""
        silent = isinstance(error.__cause__, TimeoutError) and not self._trust.worked_within(CONNECT_TIMEOUT)
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


async def _prepare(identity: Identity, pooled: bool, connection: asyncpg.Connection) -> None:
    """Behind a pooler in one transaction, which is all that the session is ours for."""
    keep_alive(connection)
    async with bounded(connection), connection.transaction() if pooled else nullcontext():
        await connection.execute(session_settings(local=pooled))
        await identity.learn(connection)
        await _set_codecs(connection)


async def _set_codecs(connection: asyncpg.Connection) -> None:
    await register_vector(connection)
    await set_codec(connection)
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
