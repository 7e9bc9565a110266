"""Stopping takes a moment, whatever hangs or waits; nothing is lost, and another worker goes on at once."""

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
import pytest
from pgqueuer import Queries
from pgqueuer.domain.models import Job

from semmem import NewEvent, ScopedMemory
from semmem.testing import ModelServer, Reply, hashed_words, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.counts import further
from tests.faults.oracle import nothing_lost_and_nothing_doubled
from tests.servers import silent_server
from tests.unit.extractors.builders import answer, said_fact

GRACE = 0.5
SECONDS = 60  # far less than any timeout or lease below, and more than a busy machine needs
LONG = 300


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


def _with_model(opener: Opener, server: ModelServer, **given: Any) -> AbstractAsyncContextManager[Application]:
    model = {"llm_base_url": server.base_url, "llm_api_key": "test", "llm_model": "test", "llm_timeout": LONG}
    return opener(**{**model, "lease": LONG, "sweep_every": LONG, "stop_grace": GRACE, **given})


@asynccontextmanager
async def _soon() -> AsyncIterator[None]:
    """What is inside ends with little delay."""
    started = monotonic()
    yield
    assert monotonic() - started < SECONDS


def _heard(body: dict[str, Any]) -> str:
    """The facts of a model that takes each event at its word."""
    return answer(said_fact(subject="alice", text="alice is allergic to peanuts.", quote="I am allergic to peanuts"))


@pytest.mark.parametrize("llm_timeout", [2, LONG])
async def test_a_hung_model_holds_nothing_up_and_another_worker_takes_over_at_once(
    opener: Opener, hang: threading.Event, llm_timeout: float
) -> None:
    with ModelServer(lambda body: Reply(after=hang)) as server:
        async with _with_model(opener, server, llm_timeout=llm_timeout) as application:
            ack = await _alice(application).remember("I am allergic to peanuts.", key="k1")
            await wait_until(lambda: server.requests)
            closing = monotonic()
        assert monotonic() - closing < SECONDS
        server.answer = _heard
        async with _soon(), _with_model(opener, server) as application:
            await _alice(application).settled()
            await nothing_lost_and_nothing_doubled(application, _alice(application), {"k1": ack.id})
            assert await _alice(application).dead_letters() == []


async def test_another_worker_need_not_wait_for_the_pause_before_extraction(
    opener: Opener, hang: threading.Event
) -> None:
    with ModelServer(lambda body: Reply(after=hang)) as server:
        async with opener(worker=False) as application:
            await _alice(application).remember("I am allergic to peanuts.")
        async with _with_model(opener, server, stop_grace=0, extract_after=10 * LONG):
            await wait_until(lambda: server.requests)
        server.answer = _heard
        async with _with_model(opener, server, extract_after=10 * LONG) as application:
            await wait_until(lambda: _alice(application).facts())


async def test_what_ends_within_the_grace_is_kept(opener: Opener, hang: threading.Event) -> None:
    with ModelServer(lambda body: Reply(text=_heard(body), after=hang)) as server:
        async with _with_model(opener, server, stop_grace=SECONDS) as application:
            await _alice(application).remember("I am allergic to peanuts.")
            await wait_until(lambda: server.requests)
            application.worker.stop()
            hang.set()
        async with opener(worker=False) as application:
            assert len(await _alice(application).facts()) == 1
        assert len(server.requests) == 1


async def test_no_grace_cancels_at_once(opener: Opener, hang: threading.Event) -> None:
    with ModelServer(lambda body: Reply(after=hang)) as server:
        async with _with_model(opener, server, stop_grace=0) as application:
            await _alice(application).remember("I am allergic to peanuts.")
            await wait_until(lambda: server.requests)
            closing = monotonic()
        assert monotonic() - closing < SECONDS


async def test_a_thousand_waiting_events_end_after_the_batch_in_hand(
    opener: Opener, hang: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "semmem.engine.worker")
    with ModelServer(lambda body: Reply(text=answer(), after=hang)) as server:
        async with _with_model(opener, server, stop_grace=SECONDS) as application:
            alice = _alice(application)
            said = [
                NewEvent(content=f"I have visited {n} countries so far.", session=f"s{n // 50}") for n in range(1_000)
            ]
            await alice.remember_many(said)
            await wait_until(lambda: server.requests)
            application.worker.stop()
            hang.set()
            closing = monotonic()
        assert monotonic() - closing < 2 * SECONDS
        assert len(server.requests) <= 2  # the batch in hand, and one that was read ahead
        async with opener(worker=False) as application:
            _, facts = await application.parts.events.count_waiting(_alice(application).view(()))
            assert 0 < facts < 1_000
    assert f"{facts} to be extracted" in caplog.text


