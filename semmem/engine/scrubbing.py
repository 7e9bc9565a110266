"""When the bytes of what was forgotten leave the embedded servers' files, and the receipts that say so."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from semmem.ports import Clock, RecentCache
from semmem.stores.postgres.scrubs import Scrubs, all_receipts

if TYPE_CHECKING:
    from semmem.embedded import Servers

POLL = 0.1  # seconds, until another process has scrubbed
HOLD_SECONDS = 2.0  # that a table may be closed to its readers while it is written anew


class Scrubber:
    """Scrubs once half of the time that a receipt states is over, all tenants' receipts at once."""

    def __init__(self, servers: "Servers", cache: RecentCache | None, clock: Clock, *, within: timedelta) -> None:
        self._servers, self._cache, self._clock = servers, cache, clock
        self._lead = within / 2

    async def keep(self) -> None:
        """Scrubs where it is time to. Raises EmbeddedServerError or StoreUnavailable, and says nothing is gone."""
        async with all_receipts(self._servers.postgres_url) as scrubs:
            due = (await scrubs.unscrubbed()).ready
            if due is not None and self._clock() >= due - self._lead and await scrubs.alone():
                await self._scrub(scrubs, HOLD_SECONDS)

    async def scrub(self) -> int:
        """Scrubs now, however long a table is closed to its readers; how many receipts are clean by it."""
        async with all_receipts(self._servers.postgres_url) as scrubs:
            while True:
                if await scrubs.alone():
                    return await self._scrub(scrubs, None)
                await asyncio.sleep(POLL)

    async def _scrub(self, scrubs: Scrubs, hold: float | None) -> int:
        from semmem.embedded.scrubbing import scrub  # where there are no embedded servers, there is no such module

        ready = await scrubs.ready()
        if self._cache:
            for scope in ready:  # what was on its way when it was forgotten may have come since
                await self._cache.forget(scope)
        await scrub(self._servers, hold=hold)
        for scope, receipts in ready.items():
            await scrubs.close(scope.tenant, receipts, self._clock())
        return sum(map(len, ready.values()))
