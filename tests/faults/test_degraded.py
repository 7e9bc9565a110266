"""With Qdrant, Redis or a model down the memory answers and says so; only Postgres down is an error (P5, P10)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from semmem import ScopedMemory, StoreUnavailable
from semmem.domain.scope import Branch, Scope
from semmem.embedded import Servers, open_servers
from semmem.migrations import upgrade
from semmem.stores.postgres.jobs import SWEEPER_ROLE, Entrypoint, JobQueue
from semmem.stores.postgres.pool import Postgres
from semmem.testing import ManualClock, ModelServer, Reply, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener, opened
from tests.faults.oracle import drift

ASKED = "Which food must she avoid?"
BY_MEANING = {"turn", "window", "whole"}  # the signals that need the embedder
SAID = ["I am allergic to peanuts.", "I live in Munich.", "My sister Ines works at the harbour."]


@pytest_asyncio.fixture(scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Servers of this module's own, which its tests may stop and kill."""
    async with await open_servers(tmp_path_factory.mktemp("degraded")) as servers:
        await upgrade(servers.postgres_url)
        yield servers


@pytest_asyncio.fixture
async def own(folder: Servers) -> AsyncIterator[Servers]:
    """All of them running, before the test and after it."""
    yield folder
    for name in ("postgres", "redis", "qdrant"):
        await folder.start(name)


@pytest.fixture
def opener(own: Servers, clock: ManualClock) -> Opener:
    names = ("postgres_url", "redis_url", "qdrant_url", "qdrant_api_key")
    return partial(opened, {name: getattr(own, name) for name in names}, clock)


@pytest.fixture
def alice(application: Application) -> ScopedMemory:
    """Of a tenant of the test's own, for the tests share a database."""
    return _alice(application)


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant=f"tenant-{uuid4()}", user="alice")


async def _told(alice: ScopedMemory) -> ScopedMemory:
    for text in SAID:
        await alice.remember(text, session="s1", agent="support")
    await alice.settled()
    return alice


async def _degraded(alice: ScopedMemory) -> frozenset[str]:
    """What an answer of every kind says of itself, together."""
    recall, context = await alice.recall(ASKED), await alice.context(ASKED, budget=500)
    assert "peanuts" in recall[0].text
    assert "peanuts" in context.text
    return recall.degraded | context.degraded


async def test_without_qdrant_the_same_hits_come_from_postgres(
    own: Servers, application: Application, alice: ScopedMemory
) -> None:
    await _told(alice)
    before = await alice.recall(ASKED)
    await own.stop("qdrant")

    during = await alice.recall(ASKED)

    assert (before.degraded, during.degraded) == (frozenset(), frozenset({"qdrant"}))
    assert [(hit.id, round(hit.score, 3)) for hit in during] == [(hit.id, round(hit.score, 3)) for hit in before]
    assert (await alice.context(ASKED, budget=500)).degraded == {"qdrant"}
    await own.start("qdrant")
    assert await _degraded(alice) == frozenset()


async def test_what_is_said_and_forgotten_without_qdrant_arrives_there_later(
    own: Servers, application: Application, alice: ScopedMemory
) -> None:
    await _told(alice)
    await own.stop("qdrant")

    ack = await alice.remember("I play the cello.", session="s2")
    receipt = await alice.forget(session="s1")
    await wait_until(lambda: _recalls(alice, ack.id))

    assert ack.status == "accepted"
    assert "peanuts" not in str(await alice.recall(ASKED))
    assert receipt.id is not None
    assert (await alice.receipt(receipt.id)).stores["qdrant"] is None
    await own.start("qdrant")
    await alice.settled()
    assert await drift(application, alice) == set()
    assert (await alice.receipt(receipt.id)).complete
    assert (await alice.recall("What does she play?")).degraded == frozenset()


async def test_what_was_said_without_qdrant_is_found_there_as_soon_as_it_is_back(own: Servers, opener: Opener) -> None:
    """However long the job that carries it there would have waited: it failed at an outage that is over."""
    async with opener(backoff=600) as application:
        alice = _alice(application)
        await _told(alice)
        await own.stop("qdrant")
        ack = await alice.remember("I play the cello.", session="s2")
        await wait_until(lambda: _recalls(alice, ack.id))
        await wait_until(lambda: _mirror_waits(application))
        await own.start("qdrant")
        await wait_until(lambda: _follows(application, alice))
        assert not (await alice.recall("What does she play?")).degraded


async def _mirror_waits(application: Application) -> bool:
    async with application.stores.postgres.acting_as(SWEEPER_ROLE) as tx:
        waits = "select exists (select from semmem.pgqueuer where entrypoint = 'mirror' and execute_after > now())"
        return bool(await tx.connection.fetchval(waits))


async def _follows(application: Application, alice: ScopedMemory) -> bool:
    return await drift(application, alice) == set()