async def test_a_worker_that_had_nothing_to_do_says_so(opener: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "semmem.engine.worker")
    async with opener() as application:
        await _alice(application).settled()
    assert "the worker stopped; nothing waits" in caplog.text
    assert application.worker.left is not None


async def test_a_hung_embedding_endpoint_holds_nothing_up(opener: Opener, hang: threading.Event) -> None:
    hanging = threading.Event()

    def embed(body: dict[str, Any]) -> Any:
        return Reply(after=hang) if hanging.is_set() else hashed_words(body)

    with ModelServer(embed=embed) as server:
        endpoint = {"embedder": "openai", "embedding_base_url": server.base_url, "embedding_api_key": "test"}
        async with opener(**endpoint, lease=LONG, stop_grace=GRACE) as application:
            hanging.set()
            asked = len(server.requests)
            await _alice(application).remember("I am allergic to peanuts.", key="k1")
            await wait_until(lambda: len(server.requests) > asked)
            closing = monotonic()
        assert monotonic() - closing < SECONDS


async def test_a_qdrant_that_never_answers_holds_nothing_up(opener: Opener) -> None:
    async with silent_server() as port:
        async with opener(worker=False) as application:
            await _alice(application).remember("I am allergic to peanuts.")
        opening = opener(qdrant_url=f"http://127.0.0.1:{port}", qdrant_api_key=None, lease=LONG, stop_grace=GRACE)
        began = monotonic()
        async with opening as application:
            assert monotonic() - began < application.settings.write_timeout.total_seconds() / 2
            closing = monotonic()
        assert monotonic() - closing < SECONDS


async def test_a_worker_that_is_cancelled_gives_its_job_back(opener: Opener, hang: threading.Event) -> None:
    with ModelServer(lambda body: Reply(after=hang)) as server:
        async with _with_model(opener, server, worker=False) as application:
            running = asyncio.create_task(application.worker.run())
            await _alice(application).remember("I am allergic to peanuts.", key="k1")
            await wait_until(lambda: server.requests)
            async with _soon():
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            server.answer = _heard
        async with _soon(), _with_model(opener, server) as application:
            await _alice(application).settled()


