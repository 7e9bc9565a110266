"""A connection that row level security does not bind refuses to work, whoever logs in."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from semmem.domain.scope import Scope
from semmem.errors import ConfigurationError, SchemaOutdated
from semmem.migrations import upgrade
from semmem.postgres.errors import NOT_BOUND, translated
from semmem.stores.postgres.pool import Postgres
from tests.postgres.cluster import Cluster, cluster

ENTERING = [
    "select semmem.enter('acme', '{user}', '{bob}')",
    "select semmem.remember('acme', 'user', 'bob', now(), '0 s', '0 s', '[]')",
    "select semmem.lexical('acme', '{user}', '{bob}', 'x', '', '', '', '', now(), now(), 0, false, '{a}', 5,"
    " false, now(), '0 s', '0 s')",
]


@pytest_asyncio.fixture(scope="module")
async def alone() -> AsyncIterator[Cluster]:
    """A server of its own, for what is done to the roles there."""
    async with cluster() as made:
        await upgrade(made.url())
        yield made


@pytest.mark.parametrize("statement", ENTERING)
async def test_a_superuser_and_owner_cannot_enter_a_scope(owner: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await owner.fetch(statement)
    assert refused.value.sqlstate == NOT_BOUND
    assert isinstance(translated(refused.value), ConfigurationError)


@pytest.mark.parametrize("statement", ENTERING)
async def test_a_login_that_bypasses_cannot_enter_a_scope(owner: asyncpg.Connection, statement: str) -> None:
    name = f"svc_{uuid4().hex[:8]}"
    await owner.execute(f"create role {name} login bypassrls in role semmem_app")
    try:
        await owner.execute(f"set role {name}")
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.fetch(statement)
        assert refused.value.sqlstate == NOT_BOUND
    finally:
        await owner.execute(f"reset role; drop role {name}")


async def test_the_sweeper_cannot_enter_a_scope(owner: asyncpg.Connection) -> None:
    await owner.execute("set role semmem_sweeper")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(ENTERING[0])


async def test_a_role_that_was_lost_on_the_way_is_noticed_in_the_next_transaction(postgres_url: str) -> None:
    postgres = await Postgres.connect(postgres_url, size=1)
    try:
        async with postgres.statement() as tx:
            await tx.connection.execute("reset role")
        with pytest.raises(ConfigurationError, match="row level security"):
            async with postgres.transaction(Scope.user("acme", "alice")):
                pass
    finally:
        await postgres.aclose()


async def test_a_superuser_s_login_works_as_the_application_and_no_more(postgres_url: str) -> None:
    postgres = await Postgres.connect(postgres_url)
    try:
        async with postgres.transaction(Scope.user("acme", "alice")) as tx:
            assert await tx.connection.fetchval("select current_user") == "semmem_app"
            assert await tx.connection.fetchval("select row_security_active('semmem.events')")
    finally:
        await postgres.aclose()


async def test_a_login_that_is_no_member_is_told_what_to_grant(alone: Cluster) -> None:
    await alone.execute("create role stranger login", "grant connect on database postgres to stranger")
    with pytest.raises(ConfigurationError, match='grant semmem_app to "stranger"'):
        await Postgres.connect(alone.url(login="stranger"))
    await alone.execute("grant semmem_app to stranger")
    await (await Postgres.connect(alone.url(login="stranger"))).aclose()


@pytest.mark.parametrize(
    ("done", "says"),
    [
        ("alter role semmem_app superuser", "semmem_app is bound"),
        ("alter role semmem_app bypassrls", "semmem_app is bound"),
        ("grant semmem_sweeper to semmem_app with inherit true", "semmem_sweeper"),
        ("revoke semmem_sweeper from semmem_app", "semmem_sweeper"),
        ("alter table semmem.facts disable row level security", "row level security of facts"),
        ("alter table semmem.facts no force row level security", "row level security of facts"),
        ("drop policy view on semmem.events", "the policy view of events"),
        (
            "drop policy view on semmem.events; create policy view on semmem.events using (true)",
            "the policy view of events",
        ),
        ("drop policy sweep on semmem.records", "the policy sweep of records"),
        ("create policy all_of_it on semmem.events using (true)", "all_of_it"),
        ("alter table semmem.facts owner to semmem_app", "facts belongs"),
        ("alter schema semmem owner to semmem_app", "belongs"),
        ("revoke select on semmem.facts from semmem_app", "select on facts"),
        ("revoke insert on all tables in schema semmem from semmem_app", "insert on vectors"),
        ("revoke usage on schema semmem from semmem_app", "the schema semmem for semmem_app"),
        ("grant update on semmem.events to semmem_app", "update on events"),
        ("revoke select (tenant) on semmem.events from semmem_sweeper", "semmem_sweeper"),
        ("grant execute on all functions in schema semmem to public", "nobody else"),
        ("alter view semmem.sourced_facts reset (security_invoker)", "sourced_facts is read"),
    ],
)
async def test_access_that_was_changed_is_refused_by_name_and_mended(alone: Cluster, done: str, says: str) -> None:
    await alone.execute(*done.split("; "))
    with pytest.raises(SchemaOutdated) as refused:
        await Postgres.connect(alone.url())
    assert "semmem migrate" in str(refused.value)
    mended = await upgrade(alone.url())
    assert says in f"{refused.value} {mended}"
    await (await Postgres.connect(alone.url())).aclose()
    assert await upgrade(alone.url()) == []


async def test_a_function_that_is_lost_is_named(alone: Cluster) -> None:
    await alone.execute("create database partial")
    await upgrade(alone.url("partial"))
    await alone.execute("drop function semmem.lexical", database="partial")
    for attempt in (Postgres.connect(alone.url("partial")), upgrade(alone.url("partial"))):
        with pytest.raises(ConfigurationError, match=r"semmem\.lexical"):
            await attempt
