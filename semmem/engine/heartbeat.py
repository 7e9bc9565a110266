"""By which others see that a worker lives."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from semmem.errors import SemmemError
from semmem.runtime.breaker import Breaker
from semmem.stores.postgres.health import HealthStore

LOOK_EVERY = 1.0  # seconds, at whether the dependencies answer


class Heartbeat:
    """Three beats a lease, until cancelled; a worker that stops in good order leaves at once.

    A beat also says which stores the worker has beside Postgres, and which of its dependencies do not answer: other
    processes cannot see this one's breakers. When that changes, a beat comes at once.
    """

    def __init__(
        self, store: HealthStore, lease: timedelta, breakers: Sequence[Breaker], stores: Sequence[str] = ()
    ) -> None:
        self._store, self._lease, self._breakers, self._stores = store, lease, breakers, stores
        self._worker = uuid4()

    async def run(self) -> None:
        loop, every = asyncio.get_running_loop(), self._lease.total_seconds() / 3
        told: list[str] = []
        due = loop.time()
        while True:
            silent = [breaker.name for breaker in self._breakers if breaker.silent]
            if silent != told or loop.time() >= due:
                told, due = silent, loop.time() + every
                with suppress(SemmemError):  # whoever takes jobs says so, and this is heard again with the next beat
                    await self._store.beat(self._worker, self._lease, silent, self._stores)
            await asyncio.sleep(min(LOOK_EVERY, every))

    async def leave(self, *, within: float) -> None:
        """Where Postgres does not answer within so many seconds, the lease ends it."""
        with suppress(SemmemError, TimeoutError):
            async with asyncio.timeout(within):
                await self._store.leave(self._worker)
