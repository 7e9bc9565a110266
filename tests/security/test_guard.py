"""A table is put under its tenants by one call, and one that was forgotten is found before anything works with it."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from semmem.domain.scope import Scope
from semmem.errors import SchemaOutdated
from semmem.migrations import build, upgrade
from semmem.migrations.access import gaps
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Postgres
from tests.postgres.cluster import cluster
from tests.postgres.dumped import dumped

NEW_TABLE = """
create table semmem.notes (
    tenant text, scope_kind text, scope_id text, id integer generated always as identity, note text, due timestamptz,
    primary key (tenant, id)
)"""
ADD = "insert into semmem.notes (tenant, scope_kind, scope_id, note) values ($1, $2, $3, 'It is here.')"


@pytest.fixture
async def owner(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(NEW_TABLE)
    yield connection
    await connection.close()


async def test_a_table_without_its_guard_is_refused_by_name(owner: asyncpg.Connection, postgres_url: str) -> None:
    found = {gap.what for gap in await gaps(owner)}
    rights = {f"{need} on notes for semmem_app" for need in ("select", "insert", "update", "delete")}
    sequence = "the sequence notes_id_seq for semmem_app"
    assert found == {"row level security of notes", "the policy view of notes", sequence} | rights
    with pytest.raises(SchemaOutdated, match="notes"):
        await Postgres.connect(postgres_url)


@pytest.mark.parametrize("by", ["its revision", "migrate"])
async def test_a_guarded_table_shows_each_scope_its_own_rows(
    owner: asyncpg.Connection, postgres_url: str, by: str
) -> None:
    if by == "its revision":
        await owner.execute("select semmem.guard('semmem.notes')")
    else:
        await upgrade(postgres_url)
    assert await gaps(owner) == []
    alice, bob = Scope.user("acme", "alice"), Scope.user("acme", "bob")
    postgres = await Postgres.connect(postgres_url)
    try:
        async with postgres.transaction(alice) as tx:
            await tx.connection.execute(ADD, alice.tenant, alice.kind, alice.id)
            assert await tx.connection.fetchval("select count(*) from semmem.notes") == 1
        async with postgres.transaction(bob) as tx:
            assert await tx.connection.fetchval("select count(*) from semmem.notes") == 0
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.connection.execute(ADD, alice.tenant, alice.kind, alice.id)
    finally:
        await postgres.aclose()


async def test_a_guard_says_what_may_change_and_what_the_sweep_sees(owner: asyncpg.Connection) -> None:
    await owner.execute("select semmem.guard('semmem.notes', p_changing => '{due}', p_swept => '{tenant, due}')")
    allowed = """
        select array_agg(attname::text order by attnum) from pg_attribute
        where attrelid = 'semmem.notes'::regclass and attnum > 0 and has_column_privilege($1, attrelid, attnum, $2)"""
    assert await owner.fetchval(allowed, "semmem_app", "update") == ["due"]
    assert await owner.fetchval(allowed, SWEEPER_ROLE, "select") == ["tenant", "due"]
    unsampled = "select attname from pg_attribute where attrelid = 'semmem.notes'::regclass and attstattarget = 0"
    assert [name for (name,) in await owner.fetch(unsampled)] == ["note"]


async def test_a_guard_again_changes_nothing(owner: asyncpg.Connection, postgres_url: str, tmp_path: Path) -> None:
    guard = "select semmem.guard('semmem.notes', p_changing => '{due}', p_swept => '{tenant, due}')"
    await owner.execute(guard)
    once = await dumped(postgres_url, tmp_path)
    await owner.execute(guard)
    assert await dumped(postgres_url, tmp_path) == once


async def test_a_table_without_a_tenant_can_not_be_guarded(owner: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.UndefinedColumnError, match="tenant"):
        await owner.execute("alter table semmem.notes drop tenant; select semmem.guard('semmem.notes')")


async def test_the_revision_leaves_nothing_to_mend_but_what_is_the_logins() -> None:
    async with cluster() as made:
        await build(made.url())
        assert set(await upgrade(made.url())) == {
            "the revision for semmem_app",
            "semmem_app may act as semmem_sweeper, and otherwise has none of its rights",
        }
