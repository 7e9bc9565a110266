"""What a unit of work fills into its statements, and which rows it lets them see."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import pytest_asyncio

from semmem.domain.scope import Branch, Scope, View
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import Statement

ALICE = Scope.user("acme", "alice")
TEAM = Scope.workspace("acme", "launch")
NOTES = Branch(TEAM, ("notes", "a b"), "ana")
NOW = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)

OWN = Statement("own", "select :tenant, :kind, :id")
SEEN = Statement("seen", "select :tenant, :kinds::text[], :ids::text[]")
ROOT = Statement("root", "select :root_kind, :root_id, :path::text[], :owner")
TIME = Statement("time", "select :now::timestamptz")
SCOPES = Statement("scopes", "select scope_kind, scope_id from semmem.scopes order by scope_kind, scope_id")
MAKE = Statement("make", "insert into semmem.scopes (tenant, scope_kind, scope_id) values (:tenant, :kind, :id)")


@pytest_asyncio.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Postgres]:
    postgres = await Postgres.connect(postgres_url, size=2)
    yield postgres
    await postgres.aclose()


async def test_a_scope_and_the_time_are_filled_in(postgres: Postgres) -> None:
    async with postgres.transaction(ALICE, NOW) as tx:
        assert (tx.tenant, tx.scope, tx.now) == ("acme", ALICE, NOW)
        assert tuple(*await tx.fetch(OWN)) == ("acme", "user", "alice")
        assert tuple(*await tx.fetch(SEEN)) == ("acme", ["user"], ["alice"])
        assert await tx.fetchval(TIME) == NOW
        with pytest.raises(TypeError, match="root lacks its parameter root_kind"):
            await tx.fetchrow(ROOT)


async def test_a_view_has_no_scope_of_its_own(postgres: Postgres) -> None:
    async with postgres.transaction(View.of(ALICE, TEAM)) as tx:
        assert tx.tenant == "acme"
        assert tuple(*await tx.fetch(SEEN)) == ("acme", ["user", "workspace"], ["alice", "launch"])
        assert tuple(*await tx.fetch(OWN, kind="user", id="bob")) == ("acme", "user", "bob")
        for asked in (OWN, TIME):
            with pytest.raises(TypeError, match=f"{asked.name} lacks its parameter"):
                await tx.fetch(asked)
        with pytest.raises(TypeError, match="of no scope alone"):
            _ = tx.scope
        with pytest.raises(TypeError, match="has no time"):
            _ = tx.now


async def test_a_place_is_seen_with_its_root(postgres: Postgres) -> None:
    async with postgres.transaction(NOTES, NOW) as tx:
        assert (tx.place, tx.scope) == (NOTES, NOTES.scope)
        assert tuple(*await tx.fetch(OWN)) == ("acme", "branch", NOTES.scope.id)
        assert tuple(*await tx.fetch(SEEN)) == ("acme", ["branch", "workspace"], [NOTES.scope.id, "launch"])
        assert tuple(*await tx.fetch(ROOT)) == ("workspace", "launch", ["notes", "a b"], "ana")
    async with postgres.transaction(Branch(TEAM)) as tx:
        assert tuple(*await tx.fetch(SEEN)) == ("acme", ["workspace"], ["launch"])
        assert tuple(*await tx.fetch(ROOT)) == ("workspace", "launch", [], None)


async def test_only_the_rows_of_what_was_entered_are_seen(postgres: Postgres) -> None:
    for scope in (ALICE, TEAM):
        async with postgres.transaction(scope) as tx:
            assert await tx.execute(MAKE) == 1
            assert [tuple(row) for row in await tx.fetch(SCOPES)] == [(scope.kind, scope.id)]
    async with postgres.snapshot() as tx:
        assert await tx.fetch(SCOPES) == []
        for scope in (ALICE, TEAM):
            await tx.enter(scope)
            assert tx.scope == scope
            assert [tuple(row) async for row in tx.cursor(SCOPES, page=1)] == [(scope.kind, scope.id)]
            assert tuple(*await tx.fetch(OWN)) == ("acme", scope.kind, scope.id)
    async with postgres.transaction(View.of(ALICE, TEAM)) as tx:
        assert await tx.execute(SCOPES) == 2


async def test_a_single_statement_knows_its_scope_and_has_not_entered_it(postgres: Postgres) -> None:
    async with postgres.transaction(ALICE) as tx:
        await tx.execute(MAKE)
    async with postgres.statement(ALICE, NOW) as one:
        assert tuple(*await one.fetch(OWN)) == ("acme", "user", "alice")
        assert await one.fetchval(TIME) == NOW
        assert await one.fetch(SCOPES) == []
    async with postgres.statement() as nobodys:
        with pytest.raises(TypeError, match="of no tenant"):
            _ = nobodys.tenant


async def test_rows_are_written_by_their_names(postgres: Postgres) -> None:
    work = Statement(
        "work",
        "insert into semmem.index_work (tenant, scope_kind, scope_id, item_id) values (:tenant, :kind, :id, :item)",
    )
    read = Statement("read", "select tenant, scope_kind, scope_id, item_id from semmem.index_work order by seq")
    items = [UUID(int=number) for number in (3, 1, 2)]
    async with postgres.transaction(ALICE) as tx:
        await tx.execute(MAKE)
        await tx.executemany(work, ({"item": item} for item in items))
        assert [tuple(row) for row in await tx.fetch(read)] == [("acme", "user", "alice", item) for item in items]
        with pytest.raises(TypeError, match="work lacks its parameter item"):
            await tx.executemany(work, [{}])


async def test_execute_says_how_many_rows_it_touched(postgres: Postgres) -> None:
    async with postgres.transaction(ALICE) as tx:
        assert await tx.execute(MAKE) == 1
        assert await tx.execute(Statement("none", "delete from semmem.events")) == 0
        assert await tx.execute(Statement("set", "set local enable_seqscan = off")) == 0
        assert await tx.execute(Statement("rows", "select generate_series(1, 12)")) == 12
