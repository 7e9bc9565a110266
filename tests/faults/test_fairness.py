"""No tenant waits for another's hung calls or long backlog: turns are counted in jobs and batches, not in seconds."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from semmem import NewEvent, ScopedMemory
from semmem.domain.scope import Scope
from semmem.engine.worker import BATCHES_A_TURN
from semmem.stores.postgres.jobs import Entrypoint, JobQueue
from semmem.testing import ManualClock, ModelServer, Reply, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened
from tests.faults.proxy import BlackHole, Drip, Fault, Proxy
from tests.unit.extractors.builders import answer

pytestmark = pytest.mark.soak

LONG = 600  # seconds: what hangs does so for the whole test
DEADLINE = 10


@pytest.fixture
def index_jobs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the index jobs that were done, in order."""
    done: list[int] = []
    release = JobQueue.release

    async def counting(
        queue: JobQueue, job_id: int, entrypoint: Entrypoint, scope: Scope, *, at_once: bool = False
    ) -> None:
        if entrypoint == "index":
            done.append(job_id)
        await release(queue, job_id, entrypoint, scope, at_once=at_once)

    monkeypatch.setattr(JobQueue, "release", counting)
    return done


def _place(application: Application, tenant: str) -> ScopedMemory:
    return application.memory.scope(tenant=tenant, user="alice")


@asynccontextmanager
async def _hanging(dependency: str, fault: Fault, urls: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """Settings with a proxy before the dependency, which hangs as soon as `begin` among them is called."""
    with ModelServer(lambda body: answer()) as server:
        address = urlsplit(urls["qdrant_url"] if dependency == "qdrant" else server.base_url)
        async with Proxy(partial(asyncio.open_connection, address.hostname, address.port)) as proxy:
            through = f"http://127.0.0.1:{proxy.port}"
            settings: dict[str, Any] = {
                "qdrant": {"qdrant_url": through, "write_timeout": LONG},
                "embedder": {
                    "embedder": "openai",
                    "embedding_base_url": f"{through}/v1",
                    "embedding_api_key": "test",
                    "embedding_timeout": LONG,
                },
                "chat": {"llm_base_url": f"{through}/v1", "llm_api_key": "test", "llm_timeout": LONG},
            }
            yield settings[dependency] | {"begin": partial(proxy.impose, fault)}
            await proxy.heal()


@pytest.mark.parametrize("waiting", [6, 50])
@pytest.mark.parametrize(
    ("dependency", "fault"),
    [("chat", BlackHole()), ("chat", Drip(1)), ("qdrant", BlackHole()), ("embedder", BlackHole())],
    ids=["black-holed model", "dripping model", "black-holed Qdrant", "black-holed embedder"],
)
async def test_what_hangs_for_many_tenants_keeps_no_other_from_recall_and_forget(
    dependency: str, fault: Fault, waiting: int, urls: dict[str, Any], clock: ManualClock, index_jobs: list[int]
) -> None:
    async with _hanging(dependency, fault, urls) as settings:
        begin = settings.pop("begin")
        async with opened(urls | {"stop_grace": 0, "read_timeout": DEADLINE} | settings, clock) as application:
            bob = _place(application, "bob")
            old = await bob.remember("My old bike is green.")
            await bob.settled()
            before = len(index_jobs)
            await begin()
            for number in range(waiting):
                await _place(application, f"tenant-{number}").remember("I live in Munich.")
            await bob.remember("I play the cello.")
            receipt = await bob.forget(event=old.id)

            await wait_until(partial(_recalls, bob, "cello"), timeout=120)
            assert 0 < len(index_jobs) - before <= 3 * (waiting + 1)
            assert receipt.id is not None
            await wait_until(partial(_followed, bob, receipt.id, dependency), timeout=120)


async def _recalls(memory: ScopedMemory, word: str) -> bool:
    return word in str(await memory.recall(word))


async def _followed(memory: ScopedMemory, receipt: Any, hung: str) -> bool:
    """Whether each store that does not hang holds no more of it."""
    stores = (await memory.receipt(receipt)).stores
    return all(at is not None for store, at in stores.items() if store != hung)


async def test_a_long_backlog_gives_way_after_its_turn_to_the_index(urls: dict[str, Any], clock: ManualClock) -> None:
    with ModelServer() as server:
        endpoint: dict[str, Any] = {"embedder": "openai", "embedding_base_url": server.base_url}
        endpoint["embedding_api_key"] = "test"
        endpoint["extract_after"] = LONG  # facts are embedded too
        async with opened(urls, clock, worker=False, **endpoint) as application:
            for part in range(2):
                said = [NewEvent(content=f"Note {part * 1_000 + number} is filed.") for number in range(1_000)]
                await _place(application, "huge").remember_many(said)
            await _place(application, "bob").remember("I play the cello.")
        asked = len(server.requests)
        async with opened(urls, clock, worker_jobs=1, **endpoint) as application:
            await wait_until(partial(_recalls, _place(application, "bob"), "cello"), timeout=120)
            await _place(application, "huge").settled(facts=False, timeout=120)
        batches = [json.dumps(body["input"]) for body in server.requests[asked:]]
        texts = [batch for batch in batches if "Note" in batch or "play the cello" in batch]
        first = next(place for place, batch in enumerate(texts) if "play the cello" in batch)
        assert first <= BATCHES_A_TURN < len(texts) - 1


async def test_a_long_backlog_gives_way_after_its_turn_to_extraction(urls: dict[str, Any], clock: ManualClock) -> None:
    with ModelServer(lambda body: answer()) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "test", "worker_jobs": 1}
        async with opened(urls, clock, worker=False) as application:
            said = [
                NewEvent(content=f"I have visited {number} countries so far.", session=f"s{number // 20}")
                for number in range(400)
            ]
            await _place(application, "huge").remember_many(said)
            await _place(application, "bob").remember("I play the cello.")
        async with opened(urls, clock, **model) as application:
            await _place(application, "bob").settled(timeout=120)
            await _place(application, "huge").settled(timeout=120)
        asked = [json.dumps(body["messages"]) for body in server.requests]
        first = next(place for place, text in enumerate(asked) if "cello" in text)
        assert first <= BATCHES_A_TURN < len(asked) - 1


async def test_an_endpoint_that_refuses_leaves_no_scope_behind(urls: dict[str, Any], clock: ManualClock) -> None:
    """A model that came back is asked again for each scope, however many had failed."""
    with ModelServer(lambda body: Reply(status=503)) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "test", "attempts": 1_000}
        async with opened(urls, clock, **model) as application:
            places = [_place(application, f"tenant-{number}") for number in range(6)]
            for place in places:
                await place.remember("I live in Munich.")
            await wait_until(lambda: len(server.requests) >= len(places))
            server.answer = lambda body: answer()
            for place in places:
                await place.settled(timeout=120)
