"""A subscription of `eventsourcing` that follows a scope."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from concurrent.futures import CancelledError
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

from semmem import Entry, ScopedMemory

Run = Callable[[Callable[[ScopedMemory], Coroutine[Any, Any, Any]]], Any]


class FollowSubscription(Subscription[ApplicationRecorder]):
    """Waits for what comes, in the thread that iterates; any thread may stop it."""

    def __init__(
        self,
        recorder: ApplicationRecorder,
        gt: int | None,
        topics: Sequence[str],
        *,
        run: Run,
        read: Callable[[Entry], Notification | None],
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._run, self._read = run, read
        self._entries: AsyncGenerator[Entry] | None = None
        self._waiting: asyncio.Task[Any] | None = None

    @property
    def waits(self) -> bool:
        """Whether a thread is in want of the next entry."""
        return self._waiting is not None

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            try:
                entry = self._run(self._next_entry)
            except CancelledError:  # by `stop`, or nobody would have it
                break
            if entry and (notification := self._read(entry)):
                return notification
        raise StopIteration

    def stop(self) -> None:
        super().stop()
        self._run(self._end)

    async def _next_entry(self, scope: ScopedMemory) -> Entry | None:
        if self._has_been_stopped:
            return None
        if self._entries is None:
            self._entries = scope.follow(after=self._last_notification_id or 0, event_types=self._topics)
        self._waiting = asyncio.current_task()
        try:
            return await anext(self._entries)
        finally:
            self._waiting = None

    async def _end(self, scope: ScopedMemory) -> None:
        if self._waiting:
            self._waiting.cancel()
            await asyncio.wait([self._waiting])
        if self._entries:
            await self._entries.aclose()
