"""The real memory that the machine drives, and the faults that befall it; one for all examples of a run."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

import asyncpg
from redis.asyncio import Redis

from semmem.domain.scope import Branch, Scope
from semmem.memory.scoped import ScopedMemory
from semmem.stores.qdrant.client import connect
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application, make_application
from tests.applications import opened
from tests.machine.model import Place


class World:
    """`application` has no worker of its own: work is done when the machine says so."""

    def __init__(self, urls: Mapping[str, Any]) -> None:
        self.urls = dict(urls)
        self.clock = ManualClock()
        self.application: Application
        self._stack, self._opened = AsyncExitStack(), AsyncExitStack()
        self._owner: asyncpg.Connection
        self._victims: asyncio.subprocess.Process
        self._example = 0

    async def __aenter__(self) -> Self:
        self._owner = await asyncpg.connect(self.urls["postgres_url"])
        self._stack.push_async_callback(self._owner.close)
        command = (sys.executable, "-m", "tests.machine.victim", json.dumps(self.urls))
        pipe = asyncio.subprocess.PIPE
        self._victims = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        self._stack.push_async_callback(self._end_victims)
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()
        await self._stack.aclose()

    async def _open(self) -> None:
        self.application = await self._opened.enter_async_context(opened(self.urls, self.clock, worker=False))

    async def _end_victims(self) -> None:
        assert self._victims.stdin is not None
        self._victims.stdin.close()
        await self._victims.wait()

    async def begin(self) -> None:
        """Another example: its tenants are its own, and nothing of the one before waits."""
        self._example += 1
        await self._owner.execute("delete from semmem.pgqueuer")

    def scope(self, place: Place) -> Scope:
        return Scope(f"{place.tenant}-{self._example}", place.kind, place.id)  # type: ignore[arg-type]

    def memory(self, place: Place) -> ScopedMemory:
        return self.application.memory.at(Branch(self.scope(place)))

    async def restart(self) -> None:
        await self._opened.aclose()
        await self._open()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker beside us, on the stores that are open."""
        now = self.application
        worker = make_application(now.settings, now.stores, now.models, self.clock).worker
        running = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await running

    async def until_qdrant_is_whole(self) -> None:
        mirror = self.application.stores.mirror
        assert mirror is not None

        async def whole() -> bool:
            mark = await mirror.mark()
            return mark is not None and mark.whole

        await wait_until(whole)

    async def kill(self, failpoint: str, verb: str, place: Place, **told: str) -> int:
        """The exit code of a process that does the verb until it reaches the failpoint."""
        scope = self.scope(place)
        told |= {"failpoint": failpoint, "verb": verb, "now": self.clock().isoformat()}
        line = json.dumps(told | {"place": [scope.tenant, scope.kind, scope.id]})
        assert self._victims.stdin is not None
        assert self._victims.stdout is not None
        self._victims.stdin.write(line.encode() + b"\n")
        code = int(await self._victims.stdout.readline())
        # In place of waiting for the lease to end: whoever held a job now is dead.
        await self._owner.execute("update semmem.pgqueuer set heartbeat = heartbeat - interval '1 hour'")
        return code

    async def drop_redis(self) -> None:
        """All that this memory keeps there, as an eviction would."""
        async with Redis.from_url(self.urls["redis_url"]) as client:
            async for key in client.scan_iter(f"{self.urls['redis_prefix']}*"):
                await client.delete(key)

    async def drop_qdrant(self) -> None:
        client = connect(self.urls["qdrant_url"], self.urls["qdrant_api_key"])
        try:
            for collection in (await client.get_collections()).collections:
                if collection.name.startswith(self.urls["qdrant_prefix"]):
                    await client.delete_collection(collection.name)
        finally:
            await client.close()
