"""What a server lacks, or a login may not do, is said in one line before anything is touched."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from semmem.errors import ConfigurationError, SchemaOutdated, StoreUnavailable
from semmem.migrations import upgrade
from semmem.migrations.running import run
from semmem.migrations.server import Server, forbidden, unfit
from semmem.postgres.url import parse
from semmem.stores.postgres.pool import Postgres
from tests.postgres.cluster import Cluster, cluster

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")

FIT = Server(
    version="18.4",
    major=18,
    encoding="UTF8",
    read_only=False,
    pgvector="0.8.5",
    pgvector_schema="public",
    pgvector_offered="0.8.5",
    pgvector_trusted=False,
    login="admin",
    superuser=True,
    makes_roles=True,
    makes_schemas=True,
    writes_public=True,
    has_roles=True,
    acts_as_app=True,
    has_schema=True,
    has_tables=True,
    has_revision=True,
)


LIVES_IN = """
    insert into semmem.facts (tenant, scope_kind, scope_id, id, thread, version, subject, text, statement_hash,
        category, confidence, importance, valid_from, valid_to, trust, said_at, recorded_at)
    values ('acme', 'user', 'maya', gen_random_uuid(), gen_random_uuid(), 1, 'Maya', $1, $2, 'profile',
        1, .5, $3, $4, 'user', $5, $5)
"""


@pytest_asyncio.fixture
async def made() -> AsyncIterator[Cluster]:
    async with cluster() as server:
        yield server


def _with(**changes: object) -> Server:
    from dataclasses import replace

    return replace(FIT, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"version": "15.18", "major": 15}, "needs 16"),
        ({"encoding": "LATIN1"}, "UTF8"),
        ({"pgvector": None, "pgvector_offered": None, "major": 17}, "postgresql-17-pgvector"),
        ({"pgvector": "0.7.4"}, "0.8"),
        ({"pgvector": None, "pgvector_offered": "0.5.1"}, "0.8"),
        ({"pgvector_schema": "extensions"}, "set schema public"),
    ],
)
def test_a_server_that_is_not_fit(changes: dict[str, object], says: str) -> None:
    [reason] = unfit(_with(**changes))
    assert says in reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pgvector": None}, "create extension vector"),
        ({"has_schema": False, "makes_schemas": False}, "grant create on database"),
        ({"has_revision": False, "writes_public": False}, "grant create on schema public"),
        ({"has_roles": False, "makes_roles": False}, "createrole"),
    ],
)
def test_a_login_that_may_not(changes: dict[str, object], says: str) -> None:
    [reason] = forbidden(_with(superuser=False, **changes))
    assert says in reason


def test_versions_are_compared_as_numbers() -> None:
    assert unfit(_with(pgvector="0.10.0")) == []
    assert unfit(FIT) == []


@pytest.mark.skipif(not POSTGRES_15.exists(), reason="postgresql-15 is not installed")
async def test_postgres_15_is_too_old() -> None:
    async with cluster(POSTGRES_15) as old:
        for attempt in (upgrade(old.url()), Postgres.connect(old.url())):
            with pytest.raises(ConfigurationError, match=r"Postgres is 15\..* needs 16 or newer"):
                await attempt


async def test_a_plain_login_is_told_all_that_it_lacks_and_changes_nothing(made: Cluster) -> None:
    await made.execute("create role plain login")
    with pytest.raises(ConfigurationError) as refused:
        await upgrade(made.url(login="plain"))
    for lack in ("the extension", "create a schema", "schema public", "createrole"):
        assert lack in str(refused.value)
    connection = await asyncpg.connect(made.url())
    assert await connection.fetchval("select to_regclass('public.semmem_revision')") is None
    await connection.close()


async def test_an_administrator_who_is_no_superuser_can_migrate(made: Cluster) -> None:
    await made.execute("create role manager login createrole", "create database semmem owner manager")
    await made.execute("create extension vector", database="semmem")
    await upgrade(made.url("semmem", "manager"))
    await (await Postgres.connect(made.url("semmem", "manager"))).aclose()


async def test_what_a_plan_had_ended_is_found_whoever_migrates(made: Cluster) -> None:
    """Row level security holds for a table's owner too: only a superuser passes it by."""
    await made.execute("create role manager login createrole", "create database semmem owner manager")
    await made.execute("create extension vector", database="semmem")
    url = made.url("semmem", "manager")
    await asyncio.to_thread(run, parse(url), "0009", mends=False)
    connection = await asyncpg.connect(made.url("semmem"))
    await connection.execute("insert into semmem.scopes (tenant, scope_kind, scope_id) values ('acme', 'user', 'maya')")
    january, june = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    for place, start, end in (("Bern", january, june), ("Rome", june, None)):
        await connection.execute(LIVES_IN, f"Maya lives in {place}", place.encode(), start, end, january)
    await upgrade(url)
    ended = await connection.fetch("select text from semmem.facts where successor is not null")
    await connection.close()
    assert [row["text"] for row in ended] == ["Maya lives in Bern"]


