"""An import and those who add events with keys take turns: each would wait for a key that the other one has."""

import asyncio

import asyncpg

from semmem import Memory
from semmem.testing import wait_until

HELD = "select semmem.advance('acme', 'user', 'alice', 0)"
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def test_an_import_waits_for_its_turn(memory: Memory, postgres_url: str) -> None:
    source, alice = memory.scope(tenant="acme", user="bob"), memory.scope(tenant="acme", user="alice")
    await source.remember("I own a red Volvo.", key="k1")
    lines = [line async for line in source.export()]
    connection = await asyncpg.connect(postgres_url)
    try:
        async with connection.transaction():
            await connection.execute(HELD)
            importing = asyncio.create_task(alice.import_(lines))

            async def it_waits() -> bool:
                return bool(await connection.fetchval(WAITING))

            await wait_until(it_waits)
            assert await alice.history() == []
        assert (await importing).stored["event"] == 1
    finally:
        await connection.close()
