"""The page on backup and restore, followed word for word; and a restore that ran into every error there is."""

import re
import shlex
import sys
from pathlib import Path

import asyncpg
import pytest

from semmem.bootstrap import migrate
from semmem.errors import ConfigurationError, SchemaOutdated
from semmem.migrations import upgrade
from semmem.scope import Scope
from semmem.settings import load_settings
from semmem.stores.postgres import Postgres
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


async def test_migrate_mends_a_restore_under_another_owner(opener: Opener) -> None:
    async with cluster() as new:
        await upgrade(new.url())
        await new.execute("create role somebody", "alter table semmem.vectors owner to somebody")
        await new.execute("alter function semmem.analyse_new owner to somebody")
        assert len(await upgrade(new.url())) >= 2
        postgres = await Postgres.connect(new.url())
        await postgres.analyse_new()
        async with postgres.transaction(Scope.user("acme", "alice")) as connection:
            assert await connection.fetchval("select count(*) from semmem.vectors") == 0
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
