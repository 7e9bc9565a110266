"""Producers, workers and stores under fire, on servers of the storm's own."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal

from semmem.embedded import Servers, open_servers
from semmem.migrations import upgrade
from semmem.testing import ModelServer
from tests.applications import opened
from tests.storm import endpoint
from tests.storm.journal import Findings, Journal
from tests.storm.plan import Sizes
from tests.storm.verdict import judge

STORES: tuple[Literal["postgres", "redis", "qdrant"], ...] = ("postgres", "redis", "qdrant")
PIPE = asyncio.subprocess.PIPE
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Outcome:
    journal: Journal
    findings: Findings = field(default_factory=Findings)
    faults: Counter[str] = field(default_factory=Counter)
    ticks: int = 0
    stopped: bool = False  # before all was sent


class Storm:
    """`run` may be told to `stop`: then nothing more is sent, and what was is judged all the same."""

    def __init__(self, sizes: Sizes, folder: Path, progress: Progress) -> None:
        self._sizes, self._folder, self._progress = sizes, folder, progress
        self._outcome = Outcome(Journal(sizes))
        self._random = Random(f"{sizes.seed}:faults")
        self._answers: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._producers: list[asyncio.subprocess.Process] = []
        self._workers: list[int] = []
        self._servers: Servers
        self._nursery: asyncio.subprocess.Process

    async def run(self) -> Outcome:
        async with AsyncExitStack() as stack:
            self._servers = await stack.enter_async_context(await open_servers(self._folder))
            await upgrade(self._servers.postgres_url)
            urls = self._urls(stack.enter_context(ModelServer(endpoint.answer, endpoint.embed)))
            await stack.enter_async_context(self._working(urls))
            await self._blow(urls)
            await self._judge(urls)
        return self._outcome

    def stop(self) -> None:
        self._outcome.stopped = True
        for producer in self._producers:
            with suppress(ProcessLookupError):
                producer.terminate()

    def _urls(self, models: ModelServer) -> dict[str, Any]:
        """Settings that every process of the storm has."""
        servers = self._servers
        return {
            "postgres_url": servers.postgres_url,
            "redis_url": servers.redis_url,
            "qdrant_url": servers.qdrant_url,
            "qdrant_api_key": servers.qdrant_api_key,
            "embedder": "openai",
            "embedding_base_url": models.base_url,
            "embedding_model": "hashed",
            "embedding_api_key": "test",
            "llm_base_url": models.base_url,
            "llm_model": "test",
            "llm_api_key": "test",
            "attempts": 2,
            "sweep_every": 1,
            "postgres_pool": 5,
        }

    @asynccontextmanager
    async def _working(self, urls: dict[str, Any]) -> AsyncIterator[None]:
        self._nursery = await _start("tests.storm.nursery", json.dumps(urls), stdin=PIPE)
        try:
            for _ in range(self._sizes.workers):
                self._workers.append(await self._another_worker())
            yield
        finally:
            assert self._nursery.stdin is not None
            self._nursery.stdin.close()
            await self._nursery.wait()

    async def _another_worker(self) -> int:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(b"\n")
        return int(await self._nursery.stdout.readline())

    async def _blow(self, urls: dict[str, Any]) -> None:
        sizes = json.dumps(asdict(self._sizes))
        for number in range(self._sizes.producers):
            words = (json.dumps(urls), sizes, str(number))
            self._producers.append(await _start("tests.storm.producer", *words))
        listening = [asyncio.create_task(self._listen(producer)) for producer in self._producers]
        said = 0
        while sum(task.done() for task in listening) < len(listening) or not self._answers.empty():
            told = await self._answers.get()
            if told is None:
                continue
            self._outcome.journal.take(told)
            said += "kept" in told
            self._progress("sent", min(said, self._sizes.events), self._sizes.events)
            if "kept" in told and said % self._sizes.events_a_tick == 0:
                await self._tick()
        await asyncio.gather(*listening)

    async def _listen(self, producer: asyncio.subprocess.Process) -> None:
        assert producer.stdout is not None
        async for line in producer.stdout:
            await self._answers.put(json.loads(line))
        if code := await producer.wait():
            await self._answers.put({"wrong": f"a producer ended with {code}"})
        await self._answers.put(None)

    async def _tick(self) -> None:
        """A worker or a store may be killed: they are started again at once, as what watches over them would."""
        self._outcome.ticks += 1
        drawn, position = self._random.random(), self._random.randrange(self._sizes.workers)
        store = self._random.choice(STORES)
        if drawn < self._sizes.kills:
            os.kill(self._workers[position], signal.SIGKILL)
            self._workers[position] = await self._another_worker()
            self._outcome.faults["worker"] += 1
        elif drawn < self._sizes.kills + self._sizes.restarts:
            await self._servers.kill(store)
            self._outcome.faults[store] += 1

    async def _judge(self, urls: dict[str, Any]) -> None:
        findings, places = self._outcome.findings, self._outcome.journal.places()
        async with opened(urls, lambda: datetime.now(UTC), worker=False) as application:
            for number, place in enumerate(places, start=1):
                await judge(application, self._outcome.journal, place, findings)
                self._progress("judged", number, len(places))
        findings.wrong += self._outcome.journal.wrong


async def _start(module: str, *words: str, stdin: int = asyncio.subprocess.DEVNULL) -> asyncio.subprocess.Process:
    """Out of the terminal's process group: Ctrl-C is for the storm to hear."""
    command = (sys.executable, "-m", module, *words)
    return await asyncio.create_subprocess_exec(*command, stdin=stdin, stdout=PIPE, start_new_session=True)
