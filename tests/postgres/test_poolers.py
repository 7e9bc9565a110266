"""Behind PgBouncer all works, in session and in transaction mode, and row level security holds whatever it drops."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from semmem.domain.scope import Scope
from semmem.errors import ConfigurationError, NotFound
from semmem.migrations import upgrade
from semmem.stores.postgres.pool import Postgres
from tests.applications import Opener
from tests.postgres.pgbouncer import needs_pgbouncer, pgbouncer
from tests.servers import ServerUrls, with_database

pytestmark = needs_pgbouncer

MODES = [("transaction", ""), ("session", ""), ("transaction", "role,application_name"), ("session", "role,options")]


@pytest.mark.parametrize(("mode", "ignored"), MODES)
async def test_all_works_behind_a_pooler(opener: Opener, postgres_url: str, mode: str, ignored: str) -> None:
    async with (
        pgbouncer(postgres_url, mode=mode, ignored=ignored) as url,
        opener(postgres_url=url) as application,
    ):
        assert application.stores.postgres.pooled
        alice = application.memory.scope(tenant="acme", user="alice")

        async def visit(number: int) -> None:
            await alice.remember(f"I live in city number {number}.", session=f"s{number}")
            await alice.recall("Which city?", limit=3)
            await alice.context("Which city?", budget=500)

        for burst in range(3):  # more at once than the pooler has sessions
            await asyncio.gather(*(visit(burst * 10 + number) for number in range(10)))
        await alice.settled(timeout=180)

        assert len(await alice.history(limit=100)) == 30
        assert await alice.facts()


async def test_the_worker_is_woken_by_polling(opener: Opener, postgres_url: str) -> None:
    async with (
        pgbouncer(postgres_url, mode="transaction") as url,
        opener(postgres_url=url, sweep_every=3600) as application,
    ):
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.settled()
        await alice.remember("I live in Lisbon.")
        await alice.settled(timeout=180)
        assert len(await alice.facts()) == 1


async def test_two_workers_share_one_session_without_standing_in_each_other_s_way(
    opener: Opener, postgres_url: str
) -> None:
    async with (
        pgbouncer(postgres_url, mode="transaction", sessions=4) as url,
        opener(postgres_url=url) as one,
        opener(postgres_url=url) as other,
    ):
        scopes = [one.memory.scope(tenant="acme", user=f"user{number}") for number in range(6)]
        scopes += [other.memory.scope(tenant="acme", user=f"user{number}") for number in range(6, 12)]
        await asyncio.gather(*(scope.remember("I live in Lisbon.") for scope in scopes))
        for scope in scopes:
            await scope.settled(timeout=180)
            assert len(await scope.facts()) == 1


@pytest.fixture
async def bypassing(postgres_url: str) -> AsyncIterator[str]:
    """A login that row level security does not bind, as some providers hand out, and a member of semmem_app."""
    owner = await asyncpg.connect(postgres_url)
    name = f"bypassing_{postgres_url.rsplit('/', 1)[-1].split('?')[0]}"
    await owner.execute(f'create role "{name}" login bypassrls in role semmem_app')
    yield name
    await owner.execute(f'drop role "{name}"')
    await owner.close()


@pytest.mark.parametrize("mode", ["session", "transaction"])
async def test_a_pooler_that_drops_the_role_opens_no_other_scope(
    opener: Opener, postgres_url: str, bypassing: str, mode: str
) -> None:
    async with (
        pgbouncer(postgres_url, mode=mode, ignored="role", login=bypassing, sessions=30) as url,
        opener(postgres_url=url) as application,
    ):
        alice, bob = (application.memory.scope(tenant="acme", user=user) for user in ("alice", "bob"))
        await bob.remember("Bob's secret: I live in Oslo.")
        await bob.settled(timeout=180)
        [secret] = await bob.facts()

        async with application.stores.postgres.transaction(Scope.user("acme", "alice")) as tx:
            assert await tx.connection.fetchval("select current_user") == "semmem_app"
            assert await tx.connection.fetchval("select count(*) from semmem.events") == 0
        async with application.stores.postgres.statement() as tx:
            assert await tx.connection.fetchval("select count(*) from semmem.events") == 0
        with pytest.raises(NotFound):
            await alice.timeline(secret.id)


async def test_migrate_works_behind_a_pooler(servers: ServerUrls, postgres_url: str) -> None:
    name = f"pooled_{postgres_url.rsplit('/', 1)[-1].split('?')[0]}"
    owner = await asyncpg.connect(servers.postgres_url)
    await owner.execute(f'create database "{name}"')
    try:
        async with pgbouncer(with_database(servers.postgres_url, name), mode="transaction") as url:
            await asyncio.gather(upgrade(url), upgrade(url))
            postgres = await Postgres.connect(url)
            await postgres.aclose()
    finally:
        await owner.execute(f'drop database "{name}" with (force)')
        await owner.close()


async def test_what_the_pooler_refuses_is_said_with_its_fix(postgres_url: str) -> None:
    async with pgbouncer(postgres_url, mode="session") as url:
        with pytest.raises(ConfigurationError, match="ignore_startup_parameters"):
            await Postgres.connect(f"{url}?options=-c%20statement_timeout%3D60000")
        with pytest.raises(ConfigurationError, match="pooler does not know the database"):
            await Postgres.connect(with_database(url, "nowhere"))


@pytest.mark.parametrize(
    "more",
    [
        "max_client_conn = 2",
        "default_pool_size = 1",
        "max_db_connections = 1",
        "pool_mode = session\nmax_user_connections = 1",
        "server_reset_query = DISCARD ALL\nserver_reset_query_always = 1",
        "default_pool_size = 1\nreserve_pool_size = 2\nreserve_pool_timeout = 1",
        "min_pool_size = 2\nserver_lifetime = 1\nserver_round_robin = 1",
        "application_name_add_host = 1\npkt_buf = 512",
    ],
)
async def test_a_burst_makes_do_with_what_a_pooler_gives(postgres_url: str, more: str) -> None:
    async with pgbouncer(postgres_url, mode="transaction", more=more) as url:
        postgres = await Postgres.connect(url, size=5)

        async def ask() -> str:
            async with postgres.transaction(Scope.user("acme", "alice")) as tx:
                return str(await tx.connection.fetchval("select current_user::text from pg_sleep(0.02)"))

        assert await asyncio.gather(*(ask() for _ in range(40))) == ["semmem_app"] * 40
        await postgres.aclose()


@pytest.mark.parametrize(
    ("more", "says"), [("pool_mode = statement", "pool_mode to transaction"), ("disable_pqexec = 1", "disable_pqexec")]
)
async def test_a_pooler_without_transactions_is_a_setting_to_correct(postgres_url: str, more: str, says: str) -> None:
    async with pgbouncer(postgres_url, mode="transaction", more=more) as url:
        for given in (url, f"{url}?pgbouncer=true"):
            for attempt in (upgrade(given), Postgres.connect(given)):
                with pytest.raises(ConfigurationError, match=says):
                    await attempt