async def _recalls(alice: ScopedMemory, id: object) -> bool:
    return id in [hit.id for hit in await alice.recall("What does she play?")]


async def test_an_application_opens_without_qdrant_and_finds_it_later(own: Servers, opener: Opener) -> None:
    await own.stop("qdrant")
    async with opener() as application:
        alice = _alice(application)
        ack = await alice.remember(SAID[0])
        await wait_until(lambda: _recalls_peanuts(alice))
        await alice.settled(facts=False)  # nothing waits for a mirror that is away
        await own.start("qdrant")
        await alice.settled()
        assert await drift(application, alice) == set()
        assert ack.id in [hit.id for hit in await alice.recall(ASKED)]


async def _recalls_peanuts(alice: ScopedMemory) -> bool:
    return "peanuts" in str(await alice.recall(ASKED))


async def test_without_redis_nothing_is_missing_and_nothing_stale_comes_back(own: Servers, alice: ScopedMemory) -> None:
    await _told(alice)
    await own.stop("redis")

    during = await alice.context(ASKED, budget=500)
    ack = await alice.remember("I play the cello.", session="s2")
    again = await alice.remember("I play the cello.", session="s2", agent="other")

    assert during.degraded == {"redis"}
    assert len(during.tier("recent")) == len(SAID)
    assert (ack.status, again.status) == ("accepted", "accepted")
    assert (await alice.recall(ASKED)).degraded == frozenset()
    assert "cello" in (await alice.context(ASKED, budget=500)).text
    await alice.forget(event=ack.id)
    await alice.forget(event=again.id)
    await own.start("redis")
    after = await alice.context("What does she play?", budget=500)
    assert "cello" not in after.text
    await alice.settled()
    await wait_until(lambda: _is_whole(alice))  # on a busy machine a refusal may last as long as an outage


async def _is_whole(alice: ScopedMemory) -> bool:
    return await _degraded(alice) == frozenset()


