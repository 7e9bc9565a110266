"""A lock on names of a scope, with a token by which a stale holder is known."""

import asyncio
import random
from datetime import timedelta
from types import TracebackType
from typing import Self

from semmem.domain.checks import check_duration
from semmem.domain.scope import Branch, Scope
from semmem.domain.state import MAX_HOLD, MIN_HOLD, Fence
from semmem.errors import InvalidInput, LockHeld, StoreUnavailable
from semmem.memory.parts import Parts
from semmem.memory.place import Opened
from semmem.stores.postgres.locks import Held

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds between two tries of one who waits


class Lock:
    """Held within `async with`, by the server's clock, until its time is over or it is left.

    `token` rises with each holder, through release, forget and restore: whatever is outside can refuse a lower one.
    A holder whose time is over has lost the lock as soon as somebody else takes it; a write with `lock=` raises then.
    """

    def __init__(
        self,
        place: Branch,
        opened: Opened,
        names: tuple[str, ...],
        *,
        ttl: timedelta,
        wait: timedelta,
        agent: str | None,
        own: set[str],
    ) -> None:
        """`own` are the names that this agent holds in this process."""
        self.names = names
        self._place, self._opened, self._ttl, self._wait = place, opened, ttl, wait
        self._agent, self._own = agent, own
        self._fence: Fence | None = None
        self._ends = 0.0  # in the loop's time

    @property
    def scope(self) -> Scope:
        return self._place.scope

    @property
    def token(self) -> int:
        """Raises InvalidInput before the lock was taken."""
        return fence_of(self).token

    @property
    def held(self) -> bool:
        """Whether its time lasts, as far as this process knows: a hint, where a write with `lock=` is certain."""
        return self._fence is not None and asyncio.get_running_loop().time() < self._ends

    async def renew(self, ttl: timedelta | None = None) -> None:
        """Its time begins again. Raises LockLost where somebody else has taken it, or it was released or forgotten."""
        ttl = self._ttl if ttl is None else check_hold(ttl)
        began = asyncio.get_running_loop().time()
        async with self._parts.calls.write():
            await self._parts.locks.renew(self.scope, fence_of(self), ttl)
        self._ends = began + ttl.total_seconds()

    async def __aenter__(self) -> Self:
        """Raises LockHeld where somebody else holds one of the names for longer than this waits."""
        if mine := sorted(self._own & set(self.names)):
            raise InvalidInput(
                "names", f"hold {mine[0]}, which this agent holds already", "use that lock, or leave it first"
            )
        self._fence = await self._acquire()
        self._own.update(self.names)
        self._parts.watching.wake(self.scope, self.token)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._own.difference_update(self.names)
        self._ends = 0.0
        try:
            async with self._parts.calls.write():
                await self._parts.locks.release(self.scope, fence_of(self))
        except StoreUnavailable:  # it ends by itself, and what went wrong inside matters more
            if error is None:
                raise

    async def _acquire(self) -> Fence:
        loop = asyncio.get_running_loop()
        gives_up, pause = loop.time() + self._wait.total_seconds(), FIRST_PAUSE
        while True:
            began = loop.time()
            async with self._parts.calls.write():
                found = await self._parts.locks.acquire(
                    self._place, self.names, agent=self._agent, ttl=self._ttl, now=self._parts.clock()
                )
            if not isinstance(found, Held):
                self._ends = began + self._ttl.total_seconds()
                return found
            left = gives_up - loop.time()
            if left <= 0:
                raise LockHeld(found.name, by=found.holder, until=found.until)
            # Those who wait come back at unlike times, the sooner the shorter they have waited.
            await asyncio.sleep(min(left, pause * random.uniform(0.5, 1)))
            pause = min(2 * pause, LONGEST_PAUSE)

    @property
    def _parts(self) -> Parts:
        return self._opened.parts


def fence_of(lock: Lock) -> Fence:
    """What a write shows of a lock."""
    if lock._fence is None:
        raise InvalidInput("lock", "was not taken yet", "use it inside `async with`")
    return lock._fence


def check_hold(ttl: object) -> timedelta:
    fix = "renew the lock where the work takes longer"
    return check_duration("ttl", ttl, MIN_HOLD, MAX_HOLD, span="1 s to 1 h", fix=fix)
