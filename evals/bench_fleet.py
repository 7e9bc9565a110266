"""Speed of what agents share, as ratios in one run: updates, checkpoints, the past, and news in another process.

The other process is this module, run as `python -m semmem.evals.bench_fleet FOLDER REDIS_URL`.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

from redis.asyncio import Redis

import semmem
from semmem import add, merge
from semmem.evals.figures import Figure
from semmem.evals.timing import WARM_UP, interleaved, ratio
from semmem.wiring.bootstrap import Application

WRITES, CHECKPOINTS, READS, NEWS = 300, 50, 100, 200
CHANGES = 10_000
NOTES, NOTE = 20, "x" * 5_000  # a state of 100 KB
QUIET = 0.02  # seconds between two pieces of news; followers are woken at most each 10 ms
CHANNEL = "bench"
TENANT, HEARD = "bench", "heard"


class Shared(semmem.State, version=1):
    count: Annotated[int, add] = 0
    notes: Annotated[dict[str, str], merge]


async def measure(application: Application) -> list[Figure]:
    update = await _update(application)
    return [update, await _checkpoint(application), await _past(application), await _news(application)]


def _place(application: Application, name: str) -> semmem.ScopedMemory:
    return application.memory.scope(tenant=TENANT, workspace=name, state=Shared)


async def _update(application: Application) -> Figure:
    place = _place(application, "update")
    redis_is_told = application.parts.background.aclose
    ours, theirs = await interleaved(
        lambda: place.update(count=1), lambda: place.remember("one of many"), WRITES, between=redis_is_told
    )
    return ratio("update / remember", ours, theirs, limit=1.3, what="a sum of one field, one event; one writer")


async def _checkpoint(application: Application) -> Figure:
    place = _place(application, "checkpoint")
    for number in range(NOTES):
        await place.update(notes={f"note-{number}": NOTE})
    ours, theirs = await interleaved(place.checkpoint, lambda: place.update(count=1), CHECKPOINTS)
    return ratio("checkpoint / update", ours, theirs, limit=5, what="of a state of 100 KB; of one field")


async def _past(application: Application) -> Figure:
    place = _place(application, "past")
    for _ in range(CHANGES):
        change = await place.update(count=1)
    middle = change.position - CHANGES // 2
    ours, theirs = await interleaved(lambda: place.state(at=middle), place.state, READS)
    return ratio("state(at=) / state", ours, theirs, limit=10, what=f"in the middle of {CHANGES:,} changes")


async def _news(application: Application) -> Figure:
    servers = application.stores.servers
    assert servers is not None
    place = _place(application, HEARD)
    async with (
        _listener(str(application.settings.data), servers.redis_url) as heard,
        _redis(servers.redis_url) as redis,
    ):
        entries, raw = [], []
        for _ in range(WARM_UP + NEWS):
            await asyncio.sleep(QUIET)
            told = time.monotonic()
            await redis.publish(CHANNEL, "raw")
            raw.append(float(await heard.readline()) - told)  # both processes have the machine's one clock
            await place.remember("news")
            told = time.monotonic()
            entries.append(float(await heard.readline()) - told)
    ours, theirs = statistics.median(entries[WARM_UP:]), statistics.median(raw[WARM_UP:])
    slowest = statistics.quantiles(entries[WARM_UP:], n=20)[-1]
    what = (
        f"from the ack to a follower in another process, p95 {slowest * 1e3:.1f} ms; from a publish to who subscribed"
    )
    return ratio("news / Redis publish", ours, theirs, limit=3, what=what)


@asynccontextmanager
async def _listener(folder: str, redis_url: str) -> AsyncIterator[asyncio.StreamReader]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "semmem.evals.bench_fleet", folder, redis_url), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        await process.stdout.readline()  # it listens
        yield process.stdout
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _redis(url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(url) as redis:
        yield redis


async def _listen(folder: str, redis_url: str) -> None:
    """Prints when each piece of news was there."""
    async with semmem.open(data=folder, worker=False) as memory, _redis(redis_url) as redis, redis.pubsub() as pubsub:
        await pubsub.subscribe(CHANNEL)
        place = memory.scope(tenant=TENANT, workspace=HEARD)
        print("listening", flush=True)
        async with asyncio.TaskGroup() as both:
            both.create_task(_follow(place))
            both.create_task(_subscribed(pubsub.listen()))


async def _follow(place: semmem.ScopedMemory) -> None:
    async with aclosing(place.follow(after=0)) as coming:
        async for _ in coming:
            print(time.monotonic(), flush=True)


async def _subscribed(messages: AsyncIterator[dict[str, object]]) -> None:
    async for message in messages:
        if message["type"] == "message":
            print(time.monotonic(), flush=True)


if __name__ == "__main__":
    asyncio.run(_listen(*sys.argv[1:]))