async def test_a_lost_redis_is_a_line_in_the_log_and_not_one_for_each_event(
    opener: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    async with opener(redis_url="redis://127.0.0.1:1") as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        for number in range(5):
            await alice.remember(f"My note {number}.")
    assert len([message for message in caplog.messages if "not in the recent cache" in message]) == 1


async def test_what_was_said_without_redis_is_in_every_recent_tier_after_its_return(
    own: Servers, opener: Opener
) -> None:
    async with opener() as one, opener() as other:
        alice = await _told(_alice(one))
        hers = other.memory.scope(tenant=alice.scope.tenant, user="alice")
        assert await _degraded(hers) == frozenset()
        await own.stop("redis")
        await alice.remember("I play the cello.", session="s2")
        await own.start("redis")

        for reader in (hers, alice):
            context = await reader.context("Hello", budget=500)
            assert "I play the cello." in [item.text for item in context.tier("recent")]


async def test_without_the_embedder_words_alone_find_it(urls: dict[str, Any], clock: ManualClock) -> None:
    """In a database of its own: one holds the vectors of one model."""
    async with AsyncExitStack() as stack:
        with ModelServer() as server:
            embedding = {
                "embedding_base_url": server.base_url,
                "embedding_model": "hashed",
                "embedding_api_key": "test",
            }
            application = await stack.enter_async_context(opened(urls, clock, embedder="openai", **embedding))
            alice = await _told(_alice(application))
            assert {name for hit in await alice.recall("allergic peanuts") for name in hit.signals} >= BY_MEANING
            server.embed = lambda body: Reply(cut=True, body=b"the last of a connection that was kept open")

        ack = await alice.remember("I play the cello.")
        recall = await alice.recall("allergic peanuts")
        context = await alice.context("allergic peanuts", budget=500)

        assert "peanuts" in recall[0].text
        assert recall.degraded == {"embedder"}
        assert BY_MEANING.isdisjoint(name for hit in recall for name in hit.signals)
        assert context.degraded >= {"embedder"}
        assert ack.id in [item.id for item in context.tier("recent")]


VERBS: dict[str, Callable[[ScopedMemory], Awaitable[object]]] = {
    "remember": lambda alice: alice.remember("I play the cello."),
    "recall": lambda alice: alice.recall(ASKED),
    "context": lambda alice: alice.context(ASKED, budget=500),
    "forget": lambda alice: alice.forget(session="s9"),
    "facts": lambda alice: alice.facts(),
    "history": lambda alice: alice.history(),
}


async def test_without_postgres_every_call_fails_typed_and_soon_and_works_after_its_return(
    own: Servers, application: Application, alice: ScopedMemory
) -> None:
    await _told(alice)
    await own.stop("postgres")
    for verb, call in VERBS.items():
        async with asyncio.timeout(10):  # a hang, not a slow machine
            with pytest.raises(StoreUnavailable) as refused:
                await call(alice)
        assert (verb, refused.value.store) == (verb, "postgres")
    await own.start("postgres")

    for call in VERBS.values():
        await call(alice)
    await alice.settled()

    assert await _degraded(alice) == frozenset()
    assert sum("cello" in event.content for event in await alice.history()) == 1
    assert any("cello" in fact.text for fact in await alice.facts())


async def test_a_lost_postgres_is_a_line_in_the_log_and_no_traceback(
    own: Servers, application: Application, alice: ScopedMemory, caplog: pytest.LogCaptureFixture
) -> None:
    await _told(alice)
    await own.stop("postgres")
    lost = "the worker lost its connection and starts again"
    await wait_until(lambda: lost in caplog.text)
    await asyncio.sleep(2.5)  # two restarts of the worker, and a dozen sweeps
    await own.start("postgres")
    await alice.remember("I play the cello.")
    await alice.settled()

    assert [record for record in caplog.records if record.exc_info and record.levelno > logging.DEBUG] == []
    assert "Traceback" not in caplog.text
    assert len([message for message in caplog.messages if lost in message]) <= 3
    assert str(own.postgres_url) not in caplog.text


async def test_what_was_acknowledged_survives_kill_9_of_postgres(
    own: Servers, application: Application, alice: ScopedMemory
) -> None:
    acknowledged = set()

    async def say(number: int) -> None:
        try:
            ack = await alice.remember(f"My note {number} is in drawer {number}.", key=f"k{number}")
        except StoreUnavailable:
            return
        acknowledged.add(ack.id)

    await alice.remember(SAID[0], key="first")
    talking = [asyncio.create_task(say(number)) for number in range(40)]
    await wait_until(lambda: len(acknowledged) >= 5)
    await own.kill("postgres")
    await asyncio.gather(*talking)
    await own.start("postgres")
    await wait_until(lambda: _answers(alice))

    assert acknowledged <= {event.id for event in await alice.history(limit=100)}
    await alice.settled()
    again = [await alice.remember(f"My note {number} is in drawer {number}.", key=f"k{number}") for number in range(40)]
    assert acknowledged <= {ack.id for ack in again if ack.status == "duplicate"}
    assert await _degraded(alice) == frozenset()


async def _answers(alice: ScopedMemory) -> bool:
    try:
        await alice.history()
    except StoreUnavailable:
        return False
    return True


@pytest.mark.parametrize(
    "left_out", [{"redis_url": None}, {"qdrant_url": None}, {"redis_url": None, "qdrant_url": None}]
)
async def test_what_is_not_configured_is_not_missed(opener: Opener, left_out: dict[str, None]) -> None:
    async with opener(**left_out) as application:
        alice = await _told(_alice(application))
        assert (application.stores.cache is None, application.stores.mirror is None) == (
            "redis_url" in left_out,
            "qdrant_url" in left_out,
        )
        assert await _degraded(alice) == frozenset()
        receipt = await alice.forget(session="s1")
        await alice.settled()
        assert receipt.id is not None
        standing = (await alice.receipt(receipt.id)).stores  # others of this installation have what this one lacks
        assert {f"{store}_url" for store, at in standing.items() if at is None} <= left_out.keys()
        assert not await alice.recall(ASKED)


async def test_pgvector_may_be_chosen_although_there_is_a_qdrant(opener: Opener) -> None:
    async with opener(vector_index="pgvector") as application:
        assert application.stores.mirror is None
        assert await _degraded(await _told(_alice(application))) == frozenset()


async def test_what_waits_for_a_qdrant_that_is_used_no_more_is_left_alone_until_it_is_again(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope, done, release = Scope.user(f"tenant-{uuid4()}", "alice"), list[Entrypoint](), JobQueue.release

    async def noting(queue: JobQueue, job: int, kind: Entrypoint, of: Scope, *, at_once: bool = False) -> None:
        await release(queue, job, kind, of, at_once=at_once)
        if of == scope:
            done.append(kind)

    monkeypatch.setattr(JobQueue, "release", noting)
    async with opener(worker=False) as application:
        alice = application.memory.at(Branch(scope))
        await alice.remember("I am allergic to peanuts.", session="s1")
        receipt = await alice.forget(session="s1")
        await application.work.add(scope, [uuid4()])
    assert receipt.id is not None
    async with opener(vector_index="pgvector") as application:
        alice = await _told(application.memory.at(Branch(scope)))
        assert await _degraded(alice) == frozenset()
        assert (await alice.receipt(receipt.id)).stores["qdrant"] is None
        assert "index" in done
        assert "mirror" not in done
    async with opener() as application:
        alice = application.memory.at(Branch(scope))
        await alice.settled()
        assert (await alice.receipt(receipt.id)).stores["qdrant"]


async def test_a_failed_analysis_is_told_and_fails_nothing(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    postgres = await Postgres.connect(postgres_url)
    await postgres.aclose()
    await postgres.analyse_new()
    assert "tables could not be analysed: postgres is unavailable" in caplog.text
