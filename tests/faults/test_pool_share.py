"""Jobs that wait in Postgres leave connections to callers, and to jobs of other kinds."""

from functools import partial
from uuid import UUID

import asyncpg
import pytest

from semmem import ScopedMemory
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

TENANTS = [f"tenant-{number}" for number in range(12)]
WAIT = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def _remember_of_each(application: Application) -> None:
    for tenant in TENANTS:
        await application.memory.scope(tenant=tenant, user="alice").remember("I live in Munich.")


@pytest.mark.parametrize(("size", "waiting"), [(8, 2), (16, 8)])  # as many as jobs of two kinds may hold
async def test_jobs_of_many_scopes_that_are_locked_hold_up_nobody_else(
    opener: Opener, owner: asyncpg.Connection, postgres_url: str, size: int, waiting: int
) -> None:
    async with opener() as application:
        bob = application.memory.scope(tenant="globex", user="bob")
        old = await bob.remember("My old bike is green.")
        await bob.remember("I play the cello.")
        await bob.settled()
    async with opener(worker=False) as application:
        await _remember_of_each(application)

    async with owner.transaction():
        await owner.execute("select from semmem.scopes where tenant = any ($1) for update", TENANTS)
        async with opener(postgres_pool=size, worker_jobs=10, read_timeout=20, stop_grace=0) as application:
            bob = application.memory.scope(tenant="globex", user="bob")
            await wait_until(partial(_wait, postgres_url, waiting))

            assert "cello" in str(await bob.recall("Which instrument?"))
            id = (await bob.forget(event=old.id)).id
            assert id is not None
            await wait_until(partial(_followed, bob, id), timeout=25)


async def _wait(postgres_url: str, jobs: int) -> bool:
    """Asked anew: within a transaction the answer stays the same."""
    connection = await asyncpg.connect(postgres_url)
    try:
        return int(await connection.fetchval(WAIT)) >= jobs
    finally:
        await connection.close()


async def _followed(memory: ScopedMemory, receipt: UUID) -> bool:
    return (await memory.receipt(receipt)).complete
