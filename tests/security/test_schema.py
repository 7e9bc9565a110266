"""The schema itself keeps tenants apart: asked of the catalog, so that a new table cannot forget it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from semmem.domain.scope import Scope, View
from semmem.memory.scoped import ScopedMemory
from semmem.postgres.session import APP_ROLE
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

pytestmark = pytest.mark.shared

# What pgqueuer makes beside its queue: no row is ever in them, and none is the application's.
UNUSED = {"pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"}
# What holds no tenant's rows: names of embedding models and of stores, the mirror's stamp, and the workers' heartbeats.
WITHOUT_TENANT = {"indexes", "followers", "mirror", "workers"} | UNUSED


@pytest.fixture
async def catalog(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def _tables(catalog: asyncpg.Connection) -> set[str]:
    rows = await catalog.fetch(
        "select relname from pg_class where relnamespace = 'semmem'::regnamespace and relkind = 'r'"
    )
    return {row["relname"] for row in rows}


async def test_every_table_has_a_tenant_or_is_known_not_to(catalog: asyncpg.Connection) -> None:
    rows = await catalog.fetch(
        """select relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant'
           where relnamespace = 'semmem'::regnamespace and relkind = 'r'"""
    )
    with_tenant = {row["relname"] for row in rows}
    assert len(with_tenant) >= 13
    assert await _tables(catalog) - with_tenant == WITHOUT_TENANT


async def test_row_level_security_is_enabled_and_forced(catalog: asyncpg.Connection) -> None:
    rows = await catalog.fetch(
        """select relname from pg_class where relnamespace = 'semmem'::regnamespace and relkind = 'r'
           and not (relrowsecurity and relforcerowsecurity)"""
    )
    assert {row["relname"] for row in rows} == WITHOUT_TENANT


async def test_views_are_read_with_the_callers_rights(catalog: asyncpg.Connection) -> None:
    rows = await catalog.fetch(
        "select reloptions from pg_class where relnamespace = 'semmem'::regnamespace and relkind = 'v'"
    )
    assert [row["reloptions"] for row in rows] == [["security_invoker=true"]] * 2


async def test_every_policy_for_the_application_checks_reads_and_writes(catalog: asyncpg.Connection) -> None:
    rows = await catalog.fetch("select * from pg_policies where schemaname = 'semmem'")
    narrowing = {(row["tablename"], row["policyname"]) for row in rows if row["permissive"] == "RESTRICTIVE"}
    assert narrowing == {("state", name) for name in ("readable", "begun", "ended", "removed")}  # by an agent's role
    rows = [row for row in rows if row["permissive"] == "PERMISSIVE"]
    own = [row for row in rows if row["policyname"] == "view"]
    assert {row["tablename"] for row in own} == await _tables(catalog) - WITHOUT_TENANT
    for row in own:
        for clause in (row["qual"], row["with_check"]):
            assert "semmem.tenant" in clause
            assert "semmem.users" in clause
            assert "semmem.workspaces" in clause
            assert "semmem.branches" in clause
    for row in rows:
        if row["policyname"] != "view":
            all_that_works = row["policyname"] == "work" and row["tablename"] == "pgqueuer"
            assert (row["roles"], row["cmd"]) == ([SWEEPER_ROLE], "ALL" if all_that_works else "SELECT")


async def test_no_value_of_a_callers_is_sampled_into_statistics(catalog: asyncpg.Connection) -> None:
    """pg_statistic would keep it after its row is gone; what is sampled are ids, times, counts and words of our own."""
    rows = await catalog.fetch(
        """select c.relname || '.' || a.attname as field
           from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           where relnamespace = 'semmem'::regnamespace and relkind = 'r' and attstattarget is distinct from 0
             and atttypid::regtype::text not in
                 ('uuid', 'uuid[]', 'bigint', 'integer', 'smallint', 'double precision', 'boolean', 'interval',
                  'timestamp with time zone')
             and attname not in ('tenant', 'scope_kind', 'scope_id')"""
    )
    own_words = {
        "events.role",
        "facts.trust",
        "facts.precision",
        "vectors.index_name",
        "vectors.item_kind",
        "passages.item_kind",
    }
    sampled = {row["field"] for row in rows if row["field"].partition(".")[0] not in WITHOUT_TENANT}
    assert sampled == own_words | {"dead_letters.stage", "pgqueuer.status"}


async def test_the_tenant_comes_first_in_every_key(catalog: asyncpg.Connection) -> None:
    rows = await catalog.fetch(
        """select c.relname as table, i.relname as index, a.attname as first
           from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
           left join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0]
           where c.relnamespace = 'semmem'::regnamespace"""
    )
    late = {(row["table"], row["index"]) for row in rows if row["first"] != "tenant"}
    assert {table for table, _ in late} <= WITHOUT_TENANT | {"pgqueuer"}  # whose keys are pgqueuer's
    keys = await catalog.fetch(
        """select conrelid::regclass::text as table, conname, conkey[1] = a.attnum as tenant_first
           from pg_constraint join pg_attribute a on a.attrelid = conrelid and a.attname = 'tenant'
           where contype = 'f' and connamespace = 'semmem'::regnamespace"""
    )
    late_keys = {row["conname"] for row in keys if not row["tenant_first"]}
    assert late_keys == {"vectors_index_name_fkey"}  # it points at a table without tenants


async def test_the_application_owns_nothing_and_can_not_bypass(catalog: asyncpg.Connection) -> None:
    for role in (APP_ROLE, SWEEPER_ROLE):
        row = await catalog.fetchrow("select * from pg_roles where rolname = $1", role)
        assert row is not None
        powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication")
        assert not [power for power in powers if row[power]]
        owned = await catalog.fetchval("select count(*) from pg_class where relowner = $1", row["oid"])
        assert owned == 0
        owned = await catalog.fetchval("select count(*) from pg_proc where proowner = $1", row["oid"])
        assert owned == 0


async def test_functions_that_run_with_their_owners_rights_are_few_and_their_paths_fixed(
    catalog: asyncpg.Connection,
) -> None:
    rows = await catalog.fetch(
        "select proname, proconfig from pg_proc where pronamespace = 'semmem'::regnamespace and prosecdef"
    )
    assert {row["proname"]: row["proconfig"] for row in rows} == {
        "ensure_index": ["search_path=pg_catalog, public, pg_temp"],
        "analyse_new": ["search_path=pg_catalog, pg_temp"],
    }


async def test_the_sweeper_sees_addresses_and_no_content(catalog: asyncpg.Connection) -> None:
    rows = await catalog.fetch(
        "select table_name, column_name from information_schema.column_privileges where grantee = $1", SWEEPER_ROLE
    )
    addresses = {"tenant", "scope_kind", "scope_id", "branch_id"}
    times = {"recorded_at", "indexed_at", "consolidated_at", "done_at", "expires_at", "due_at"}
    states = {"missing", "stage", "replayed_at", "seq", "store", "head"}
    ids = {"item_id", "index_name"}  # of a point
    jobs = {"pgqueuer", "pgqueuer_log", "pgqueuer_statistics"}
    assert {row["column_name"] for row in rows if row["table_name"] not in jobs} <= addresses | times | states | ids
    tables = {
        "events",
        "index_work",
        "receipt_stores",
        "records",
        "facts",
        "scopes",
        "branches",
        "vectors",
        "dead_letters",
    }
    tables |= {"summaries", "heads", "scope_settings"}
    assert {row["table_name"] for row in rows} == tables | jobs


async def test_a_job_is_seen_and_written_in_its_own_scope_alone(opener: Opener, postgres_url: str) -> None:
    async with opener(worker=False) as application:
        for tenant, user in (("acme", "alice"), ("acme", "bob"), ("globex", "alice")):
            await application.memory.scope(tenant=tenant, user=user).remember("The vault is behind the mirror.")
        postgres, hers = application.stores.postgres, Scope.user("acme", "alice")
        addresses = "select distinct tenant, scope_id from semmem.pgqueuer"
        async with postgres.statement() as tx:
            assert await tx.connection.fetch(addresses) == []
        async with postgres.transaction(hers) as tx:
            assert [tuple(row) for row in await tx.connection.fetch(addresses)] == [("acme", "alice")]
            assert await tx.connection.execute("update semmem.pgqueuer set execute_after = now()") == "UPDATE 2"
            assert await tx.connection.execute("delete from semmem.pgqueuer where tenant = 'globex'") == "DELETE 0"
        for queue, where in (
            ("'globex', 'user', 'alice'", hers),
            ("'acme', 'user', 'alice'", Scope.user("acme", "al")),
        ):
            async with postgres.transaction(where) as tx:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await tx.connection.execute(f"select semmem.queue('embed', {queue})")
        async with postgres.statement() as tx:
            assert await tx.connection.execute("update semmem.pgqueuer set execute_after = now()") == "UPDATE 0"


@pytest.mark.parametrize("table", sorted(UNUSED))
@pytest.mark.parametrize(
    "verb", ["select from {}", "delete from {}", "update {} set id = 0", "insert into {} default values"]
)
async def test_what_pgqueuer_keeps_beside_its_jobs_is_not_the_applications(
    application: Application, alice: ScopedMemory, table: str, verb: str
) -> None:
    async with application.stores.postgres.transaction(alice.scope) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.connection.execute(verb.format(f"semmem.{table}"))


async def test_jobs_leave_no_rows_behind(
    alice: ScopedMemory, strangers: list[ScopedMemory], catalog: asyncpg.Connection
) -> None:
    for memory in (alice, *strangers):
        await memory.remember("I am allergic to peanuts.")
    for memory in (alice, *strangers):
        await memory.settled()

    async def left() -> int:
        counts = (
            "select (select count(*) from semmem.pgqueuer_log) + (select count(*) from semmem.pgqueuer_statistics)"
            " + (select count(*) from semmem.pgqueuer_schedules)"
        )
        found: int = await catalog.fetchval(counts)
        return found

    async def done() -> bool:
        return not await catalog.fetchval("select exists (select from semmem.pgqueuer)")

    await wait_until(done)
    assert await left() == 0


async def test_outside_a_scope_nothing_is_seen_and_nothing_can_be_written(
    application: Application, alice: ScopedMemory, tenant: str
) -> None:
    await alice.remember("The vault is behind the mirror.")
    postgres = application.stores.postgres
    insert = "insert into semmem.scopes (tenant, scope_kind, scope_id) values ($1, 'user', 'mallory')"
    async with postgres.statement() as tx:
        assert await tx.connection.fetchval("select count(*) from semmem.events") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.connection.execute(insert, tenant)
    async with postgres.transaction(View.of(Scope.user(tenant, "bob"), Scope.workspace(tenant, "alice"))) as tx:
        assert await tx.connection.fetchval("select count(*) from semmem.events") == 0
        assert await tx.connection.execute("delete from semmem.events") == "DELETE 0"


async def test_an_event_can_not_be_rewritten(application: Application, alice: ScopedMemory) -> None:
    await alice.remember("The vault is behind the mirror.")
    async with application.stores.postgres.transaction(alice.scope) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.connection.execute("update semmem.events set content = 'The vault is empty.'")
