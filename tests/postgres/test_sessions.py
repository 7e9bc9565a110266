"""What a login, its database or the URL sets for a session changes nothing of what semmem's statements mean."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from urllib.parse import quote

import asyncpg
import pytest
import pytest_asyncio

from semmem.migrations import upgrade
from semmem.stores.postgres.pool import Postgres
from tests.applications import Opener
from tests.postgres.cluster import Cluster, cluster
from tests.postgres.pgbouncer import PROGRAM, pgbouncer
from tests.servers import with_login

BURDENS = [
    "search_path = elsewhere, pg_catalog, public",
    "row_security = off",
    "default_transaction_isolation = serializable",
    "quote_all_identifiers = on",
    "role = semmem_sweeper",
]
# Names that would be found before ours and the server's own.
SHADOWS = """
create schema if not exists elsewhere;
create or replace function elsewhere.set_config(text, text, boolean) returns text language sql as 'select null::text';
create or replace function elsewhere.row_security_active(oid) returns boolean language sql as 'select true';
create or replace function elsewhere.nearest(public.vector, public.vector) returns float8 language sql as 'select 0.0';
drop operator if exists elsewhere.<=> (public.vector, public.vector);
create operator elsewhere.<=> (leftarg = public.vector, rightarg = public.vector, function = elsewhere.nearest);
create domain elsewhere.jsonb as pg_catalog.text;
grant usage on schema elsewhere to public;
"""


@pytest.fixture
async def burdened(postgres_url: str) -> AsyncIterator[str]:
    """A login that inherits nothing of semmem_app, and whose sessions begin with all that is in the way."""
    owner = await asyncpg.connect(postgres_url)
    name = f"burdened_{postgres_url.rsplit('/', 1)[-1].split('?')[0]}"
    await owner.execute(f"{SHADOWS} create role {name} login noinherit in role semmem_app, semmem_sweeper")
    for burden in BURDENS:
        await owner.execute(f"alter role {name} set {burden}")
    yield name
    await owner.execute(f"drop role {name}")
    await owner.close()


@pytest.mark.parametrize("mode", ["", "session", "transaction"])
async def test_all_works_for_a_login_with_settings_of_its_own(
    opener: Opener, postgres_url: str, burdened: str, mode: str
) -> None:
    if mode and PROGRAM is None:
        pytest.skip("pgbouncer is not installed (apt-get install pgbouncer)")
    direct = nullcontext(with_login(postgres_url, burdened))
    async with (
        pgbouncer(postgres_url, mode=mode, login=burdened) if mode else direct as url,
        opener(postgres_url=url) as application,
    ):
        alice, bob = (application.memory.scope(tenant="acme", user=user) for user in ("alice", "bob"))
        events = [alice.remember(f"I visited city {number}.", session="trip") for number in range(10)]
        await asyncio.gather(*events, bob.remember("I live in Oslo."))
        await alice.settled(timeout=180)
        await bob.settled(timeout=180)

        assert len(await alice.facts()) == 10
        assert [hit for hit in await alice.recall("Which city is number 7?", limit=3) if "7" in hit.text]
        assert len(await bob.facts()) == 1
        await alice.forget(session="trip")
        assert await alice.facts() == []


@pytest.mark.parametrize("burden", BURDENS[:-1])
async def test_the_same_in_the_options_of_the_url(postgres_url: str, burden: str) -> None:
    options = quote(f"-c {burden.replace(' = ', '=').replace(', ', ',')}")
    postgres = await Postgres.connect(f"{postgres_url}{'&' if '?' in postgres_url else '?'}options={options}")
    try:
        async with postgres.statement() as tx:
            assert await tx.connection.fetchval("select current_schemas(false)") == ["public"]
            assert await tx.connection.fetchval("show row_security") == "on"
            assert await tx.connection.fetchval("show transaction_isolation") == "read committed"
    finally:
        await postgres.aclose()


@pytest_asyncio.fixture
async def alone() -> AsyncIterator[Cluster]:
    async with cluster() as made:
        yield made


async def test_two_migrations_at_once_by_such_a_login(alone: Cluster) -> None:
    """It acts as the role that owns the database, as deployments often do."""
    await alone.execute(
        "create role keeper createrole", "create role deployer login noinherit createrole in role keeper"
    )
    await alone.execute("create database semmem owner keeper")
    await alone.execute("create extension vector", database="semmem")
    await alone.execute(SHADOWS, database="semmem")
    for burden in [*BURDENS[:-1], "role = keeper"]:
        await alone.execute(f"alter role deployer set {burden}")
    url = alone.url("semmem", "deployer")
    await asyncio.gather(upgrade(url), upgrade(url))
    assert await upgrade(url) == []
    await (await Postgres.connect(url)).aclose()
