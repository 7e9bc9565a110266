"""Which of the pool's connections are trusted to live, and how one that says nothing is ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from weakref import WeakKeyDictionary

import asyncpg

from semmem.postgres.connect import CONNECT_TIMEOUT

CHECKED_AFTER = 5.0  # seconds idle, after which a connection is asked whether it still lives before it is trusted


class Trust:
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


@asynccontextmanager
async def bounded(connection: asyncpg.Connection, seconds: float = CONNECT_TIMEOUT) -> AsyncIterator[None]:
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
