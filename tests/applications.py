"""Opens the real application on a test's own database, with waits short enough for tests."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from semmem import ScopedMemory
from semmem.stores.postgres.jobs import queue
from semmem.wiring.bootstrap import Application, open_application
from semmem.wiring.settings import load_settings

Opener = Callable[..., AbstractAsyncContextManager[Application]]

# What every application of a test run is opened with, unless the test says otherwise.
FAST: dict[str, Any] = {
    "extract_after": 0,
    "lease": 10,  # a third of it is how soon a connection that is silent on a busy machine counts as dead
    "sweep_every": 1,
    "backoff": 0.05,
    "worker": True,
    "postgres_pool": 8,  # the fewest of which some are kept for callers
    "read_timeout": 60,
    "write_timeout": 60,
}


@asynccontextmanager
async def opened(urls: dict[str, Any], clock: Callable[[], datetime], **given: Any) -> AsyncIterator[Application]:
    settings = load_settings(**(FAST | urls | given))
    async with open_application(settings, clock=clock) as application:
        yield application


async def extract_again(application: Application, alice: ScopedMemory, events: Sequence[UUID]) -> None:
    """What a replayed dead letter does, or a release that reads all anew."""
    async with application.stores.postgres.transaction(alice.scope) as tx:
        undo = "update semmem.events set consolidated_at = null where id = any ($1::uuid[])"
        await tx.connection.execute(undo, events)
        await queue(tx, "consolidate")
    await alice.settled()
