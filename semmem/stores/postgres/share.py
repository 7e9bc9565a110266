"""How much of the pool a worker's jobs may hold: callers never wait behind them, nor one kind of job behind another."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_kind: ContextVar[str | None] = ContextVar("semmem_kind_of_job", default=None)


@contextmanager
def as_job(kind: str) -> Iterator[None]:
    """What takes connections inside is a job of this kind."""
    token = _kind.set(kind)
    try:
        yield
    finally:
        _kind.reset(token)


class Share:
    """Counts the connections that jobs hold; nothing until `divide` was called, and nothing of whoever is no job."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._for_jobs = size
        self._least: Mapping[str, int] = {}  # by kind: as many are its own; what is left is for whichever needs it
        self._held = Counter[str]()
        self._changed = asyncio.Event()

    def divide(self, least: Mapping[str, int]) -> bool:
        """Sets a fifth of the pool aside for callers, and for each kind of job what it needs at least.

        False, and nobody has anything of his own, where the pool is too small for that.
        """
        for_jobs = self._size - max(1, self._size // 5)
        if sum(least.values()) > for_jobs:
            return False
        self._for_jobs, self._least = for_jobs, least
        return True

    @asynccontextmanager
    async def held(self, count: int = 1) -> AsyncIterator[None]:
        """While one connection is held; or one that holds a lock, and a second one for the work under it."""
        kind = _kind.get()
        if kind is None or kind not in self._least:
            yield
            return
        while not self._may_hold(kind, count):
            await self._changed.wait()
        self._held[kind] += count
        token = _kind.set(None)  # what is taken inside is counted already
        try:
            yield
        finally:
            _kind.reset(token)
            self._held[kind] -= count
            self._changed.set()  # each that waits looks again
            self._changed = asyncio.Event()

    def _may_hold(self, kind: str, count: int) -> bool:
        others = sum(max(0, least - self._held[other]) for other, least in self._least.items() if other != kind)
        return self._held.total() + count + others <= self._for_jobs
