"""Migrations run once, whoever runs them, and a release refuses a schema it does not know."""

import asyncio
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from semmem.errors import ConfigurationError, SchemaOutdated
from semmem.migrations import upgrade
from semmem.migrations.revisions import HEAD, REVISIONS
from semmem.migrations.running import config
from semmem.stores.postgres.pool import Postgres
from tests.servers import ServerUrls, own_database


@pytest.fixture
async def empty(servers: ServerUrls) -> AsyncIterator[str]:
    async with own_database(servers) as url:
        yield url


async def _revision(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        found: str = await connection.fetchval("select string_agg(version_num, ',') from public.semmem_revision")
        return found
    finally:
        await connection.close()


def test_the_revisions_that_are_known_without_alembic_are_those_it_finds() -> None:
    found = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]
    assert list(REVISIONS) == found[::-1]
    assert found[0] == HEAD


async def test_two_tasks_may_migrate_at_once(empty: str) -> None:
    await asyncio.gather(upgrade(empty), upgrade(empty))
    assert await _revision(empty) == HEAD


async def test_two_processes_may_migrate_at_once(empty: str) -> None:
    script = "import asyncio, sys; from semmem.migrations import upgrade; asyncio.run(upgrade(sys.argv[1]))"
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", script, empty) for _ in range(2)]
    assert [await process.wait() for process in started] == [0, 0]
    assert await _revision(empty) == HEAD


async def test_again_changes_nothing(empty: str) -> None:
    await upgrade(empty)
    await upgrade(empty)
    assert await _revision(empty) == HEAD


async def test_an_unmigrated_database_is_refused_with_the_way_out(empty: str) -> None:
    with pytest.raises(SchemaOutdated, match="semmem migrate"):
        await Postgres.connect(empty)


async def test_a_newer_schema_is_refused(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("update public.semmem_revision set version_num = '9999'")
    await connection.close()
    with pytest.raises(SchemaOutdated, match=r"9999.*install the release that made it"):
        await Postgres.connect(postgres_url)


async def test_another_database_system_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="postgresql://"):
        await upgrade("mysql://localhost/semmem")
