"""The threads of one place, for frameworks that keep the checkpoints of their graphs in it."""

import asyncio
from collections.abc import Sequence

from semmem.domain.thread import Claim, Contents, Found, Link, NewCheckpoint, NewWrites, Searched, ThreadKey
from semmem.errors import ThreadLost
from semmem.memory.parts import Parts
from semmem.memory.place import Opened
from semmem.memory.scoped import ScopedMemory

PATIENCE = 5.0  # seconds that writes wait for their checkpoint, which is on its way, while nothing comes
PAUSE = 0.02


class Threads:
    """Whoever writes shows a claim; a run whose thread went on without it is refused by ThreadLost."""

    def __init__(self, memory: ScopedMemory, opened: Opened) -> None:
        self._place, self._scope, self._opened = memory.place, memory.scope, opened

    async def put(self, new: NewCheckpoint, claim: Claim, *, first: bool) -> None:
        """Stores a checkpoint with the values that it changed; a `first` one finds no other there."""
        async with self._parts.calls.write():
            await self._parts.threads.put(self._place, new, claim, first=first)

    async def put_writes(self, new: NewWrites, claim: Claim) -> None:
        """Stores what a task wrote, once its checkpoint is there; nothing where that was pruned."""
        loop = asyncio.get_running_loop()
        gives_up, turn = loop.time() + PATIENCE, 0
        while True:
            async with self._parts.calls.write():
                last = await self._parts.threads.put_writes(self._place, new, claim)
            if last is None:
                return
            if last != turn:  # checkpoints come one behind the other, and this one's turn comes
                gives_up, turn = loop.time() + PATIENCE, last
            if loop.time() >= gives_up:
                raise ThreadLost(new.key.thread)
            await asyncio.sleep(PAUSE)

    async def get(self, key: ThreadKey, checkpoint: str | None) -> tuple[Found, Contents] | None:
        """One checkpoint of a thread, or its latest."""
        async with self._parts.calls.read():
            return await self._parts.threads.get(self._scope, key, checkpoint)

    async def page(self, searched: Searched, *, after: Found | None, limit: int) -> list[Found]:
        """Newest first, behind one of them."""
        async with self._parts.calls.read():
            return await self._parts.threads.page(self._scope, searched, after=after, limit=limit)

    async def contents(self, found: Sequence[Found]) -> list[Contents]:
        """Of each of these checkpoints."""
        async with self._parts.calls.read():
            return await self._parts.threads.contents(self._scope, found)

    async def chain(self, thread: str) -> list[Link]:
        """All checkpoints of a thread, one graph after the other, newest first."""
        async with self._parts.calls.read():
            return await self._parts.threads.chain(self._scope, thread)

    async def drop(self, links: Sequence[Link]) -> None:
        """Takes these checkpoints out, with what only they hold."""
        async with self._parts.calls.write():
            await self._parts.threads.drop(self._scope, links)

    async def delete_runs(self, runs: Sequence[str]) -> None:
        """Takes out the checkpoints that these runs made."""
        async with self._parts.calls.write():
            await self._parts.threads.delete_runs(self._scope, runs)

    async def delete(self, threads: Sequence[str]) -> None:
        """With all that is kept of them; a run that goes on has lost its thread."""
        async with self._parts.calls.write():
            await self._parts.threads.delete(self._scope, threads)

    async def copy(self, source: str, target: str) -> None:
        """All of a thread under another name. Raises InvalidInput where there is one of that name."""
        async with self._parts.calls.write():
            await self._parts.threads.copy(self._scope, source, target)

    @property
    def _parts(self) -> Parts:
        return self._opened.parts


def threads_of(memory: ScopedMemory) -> Threads:
    return Threads(memory, memory._opened)
