"""The page on backup and restore, followed word for word; and a restore that ran into every error there is."""

import re
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from semmem.domain.scope import Scope
from semmem.errors import ConfigurationError, SchemaOutdated
from semmem.migrations import upgrade
from semmem.stores.postgres.pool import Postgres
from semmem.wiring.bootstrap import migrate
from semmem.wiring.settings import load_settings
from tests.applications import Opener
from tests.postgres.cluster import Cluster, cluster
from tests.postgres.commands import run

PAGE = Path(__file__).parents[2] / "docs" / "backup.md"


def _commands(title: str) -> str:
    """The shell commands of a section of the page."""
    section = PAGE.read_text("utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


async def _remember(opener: Opener, url: str) -> None:
    async with opener(postgres_url=url) as application:
        for user, city in (("alice", "Lisbon"), ("bob", "Oslo")):
            memory = application.memory.scope(tenant="acme", user=user)
            await memory.remember(f"I live in {city}.")
            await memory.settled(timeout=180)


async def _check(opener: Opener, url: str) -> None:
    """All is there, and each sees its own."""
    async with opener(postgres_url=url) as application:
        alice, bob = (application.memory.scope(tenant="acme", user=user) for user in ("alice", "bob"))
        [fact] = await alice.facts()
        assert "Lisbon" in fact.text
        hits = await bob.recall("Which city is home?")
        assert hits
        assert not [hit for hit in hits if "Lisbon" in hit.text]
        await bob.remember("I moved to Bergen.")
        await bob.settled(timeout=180)
        assert "Bergen" in (await bob.facts())[0].text


async def test_the_page_on_backup_and_restore_holds_word_for_word(opener: Opener, tmp_path: Path) -> None:
    semmem = f'semmem() {{ {shlex.quote(sys.executable)} -m semmem "$@"; }}'
    async with cluster() as old, cluster() as new:
        await old.execute("create database semmem", "create role semmem_service login")
        await upgrade(old.url("semmem"))
        await old.execute("grant semmem_app to semmem_service")
        await _remember(opener, old.url("semmem", "semmem_service"))

        await run(_commands("Backup"), tmp_path, PGHOST="127.0.0.1", PGPORT=str(old.port), PGUSER="admin")
        said = await run(
            f"{semmem}\n{_commands('Restore')}",
            tmp_path,
            PGHOST="127.0.0.1",
            PGPORT=str(new.port),
            PGUSER="admin",
            SEMMEM_POSTGRES_ADMIN_URL=new.url("semmem"),
            SEMMEM_POSTGRES_URL=new.url("semmem", "semmem_service"),
            COLUMNS="200",
        )

        assert "error" not in said.lower()
        assert "row level security binds semmem_app" in said
        await _check(opener, new.url("semmem", "semmem_service"))


@pytest.mark.parametrize("options", ["", "--no-owner", "--no-owner --no-privileges"])
async def test_migrate_mends_what_a_restore_without_roles_left_out(
    opener: Opener, tmp_path: Path, options: str
) -> None:
    async with cluster() as old, cluster() as new:
        await old.execute("create role keeper superuser login", "create database semmem owner keeper")
        await upgrade(old.url("semmem", "keeper"))
        await _remember(opener, old.url("semmem", "keeper"))
        await run(f"pg_dump -Fc -f semmem.dump {old.url('semmem', 'keeper')}", tmp_path)
        await new.execute("create database semmem")
        await run(f"pg_restore -d {new.url('semmem')} {options} semmem.dump || true", tmp_path)

        with pytest.raises(SchemaOutdated, match="semmem migrate"):
            await Postgres.connect(new.url("semmem"))
        mended = await upgrade(new.url("semmem"))
        assert {"the role semmem_app", "the role semmem_sweeper", "the policy sweep of events"} <= set(mended)

        await _check(opener, new.url("semmem"))


@pytest_asyncio.fixture(scope="module")
async def kept() -> AsyncIterator[Cluster]:
    """A server with a migrated database `semmem`."""
    async with cluster() as made:
        await made.execute("create database semmem")
        await upgrade(made.url("semmem"))
        yield made


@pytest.mark.parametrize(
    ("dump", "restore", "says"),
    [
        ("--schema=semmem", "", "a dump of the whole database"),
        ("--schema-only", "", "a dump of the whole database, with its data"),
        ("", "--section=pre-data --section=data", "the primary key of audit"),
        ("--exclude-table=semmem.audit", "", "the table semmem.audit"),
    ],
)
async def test_a_dump_or_restore_of_a_part_is_refused_by_name(
    kept: Cluster, tmp_path: Path, dump: str, restore: str, says: str
) -> None:
    await kept.execute("drop database if exists part with (force)", "create database part")
    await run(f"pg_dump -Fc -f part.dump {dump} {kept.url('semmem')}", tmp_path)
    await run(f"pg_restore -d {kept.url('part')} {restore} part.dump || true", tmp_path)
    with pytest.raises(SchemaOutdated, match="semmem migrate"):
        await Postgres.connect(kept.url("part"))
    with pytest.raises(ConfigurationError, match=says):
        await upgrade(kept.url("part"))


@pytest.mark.parametrize(
    ("dump", "restore"),
    [
        ("-Fd -j2", "-j4"),
        ("-Fc", "--no-policies"),
        ("-Fc", "--clean --if-exists"),
    ],
)
async def test_other_ways_of_a_whole_restore(kept: Cluster, tmp_path: Path, dump: str, restore: str) -> None:
    await kept.execute("drop database if exists whole with (force)", "create database whole")
    await run(f"pg_dump {dump} -f whole.dump {kept.url('semmem')}", tmp_path)
    await run(f"pg_restore -d {kept.url('whole')} {restore} whole.dump", tmp_path)
    await upgrade(kept.url("whole"))
    postgres = await Postgres.connect(kept.url("whole"))
    async with postgres.transaction(Scope.user("acme", "alice")) as tx:
        assert await tx.connection.fetchval("select count(*) from semmem.scopes") == 0
    await postgres.aclose()


async def test_migrate_makes_an_index_that_is_missing(kept: Cluster) -> None:
    lost = ["events_newest", "facts_current", "records_expiring", "facts_weightiest"]  # the last by itself
    await kept.execute(*(f"drop index semmem.{name}" for name in lost), database="semmem")
    with pytest.raises(SchemaOutdated, match="the index events_newest"):
        await Postgres.connect(kept.url("semmem"))
    assert await upgrade(kept.url("semmem")) == [f"the index {name}" for name in lost]
    await (await Postgres.connect(kept.url("semmem"))).aclose()


async def test_migrate_mends_a_restore_under_another_owner(opener: Opener) -> None:
    async with cluster() as new:
        await upgrade(new.url())
        await new.execute("create role somebody", "alter table semmem.vectors owner to somebody")
        await new.execute("alter function semmem.analyse_new owner to somebody")
        assert len(await upgrade(new.url())) >= 2
        postgres = await Postgres.connect(new.url())
        await postgres.analyse_new()
        async with postgres.transaction(Scope.user("acme", "alice")) as tx:
            assert await tx.connection.fetchval("select count(*) from semmem.vectors") == 0
        await postgres.aclose()


async def test_the_admin_url_is_the_database_that_is_migrated_and_no_other(tmp_path: Path) -> None:
    async with cluster() as made:
        await made.execute("create database admins", "create database services")

        async def migrated(**given: str) -> list[str]:
            await migrate(load_settings(data=tmp_path / "embedded", **given))
            return [name for name in ("admins", "services") if await _is_migrated(made, name)]

        assert await migrated(postgres_admin_url=made.url("admins")) == ["admins"]
        await made.execute("drop database admins", "create database admins")
        both = {"postgres_admin_url": made.url("admins"), "postgres_url": made.url("services")}
        assert await migrated(**both) == ["admins"]
        assert await migrated(postgres_url=made.url("services")) == ["admins", "services"]
    assert not (tmp_path / "embedded").exists()


async def _is_migrated(made: Cluster, database: str) -> bool:
    connection = await asyncpg.connect(made.url(database))
    try:
        return bool(await connection.fetchval("select to_regnamespace('semmem') is not null"))
    finally:
        await connection.close()


async def test_an_admin_url_alone_opens_no_embedded_servers(opener: Opener, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SEMMEM_POSTGRES_URL"):
        async with opener(postgres_url=None, postgres_admin_url="postgresql://x@db/m", data=tmp_path / "embedded"):
            pass
    assert not (tmp_path / "embedded").exists()