async def test_a_second_database_s_administrator_is_told_of_the_first_s_roles(made: Cluster) -> None:
    await upgrade(made.url())
    await made.execute("create role manager login createrole", "create database second owner manager")
    await made.execute("create extension vector", database="second")
    with pytest.raises(ConfigurationError, match="too few rights"):
        await upgrade(made.url("second", "manager"))
    await made.execute("grant semmem_app to manager")
    await upgrade(made.url("second", "manager"))


async def test_a_database_of_another_encoding_is_refused(made: Cluster) -> None:
    await made.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
    with pytest.raises(ConfigurationError, match="LATIN1"):
        await upgrade(made.url("latin"))


async def test_pgvector_in_another_schema_is_named(made: Cluster) -> None:
    await made.execute("create schema extensions", "create extension vector schema extensions")
    with pytest.raises(ConfigurationError, match="alter extension vector set schema public"):
        await upgrade(made.url())


async def test_a_database_of_a_newer_release_is_not_migrated(made: Cluster) -> None:
    await upgrade(made.url())
    await made.execute("update public.semmem_revision set version_num = '9999'")
    with pytest.raises(SchemaOutdated, match="9999"):
        await upgrade(made.url())


async def test_a_read_only_server_is_no_bug(made: Cluster) -> None:
    with pytest.raises(ConfigurationError, match="read-only"):
        await upgrade(made.url() + "?options=-c%20default_transaction_read_only%3Don")


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"database": "nowhere"}, ConfigurationError, "does not exist"),
        ({"login": "nobody_at_all"}, ConfigurationError, "refused the login"),
        ({"host": "no-such-host.invalid"}, StoreUnavailable, "host name"),
        ({"query": "?sslmode=require"}, ConfigurationError, "offers no TLS"),
        ({"query": "?sslmode=verify-full&sslrootcert=system"}, ConfigurationError, "offers no TLS"),
        ({"port": "1"}, StoreUnavailable, "ConnectionRefusedError"),
    ],
)
async def test_open_and_migrate_say_the_same_of_a_server_they_cannot_use(
    made: Cluster, change: dict[str, str], kind: type[Exception], says: str
) -> None:
    url = made.url(change.get("database", "postgres"), change.get("login", "admin")) + change.get("query", "")
    url = url.replace("127.0.0.1", change.get("host", "127.0.0.1"))
    url = url.replace(f":{made.port}/", f":{change.get('port', made.port)}/")
    for attempt in (upgrade(url), Postgres.connect(url)):
        with pytest.raises(kind, match=says):
            await attempt


async def test_a_wrong_password_is_not_shown(made: Cluster) -> None:
    await made.execute("create role guarded login password 'right'")
    connection = await asyncpg.connect(made.url())
    line = "host all all 127.0.0.1/32 scram-sha-256"
    await connection.execute(f"copy (select '{line}') to '{made.folder}/data/pg_hba.conf'")
    await connection.execute("select pg_reload_conf()")
    await connection.close()
    with pytest.raises(ConfigurationError, match="InvalidPasswordError") as refused:
        await Postgres.connect(made.url(login="guarded:wr%40ng"))
    assert "wr@ng" not in str(refused.value)
