"""Many calls at once are slow, and no outage; an outage is fast, and no line; a server that came back is used again."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import pytest
import pytest_asyncio

from semmem.domain.scope import Scope
from semmem.errors import PoolExhausted, StoreUnavailable
from semmem.migrations import upgrade
from semmem.stores.postgres.pool import Postgres
from semmem.testing import wait_until
from tests.applications import Opener
from tests.postgres.cluster import Cluster, cluster

ALICE = Scope.user("acme", "alice")


@pytest_asyncio.fixture
async def made() -> AsyncIterator[Cluster]:
    async with cluster() as server:
        await upgrade(server.url())
        yield server


async def _ask(postgres: Postgres, seconds: float = 0.0) -> str:
    async with postgres.transaction(ALICE) as tx:
        return str(await tx.connection.fetchval("select current_user::text from pg_sleep($1)", seconds))


async def test_two_hundred_questions_at_once_are_all_answered(opener: Opener) -> None:
    async with opener(postgres_pool=2, worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await asyncio.gather(*(alice.remember(f"I visited city number {number}.") for number in range(200)))
        answers = await asyncio.gather(*(alice.recall(f"city {number}") for number in range(200)))
        # No worker runs, and a busy machine may embed too slowly; Postgres has no part in what is missing.
        assert frozenset().union(*(answer.degraded for answer in answers)) <= {"index", "facts", "embedder"}
        contexts = await asyncio.gather(*(alice.context(f"city {number}", budget=500) for number in range(50)))
        assert all(context.items for context in contexts)


async def test_who_waits_too_long_is_told_which_setting_to_raise(postgres_url: str) -> None:
    postgres = await Postgres.connect(postgres_url, size=2, wait=0.3)
    try:
        slow = [asyncio.create_task(_ask(postgres, 2)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(PoolExhausted, match="SEMMEM_POSTGRES_POOL") as refused:
            await _ask(postgres)
        assert "unavailable" not in str(refused.value)
        assert await asyncio.gather(*slow) == ["semmem_app"] * 2
        assert await _ask(postgres) == "semmem_app"
    finally:
        await postgres.aclose()


async def test_the_caller_s_own_deadline_ends_the_waiting_and_loses_no_connection(postgres_url: str) -> None:
    postgres = await Postgres.connect(postgres_url, size=2)
    try:
        slow = [asyncio.create_task(_ask(postgres, 1)) for _ in range(2)]
        await asyncio.sleep(0)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await _ask(postgres)
        await asyncio.gather(*slow)
        assert await asyncio.gather(*(_ask(postgres) for _ in range(20))) == ["semmem_app"] * 20
    finally:
        await postgres.aclose()


async def test_a_call_that_is_cancelled_in_its_statement_gives_its_connection_back(postgres_url: str) -> None:
    postgres = await Postgres.connect(postgres_url, size=2)
    try:
        for _ in range(6):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await _ask(postgres, 30)
        assert await asyncio.gather(*(_ask(postgres) for _ in range(10))) == ["semmem_app"] * 10
    finally:
        await postgres.aclose()


async def test_exclusive_work_leaves_connections_for_what_it_does(postgres_url: str) -> None:
    """Each holder needs one more: as many as the pool has connections would wait for each other for ever."""
    postgres = await Postgres.connect(postgres_url, size=2, wait=5)

    async def carry(number: int) -> str:
        async with postgres.exclusively("mirror", Scope.user("acme", f"user{number}")):
            return await _ask(postgres)

    try:
        assert await asyncio.gather(*(carry(number) for number in range(8))) == ["semmem_app"] * 8
    finally:
        await postgres.aclose()


async def test_an_outage_is_fast_for_all_who_wait(made: Cluster) -> None:
    postgres = await Postgres.connect(made.url(), size=2)
    await made.stop()
    began = monotonic()
    outcomes = await asyncio.gather(*(_ask(postgres) for _ in range(200)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert monotonic() - began < 60  # of 200 that would wait 60 s each
    await postgres.aclose()


async def test_a_server_that_was_restarted_is_used_again_at_once(made: Cluster) -> None:
    postgres = await Postgres.connect(made.url(), size=5)
    await asyncio.gather(*(_ask(postgres, 0.2) for _ in range(5)))
    await made.stop()
    await made.start()
    assert await asyncio.gather(*(_ask(postgres) for _ in range(20))) == ["semmem_app"] * 20
    await postgres.aclose()


async def test_a_server_that_dies_in_the_middle_of_statements_is_typed_and_comes_back(made: Cluster) -> None:
    postgres = await Postgres.connect(made.url(), size=3)
    under_way = [asyncio.create_task(_ask(postgres, 30)) for _ in range(6)]
    await asyncio.sleep(0.3)
    await made.stop()
    outcomes = await asyncio.gather(*under_way, return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes), outcomes
    await made.start()
    assert await _ask(postgres) == "semmem_app"
    await postgres.aclose()


async def test_a_pool_makes_do_with_the_connections_that_the_server_has(made: Cluster) -> None:
    await made.stop()
    await made.start("max_connections=6", "superuser_reserved_connections=0", "max_wal_senders=0")
    postgres = await Postgres.connect(made.url(), size=20)
    assert await asyncio.gather(*(_ask(postgres, 0.05) for _ in range(60))) == ["semmem_app"] * 60
    with pytest.raises(StoreUnavailable, match="no connection left"):
        await Postgres.connect(made.url(), size=2)
    await postgres.aclose()


async def test_a_failover_to_a_read_only_server_is_typed(made: Cluster) -> None:
    postgres = await Postgres.connect(made.url(), size=2)
    await made.execute("alter system set default_transaction_read_only = on", "select pg_reload_conf()")

    async def refused() -> bool:
        try:
            async with postgres.transaction(ALICE) as tx:
                await tx.connection.execute("insert into semmem.scopes values ('acme', 'user', 'alice')")
        except StoreUnavailable as error:
            return "read-only" in str(error)
        return False

    await wait_until(refused)
    await postgres.aclose()