async def test_a_worker_that_is_cancelled_while_it_takes_jobs_gives_them_back(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, dequeue = asyncio.Event(), Queries.dequeue

    async def slow_to_arrive(self: Queries, **given: Any) -> list[Job]:
        jobs = await dequeue(self, **given)
        if jobs:
            taken.set()
            await asyncio.sleep(0.05)
        return jobs

    monkeypatch.setattr(Queries, "dequeue", slow_to_arrive)
    async with opener(worker=False, lease=LONG, sweep_every=LONG) as application:
        await _alice(application).remember("I am allergic to peanuts.")
        running = asyncio.create_task(application.worker.run())
        await taken.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with opener(lease=LONG, sweep_every=LONG) as application:
        await _alice(application).settled(timeout=SECONDS)


async def test_a_worker_that_is_stopped_before_it_ran_does_nothing(opener: Opener) -> None:
    async with opener(worker=False) as application:
        await _alice(application).remember("I am allergic to peanuts.")
        application.worker.stop()
        async with _soon():
            await application.worker.run()
        assert await _alice(application).facts() == []


@pytest.mark.parametrize("jobs", [1, 3])
async def test_a_worker_does_as_many_jobs_at_once_as_it_is_told_to(
    opener: Opener, hang: threading.Event, jobs: int
) -> None:
    with ModelServer(lambda body: Reply(text=answer(), after=hang)) as server:
        async with _with_model(opener, server, worker_jobs=jobs, lease=2) as application:
            users = [application.memory.scope(tenant="acme", user=f"user-{number}") for number in range(6)]
            for user in users:
                await user.remember("I am allergic to peanuts.")
            await wait_until(lambda: len(server.requests) >= jobs)
            assert len(server.requests) == jobs
            hang.set()
            for user in users:
                await user.settled()


async def test_a_hung_model_holds_no_index_up(opener: Opener, hang: threading.Event) -> None:
    with ModelServer(lambda body: Reply(text=answer(), after=hang)) as server:
        async with _with_model(opener, server, worker_jobs=1, lease=2) as application:
            users = [application.memory.scope(tenant="acme", user=f"user-{number}") for number in range(12)]
            for user in users:
                await user.remember("I am allergic to peanuts.")
            async with _soon():
                for user in users:
                    await user.settled(facts=False)
            assert len(server.requests) == 1


@asynccontextmanager
async def _worker(urls: dict[str, Any], server: ModelServer, **given: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`semmem worker` as an operator runs it, at work on an event whose model hangs."""
    settings = urls | {"llm_base_url": server.base_url, "llm_model": "test", "extract_after": "0", "lease": f"{LONG}"}
    told = {f"SEMMEM_{name.upper()}": str(value) for name, value in (settings | given).items() if value is not None}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "semmem", "worker"), env=os.environ | told, stderr=asyncio.subprocess.PIPE
    )
    try:
        await wait_until(lambda: server.requests)
        yield process
    finally:
        if process.returncode is None:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, *further(signal.SIGINT)])
async def test_a_signal_stops_a_worker_whose_model_hangs_and_it_says_what_waits(
    opener: Opener, urls: dict[str, Any], hang: threading.Event, number: signal.Signals
) -> None:
    with ModelServer(lambda body: Reply(after=hang)) as server:
        async with opener(worker=False) as application:
            ack = await _alice(application).remember("I am allergic to peanuts.", key="k1")
        async with _worker(urls, server, stop_grace="0.5s") as process, _soon():
            process.send_signal(number)
            _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
        assert "1 to be extracted" in said.decode()
        assert "Traceback" not in said.decode()
        server.answer = _heard
        async with _soon(), _with_model(opener, server) as application:
            await _alice(application).settled()
            await nothing_lost_and_nothing_doubled(application, _alice(application), {"k1": ack.id})


async def test_a_second_signal_ends_at_once(
    opener: Opener, urls: dict[str, Any], postgres_url: str, hang: threading.Event
) -> None:
    with ModelServer(lambda body: Reply(after=hang)) as server:
        async with opener(worker=False) as application:
            ack = await _alice(application).remember("I am allergic to peanuts.", key="k1")
        async with _worker(urls, server, stop_grace=f"{LONG}s") as process:
            assert process.stderr is not None
            process.send_signal(signal.SIGTERM)
            while b"once more ends at once" not in await process.stderr.readline():
                pass
            async with _soon():
                process.send_signal(signal.SIGTERM)
                await process.communicate()
        assert process.returncode == -signal.SIGTERM
        server.answer = _heard
        owner = await asyncpg.connect(postgres_url)
        await owner.execute("update semmem.pgqueuer set heartbeat = now() - interval '1 hour'")  # the lease is over
        await owner.close()
        async with _with_model(opener, server, lease=2) as application:
            await _alice(application).settled()
            await nothing_lost_and_nothing_doubled(application, _alice(application), {"k1": ack.id})


async def test_an_import_that_is_interrupted_ends_soon_says_what_is_stored_and_goes_on_later(
    opener: Opener, urls: dict[str, Any], hang: threading.Event, tmp_path: Any
) -> None:
    file = tmp_path / "events.jsonl"
    said = [{"content": f"I have visited {n} countries so far.", "session": "s", "key": f"k{n}"} for n in range(700)]
    file.write_text("\n".join(map(json.dumps, said)))
    with ModelServer(lambda body: Reply(text=answer(), after=hang)) as server:
        settings = urls | {"llm_base_url": server.base_url, "llm_model": "t", "extract_after": "0", "worker": "true"}
        told = {f"SEMMEM_{name.upper()}": str(value) for name, value in settings.items() if value is not None}
        command = (sys.executable, "-m", "semmem", "import", str(file), "--tenant", "acme", "--user", "alice")
        process = await asyncio.create_subprocess_exec(
            *command, env=os.environ | told, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        await wait_until(lambda: server.requests)
        async with _soon():
            process.send_signal(signal.SIGINT)
            _, error = await process.communicate()
        assert process.returncode == 130, error.decode()
        assert "import the file again to go on" in error.decode()
        assert "to be extracted" in error.decode()
        assert "Traceback" not in error.decode()
    async with opener(worker=False) as application:
        assert 0 < len([event async for event in _alice(application).events()]) <= 700
