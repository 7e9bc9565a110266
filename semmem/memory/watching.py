"""Who follows a scope in this process is told when its log has grown.

A wake-up is a hint: it says that there may be more, and the log itself says what. Writers of this process tell at once,
those of others through Redis. What is lost there, and everything where there is no Redis, is found by a look at the
heads of all followed scopes, twice a second, by one query. Nobody who waits holds a connection.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import TypeVar

from semmem.domain.scope import Scope
from semmem.errors import InvalidInput, StoreUnavailable
from semmem.ports import Wakeups
from semmem.runtime.background import Background
from semmem.runtime.deadline import deadline
from semmem.runtime.faults import FaultLog
from semmem.stores.postgres.log import EntryLog

T = TypeVar("T")

faults = FaultLog(logging.getLogger(__name__))

LOOK_EVERY = 0.5  # seconds between two looks at the heads
LOOK_SECONDS = 5.0  # for one of them
TELL_EVERY = 0.01  # seconds between two wake-ups of one scope
TRY_AGAIN = 0.5  # seconds after Postgres or Redis was lost
CANCEL_AGAIN = 1.0
MOST_SCOPES = 1_000  # that one look at the heads names


class Watcher:
    """One follower of a scope, and how far it has read."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._woken = asyncio.Event()

    def clear(self) -> None:
        """Before a read: what is written from then on wakes again."""
        self._woken.clear()

    async def wait(self, seconds: float | None = None) -> bool:
        """Returns whether it was woken within so many seconds, or at all where none are said."""
        try:
            async with asyncio.timeout(seconds):
                return await self._woken.wait()
        except TimeoutError:
            return False

    def wake(self, head: int) -> None:
        if head > self.position:
            self._woken.set()

    def close(self) -> None:
        self._woken.set()


class Watching:
    """The followers of a process: one line for their reads, one task that looks, and one that listens."""

    def __init__(self, log: EntryLog, wakeups: Wakeups | None, background: Background) -> None:
        self._log, self._wakeups, self._background = log, wakeups, background
        self._watchers: dict[Scope, set[Watcher]] = {}
        self._followed = asyncio.Event()  # whether anybody does
        self._tasks: list[asyncio.Task[None]] = []
        self._untold: dict[Scope, int] = {}
        self._telling = False
        # One connection to Postgres, and one to Redis, however many follow.
        self._line = asyncio.Semaphore(1)

    @contextmanager
    def watch(self, scope: Scope, position: int) -> Iterator[Watcher]:
        """Raises InvalidInput where this process follows too many other scopes."""
        if scope not in self._watchers and len(self._watchers) >= MOST_SCOPES:
            limit = f"is one more than the {MOST_SCOPES:,} that a process may follow"
            raise InvalidInput("scope", limit, "close other followers, or follow it in another process")
        watcher = Watcher(position)
        self._watchers.setdefault(scope, set()).add(watcher)
        self._begin()
        try:
            yield watcher
        finally:
            self._watchers[scope].discard(watcher)
            if not self._watchers[scope]:
                del self._watchers[scope]
            if not self._watchers:
                self._followed.clear()

    async def answered(self, ask: Callable[[], Awaitable[T]], scope: Scope) -> T:
        """What a follower reads or takes next, as soon as Postgres answers."""
        while True:
            try:
                async with self._line:
                    return await ask()
            except StoreUnavailable as error:
                faults.warn("a follower waits for Postgres", error, scope)
                await asyncio.sleep(TRY_AGAIN)

    def wake(self, scope: Scope, head: int) -> None:
        """After a commit that has brought the scope's log up to `head`: those who follow it, here and elsewhere."""
        self._wake_here(scope, head)
        if self._wakeups:
            self._untold[scope] = max(head, self._untold.get(scope, 0))
            if not self._telling:
                self._telling = True
                self._background.start(self._tell(self._wakeups))

    async def aclose(self) -> None:
        """Ends the tasks; followers wake, and find the memory closed."""
        while waiting := [task for task in self._tasks if not task.done()]:
            for task in waiting:
                task.cancel()
            # Redis's client may lose a cancellation that comes as a connection ends: it is asked again.
            await asyncio.wait(waiting, timeout=CANCEL_AGAIN)
        for watcher in [each for watchers in self._watchers.values() for each in watchers]:
            watcher.close()

    def _wake_here(self, scope: Scope, head: int) -> None:
        for watcher in self._watchers.get(scope, ()):
            watcher.wake(head)

    async def _tell(self, wakeups: Wakeups) -> None:
        """All that there is to tell at once, and what came meanwhile a moment later."""
        try:
            while self._untold:
                heads, self._untold = self._untold, {}
                try:
                    await wakeups.tell(heads)
                except StoreUnavailable as error:
                    faults.warn("followers in other processes are told half a second late", error)
                await asyncio.sleep(TELL_EVERY)
        finally:
            self._telling = False

    def _begin(self) -> None:
        """What looks and listens starts with the first follower, and rests while there is none."""
        self._followed.set()
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._look(), name="semmem-look"))
            if self._wakeups:
                self._tasks.append(asyncio.create_task(self._listen(self._wakeups), name="semmem-listen"))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self._followed.wait()
            try:
                async with self._line, deadline(LOOK_SECONDS):
                    heads = await self._log.heads(list(self._watchers))
                for scope, head in heads.items():
                    self._wake_here(scope, head)
            except Exception as error:  # a look that ends for good would leave followers waiting for ever
                faults.warn("followers wait for Postgres", error)

    async def _listen(self, wakeups: Wakeups) -> None:
        while True:
            await self._followed.wait()
            try:
                async with aclosing(wakeups.heard(self._watchers.keys())) as heard:
                    async for scope, head in heard:
                        self._wake_here(scope, head)
            except Exception as error:  # whatever it is, Redis may be well again later
                faults.warn("followers look for themselves, without Redis", error)
                await asyncio.sleep(TRY_AGAIN)
