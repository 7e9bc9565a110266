"""A missing or dead worker is visible: to who recalls, to who asks, and to the doctor."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from semmem import ScopedMemory
from semmem.cli.checks import work_checks
from semmem.domain.health import Installation
from semmem.testing import ManualClock, ModelServer, Reply, wait_until
from semmem.wiring.bootstrap import Application
from semmem.wiring.settings import load_settings
from tests.applications import Opener
from tests.unit.extractors.builders import answer

SAID = "I am allergic to peanuts."
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


async def _missing(alice: ScopedMemory) -> tuple[set[str], timedelta | None]:
    recall, context = await alice.recall("peanuts"), await alice.context("peanuts", budget=500)
    assert (recall.degraded, recall.waited) == (context.degraded, context.waited)
    return set(recall.degraded), recall.waited


async def _workers(application: Application) -> int:
    return (await application.parts.health.read()).workers


async def test_without_a_worker_answers_say_what_waits_and_how_long(opener: Opener, clock: ManualClock) -> None:
    async with opener(worker=False) as application:
        alice = _alice(application)
        await alice.remember(SAID)
        assert await _missing(alice) == (set(), None)
        clock.advance(seconds=31)
        assert await _missing(alice) == ({"index", "facts"}, timedelta(seconds=31))
        waiting = await alice.waiting()
        assert (waiting.unindexed, waiting.unextracted, waiting.workers) == (1, 1, 0)
        assert (waiting.unindexed_for, waiting.unextracted_for) == (timedelta(seconds=31),) * 2
        bob = application.memory.scope(tenant="acme", user="bob")
        assert (await bob.recall("peanuts")).degraded == frozenset()
        assert (await bob.recall("peanuts", also=[alice])).degraded == {"index", "facts"}
        assert (await alice.recall("?!")).degraded == {"index", "facts"}
    async with opener() as application:
        await _alice(application).settled()
        assert await _missing(_alice(application)) == (set(), None)
        assert (await _alice(application).waiting()).unindexed_for is None


async def test_the_pause_before_extraction_is_not_lateness(opener: Opener, clock: ManualClock) -> None:
    async with opener(worker=False, extract_after=3600, overdue_after=60) as application:
        alice = _alice(application)
        await alice.remember(SAID)
        clock.advance(minutes=10)
        assert (await _missing(alice))[0] == {"index"}
        clock.advance(minutes=52)
        assert (await _missing(alice))[0] == {"index", "facts"}


async def test_while_a_worker_lives_nothing_is_late(opener: Opener, clock: ManualClock) -> None:
    async with opener(extract_after=3600) as application:
        alice = _alice(application)
        await wait_until(lambda: _lives(application))
        await alice.remember(SAID)
        await alice.settled(facts=False)
        clock.advance(days=1)
        assert await _missing(alice) == (set(), None)
        assert (await alice.waiting()).unextracted_for == timedelta(days=1)


async def _lives(application: Application) -> bool:
    return await _workers(application) == 1


async def test_a_worker_that_stops_leaves_and_one_that_dies_is_missed_after_its_lease(
    opener: Opener, postgres_url: str
) -> None:
    async with opener(worker=False) as observer:
        async with opener() as application:
            await wait_until(lambda: _lives(application))
        assert await _workers(observer) == 0

        async with opener(worker=False, lease=1) as application:
            working = asyncio.create_task(application.worker.run())
            await wait_until(lambda: _lives(application))
            connection = await asyncpg.connect(postgres_url)
            beats = "select count(*) from semmem.workers where beat_at > started_at"
            await wait_until(lambda: _counts(connection, beats))
            application.worker.stop()
            await working
            await connection.execute("insert into semmem.workers (id, lease) values (gen_random_uuid(), '0.3 s')")
            await connection.close()
            await wait_until(lambda: _dead(observer))
        health = await observer.parts.health.read()
        assert health.last_beat is not None
        assert health.last_beat > timedelta(seconds=0.3)


async def _counts(connection: asyncpg.Connection, query: str) -> bool:
    return bool(await connection.fetchval(query))


async def _dead(application: Application) -> bool:
    return await _workers(application) == 0


@pytest.mark.parametrize(
    ("health", "states"),
    [
        (Installation(workers=2, last_beat=timedelta(seconds=3)), ["ok", "ok", "ok"]),
        (Installation(), ["degraded", "ok", "ok"]),
        (Installation(last_beat=timedelta(minutes=9)), ["degraded", "ok", "ok"]),
        (Installation(unindexed=3, oldest_unindexed=NOW - timedelta(seconds=5)), ["degraded", "ok", "ok"]),
        (Installation(unindexed=3, oldest_unindexed=NOW - timedelta(minutes=5)), ["failed", "degraded", "ok"]),
        (Installation(workers=1, unindexed=3, oldest_unindexed=NOW - timedelta(minutes=5)), ["ok", "ok", "ok"]),
        (Installation(workers=1, unembedded=3), ["ok", "degraded", "ok"]),
        (Installation(workers=1, dead_letters={"embedding": 2, "draft": 1}), ["ok", "ok", "degraded"]),
    ],
)
def test_the_doctor_tells(health: Installation, states: list[str]) -> None:
    settings = load_settings(postgres_url="postgresql://nowhere", llm_api_key=None)
    checks = work_checks(health, settings, NOW)
    assert [check.state for check in checks] == states
    assert all(check.fix for check in checks if check.state != "ok")


def test_where_every_process_brings_a_worker_none_is_missed() -> None:
    assert [check.state for check in work_checks(Installation(), load_settings(), NOW)] == ["ok", "ok", "ok"]


async def test_what_does_not_answer_a_worker_is_told_to_other_processes(opener: Opener, hang: threading.Event) -> None:
    with ModelServer(lambda body: Reply(after=hang)) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "test", "llm_model": "test", "llm_timeout": 0.2}
        async with opener(**model, lease=1, stop_grace=0) as working, opener(worker=False) as other:

            async def told() -> bool:
                return list((await other.parts.health.read()).silent) == ["llm"]

            await _alice(working).remember(SAID)
            await wait_until(told)
            health = await other.parts.health.read()
            [workers, *_] = work_checks(health, load_settings(), NOW)
            assert (workers.state, workers.what.split("; ")[-1]) == ("degraded", "llm did not answer")


async def test_a_first_request_that_hangs_is_named_before_it_has_failed(
    opener: Opener, owner: asyncpg.Connection, hang: threading.Event
) -> None:
    with ModelServer(lambda body: Reply(text=answer(), after=hang)) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "test", "llm_model": "test", "llm_timeout": 10}
        async with opener(**model, stop_grace=0), opener(worker=False) as other:
            alice = _alice(other)

            async def degraded() -> set[str]:
                return set((await alice.context("peanuts", budget=500)).degraded)

            async def named() -> bool:
                return await degraded() == {"llm"}

            await alice.remember(SAID)
            await wait_until(lambda: server.requests)
            assert await degraded() == set()
            await wait_until(named)
            assert await owner.fetchval("select max(attempts) from semmem.jobs") == 0
            bob = other.memory.scope(tenant="acme", user="bob")
            assert not (await bob.context("peanuts", budget=500)).degraded

            hang.set()
            await alice.settled()
            assert await degraded() == set()
