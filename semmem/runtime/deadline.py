"""How long a call may take: said once, where it begins, and asked for wherever it waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar

from semmem.domain.checks import check_seconds
from semmem.errors import PoolExhausted, StoreUnavailable, TimedOut, Unconfirmed, WriteConflict

AT_ONCE = 16  # questions that a process answers: more would only wait for each other
MARGIN = 0.02  # seconds before the end of a deadline that are its end, too
LAST = 0.1  # seconds that are left to hand an answer out
PART = 0.4  # of the time that is left, for a part that the answer can do without

_ends: ContextVar[float | None] = ContextVar("semmem_deadline", default=None)


class Calls:
    """How long calls may take, in seconds, where they do not say so themselves; and a line for the many at once.

    A question's time begins when its turn comes, for in a burst it would be over in the line; where the caller names a
    time, the line is part of it.
    """

    def __init__(
        self,
        *,
        read: float,
        write: float,
        at_once: int = AT_ONCE,
        before_write: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`before_write` is waited for before each write, as a part of its time."""
        self._read, self._write, self._before_write = read, write, before_write
        self._line = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def question(self, timeout: float | None) -> AsyncIterator[None]:
        if timeout is None:
            async with self._line, deadline(self._read):
                yield
        else:
            async with deadline(_checked(timeout)), self._line:
                yield

    def read(self, timeout: float | None = None) -> AbstractAsyncContextManager[None]:
        return deadline(self._read if timeout is None else _checked(timeout))

    @asynccontextmanager
    async def write(self, timeout: float | None = None) -> AsyncIterator[None]:
        """Raises Unconfirmed where what was sent may have been stored."""
        try:
            async with deadline(self._write if timeout is None else _checked(timeout)):
                if self._before_write:
                    await self._before_write()
                yield
        except StoreUnavailable as error:
            if error.sent and not isinstance(error, WriteConflict):
                raise Unconfirmed(str(error)) from error
            raise


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Ends what is inside after so many seconds, or sooner where an outer deadline is. Raises TimedOut."""
    loop = asyncio.get_running_loop()
    ends, outer = loop.time() + seconds, _ends.get()
    ends = ends if outer is None else min(ends, outer)
    token = _ends.set(ends)
    try:
        async with asyncio.timeout_at(ends):
            yield
    except (TimeoutError, StoreUnavailable) as error:
        if loop.time() < ends - MARGIN or isinstance(error, PoolExhausted):
            raise
        raise TimedOut(seconds, sent=isinstance(error, TimeoutError) or error.sent) from error
    finally:
        _ends.reset(token)


def ends_at() -> float | None:
    """Returns the end of the deadline in the loop's time; None where nobody waits."""
    return _ends.get()


def part() -> float | None:
    """Returns the seconds for a part that the answer can do without, so that the rest of it has its time too."""
    ends = _ends.get()
    return None if ends is None else max(0.0, PART * (ends - asyncio.get_running_loop().time()))


def rest(most: float) -> float:
    """Returns the seconds, at most so many, for the last part of an answer, which can do without it too."""
    ends = _ends.get()
    return most if ends is None else max(0.0, min(most, ends - asyncio.get_running_loop().time() - LAST))


def _checked(timeout: float) -> float:
    check_seconds("timeout", timeout)
    return timeout
