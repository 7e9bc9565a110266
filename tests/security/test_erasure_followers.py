"""A receipt waits for every store that the installation has: a process closes the parts of those that it has itself."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from semmem import ScopedMemory
from semmem.cli.checks import receipts_check
from semmem.domain.receipt import Receipt
from semmem.domain.scope import Scope
from semmem.errors import ConfigurationError, NotFound
from semmem.stores.postgres.followers import Followers
from semmem.stores.postgres.jobs import Entrypoint, JobQueue
from semmem.stores.postgres.receipts import ReceiptStore
from semmem.stores.qdrant.index import QdrantIndex
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from semmem.wiring.followers import followers_in, retire
from semmem.wiring.settings import load_settings
from tests.applications import Opener
from tests.faults.oracle import drift

CANARY = "heliotrope"
NOBODY = "redis://127.0.0.1:1/0"  # answers there


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


async def _told(application: Application, urls: dict[str, Any], **other: str) -> None:
    """As after a talk: Redis holds its newest events."""
    await _alice(application).remember(f"My safe word is {CANARY}.", session="s1")
    await _alice(application).context("What is the safe word?", budget=500)
    await wait_until(lambda: _cached(urls | other))


async def _cached(urls: dict[str, Any]) -> bool:
    """Whether Redis still holds a word of it."""
    async with Redis.from_url(urls["redis_url"]) as redis:
        held = [await redis.zrange(key, 0, -1) for key in await redis.keys(f"{urls['redis_prefix']}:*:recent")]
    return CANARY in str(held)


async def _standing(application: Application, receipt: Receipt) -> Receipt:
    assert isinstance(receipt.id, UUID)
    return await _alice(application).receipt(receipt.id)


async def _open(application: Application, receipt: Receipt) -> set[str]:
    """The stores that have not followed."""
    return {store for store, at in (await _standing(application, receipt)).stores.items() if at is None}


async def _idle(owner: asyncpg.Connection) -> None:
    """Until every job is done but those that let a Redis follow."""

    async def idle() -> bool:
        waiting = "select count(*) from semmem.jobs where is_open and entrypoint not like 'cache %'"
        return bool(await owner.fetchval(waiting) == 0)

    await wait_until(idle)


@pytest.mark.parametrize("through", ["one with Redis", "one without"])
async def test_a_worker_without_redis_leaves_its_part_of_a_receipt_to_one_that_has_it(
    through: str, opener: Opener, urls: dict[str, Any], owner: asyncpg.Connection
) -> None:
    async with opener(worker=False) as has_it, opener(redis_url=None) as lacks_it:
        await _told(has_it, urls)
        receipt = await _alice(has_it if through == "one with Redis" else lacks_it).forget(everything=True)
        await _alice(lacks_it).settled()
        await _idle(owner)
        for application in (has_it, lacks_it):
            assert await _open(application, receipt) == {"redis"}
            assert not (await _standing(application, receipt)).complete
        assert await _cached(urls) is (through == "one without")
    async with opener() as has_it:
        await _alice(has_it).settled()
        assert (await _standing(has_it, receipt)).complete
    assert not await _cached(urls)


async def test_a_worker_without_redis_is_not_kept_busy_by_what_it_cannot_do(
    opener: Opener, urls: dict[str, Any], owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, release, sweep = Counter[str](), JobQueue.release, JobQueue.sweep

    async def noting(queue: JobQueue, job: int, kind: Entrypoint, of: Scope, *, at_once: bool = False) -> None:
        await release(queue, job, kind, of, at_once=at_once)
        done[kind] += 1

    async def counting(queue: JobQueue) -> int:
        done["sweeps"] += 1
        return await sweep(queue)

    async with opener(worker=False) as application:
        await _told(application, urls)
    async with opener(redis_url=None) as application:
        await _alice(application).forget(everything=True)
        await _alice(application).settled()
        await _idle(owner)
        monkeypatch.setattr(JobQueue, "release", noting)
        monkeypatch.setattr(JobQueue, "sweep", counting)
        await wait_until(lambda: done["sweeps"] >= 4)
        assert set(done) == {"sweeps"}
        waiting = "select entrypoint from semmem.jobs where is_open"
        assert [kind for (kind,) in await owner.fetch(waiting)] == [f"cache redis:{urls['redis_prefix']}"]


async def test_of_two_prefixes_each_has_its_own_part(
    opener: Opener, urls: dict[str, Any], owner: asyncpg.Connection
) -> None:
    other = f"{urls['redis_prefix']}-b"
    async with opener(worker=False) as one, opener(redis_prefix=other) as two:
        await _told(one, urls)
        await _told(two, urls, redis_prefix=other)
        receipt = await _alice(two).forget(everything=True)
        await _alice(two).settled()
        await _idle(owner)
        assert not await _cached(urls | {"redis_prefix": other})
        assert await _cached(urls)
        assert await _open(two, receipt) == {"redis"}
    async with opener() as one:
        await _alice(one).settled()
        assert (await _standing(one, receipt)).complete
    assert not await _cached(urls)


async def test_what_was_forgotten_while_redis_was_down_is_closed_once_it_is_back(
    opener: Opener, urls: dict[str, Any], owner: asyncpg.Connection
) -> None:
    async with opener(worker=False) as application:
        await _told(application, urls)
    async with opener(redis_url=NOBODY) as cut_off:
        receipt = await _alice(cut_off).forget(everything=True)

        async def has_failed() -> bool:
            return bool(await owner.fetchval("select max(attempts) from semmem.jobs where entrypoint like 'cache %'"))

        await wait_until(has_failed)
        await _idle(owner)
        assert await _open(cut_off, receipt) == {"redis"}
        assert await _cached(urls)
    async with opener() as application:
        await _alice(application).settled()
        assert (await _standing(application, receipt)).complete
    assert not await _cached(urls)


async def test_an_installation_may_gain_a_redis(opener: Opener, urls: dict[str, Any]) -> None:
    async with opener(redis_url=None) as before:
        await _alice(before).remember(f"My safe word is {CANARY}.", session="s0")
        old = await _alice(before).forget(everything=True)
        await _alice(before).settled()
        assert set((await _standing(before, old)).stores) == {"postgres", "qdrant"}
        async with opener(worker=False) as gained:
            await _told(gained, urls)
            new = await _alice(before).forget(everything=True)
            await _alice(before).settled()
            assert (await _standing(gained, old)).complete
            assert await _open(before, new) == {"redis"}
        async with opener() as gained:
            await _alice(gained).settled()
            assert (await _standing(gained, new)).complete
    assert not await _cached(urls)


async def test_a_store_is_named_only_when_no_forget_is_under_way(opener: Opener, owner: asyncpg.Connection) -> None:
    """What such a forget has not deleted yet could be read into it, and no receipt would wait for it."""
    async with opener(worker=False) as application:
        postgres, scope = application.stores.postgres, Scope.user("acme", "alice")
        followers = Followers(postgres)
        async with postgres.transaction(scope, application.parts.clock()) as forgetting:
            await ReceiptStore(postgres).write(forgetting, {})
            naming = asyncio.create_task(followers.name(["redis:later"]))

            async def waits() -> bool:
                asked = "select count(*) from pg_locks where relation = 'semmem.followers'::regclass and not granted"
                return bool(await owner.fetchval(asked))

            await wait_until(waits)
            assert "redis:later" not in await followers.named()
        await naming
        assert "redis:later" in await followers.named()


async def test_what_one_without_qdrant_forgets_leaves_qdrant_too(
    opener: Opener, urls: dict[str, Any], owner: asyncpg.Connection
) -> None:
    async with opener() as application:
        await _told(application, urls)
        await _alice(application).settled()
    async with opener(vector_index="pgvector") as lacks_it:
        receipt = await _alice(lacks_it).forget(everything=True)
        await _alice(lacks_it).settled()
        assert await _open(lacks_it, receipt) == {"qdrant"}
    async with opener() as application:
        mirror = application.stores.mirror
        assert isinstance(mirror, QdrantIndex)
        await _alice(application).settled()
        assert (await _standing(application, receipt)).complete
        assert await drift(application, _alice(application)) == set()
        assert await mirror.count() == 0


async def test_a_receipt_of_a_user_waits_for_the_stores_of_all_branches(opener: Opener, urls: dict[str, Any]) -> None:
    async with opener(worker=False) as application, opener(redis_url=None) as lacks_it:
        await _alice(application).branch("diary").remember(f"My safe word is {CANARY}.")
        receipt = await _alice(lacks_it).forget(everything=True)
        await _alice(lacks_it).settled()
        await _alice(lacks_it).branch("diary").settled()
        assert await _open(lacks_it, receipt) == {"redis"}
        assert [len(each.stores) for each in await _alice(lacks_it).receipts()] == [3]
    async with opener() as application:
        for place in (_alice(application), _alice(application).branch("diary")):
            await place.settled()
        assert (await _standing(application, receipt)).complete


async def test_an_operator_sees_what_receipts_wait_for_and_who_could_close_them(
    opener: Opener, urls: dict[str, Any]
) -> None:
    redis = f"redis:{urls['redis_prefix']}"
    async with opener(worker=False) as application, opener(redis_url=None) as lacks_it:
        await _alice(lacks_it).remember(f"My safe word is {CANARY}.")
        await _alice(lacks_it).forget(everything=True)
        await _alice(lacks_it).settled()
        found = await followers_in(application.stores.postgres)
        assert {each.store: (each.receipts, each.worker) for each in found} == {"qdrant": (0, True), redis: (1, False)}
        check = receipts_check(found, own=[])
        assert check is not None
        assert (check.part, check.state) == ("receipts", "degraded")
        words = f"redis with the prefix {urls['redis_prefix']}, which no running worker has"
        assert check.what == f"1 receipt waits for {words}"
        assert f"semmem stores --retire {redis}" in check.fix
        brought = receipts_check(found, own=[redis])
        assert brought is not None
        assert brought.state == "ok"


async def test_a_store_that_is_gone_for_good_is_taken_out_of_the_receipts_that_wait_for_it(
    opener: Opener, urls: dict[str, Any], owner: asyncpg.Connection
) -> None:
    redis, settings = f"redis:{urls['redis_prefix']}", load_settings(**urls | {"redis_url": None})
    async with opener(sweep_every=0.2) as application:
        await _told(application, urls)
        await _alice(application).settled()
        with pytest.raises(ConfigurationError, match="a running worker still has redis with the prefix"):
            await retire(settings, redis)
    with pytest.raises(ConfigurationError, match="this process still has qdrant"):
        await retire(settings, "qdrant")
    with pytest.raises(NotFound, match="no store redis:another"):
        await retire(settings, "redis:another")
    async with opener(redis_url=None) as application:
        receipt = await _alice(application).forget(everything=True)
        await _alice(application).settled()
        assert await _open(application, receipt) == {"redis"}
        assert await retire(settings, redis) == 1
        standing = await _standing(application, receipt)
        assert (standing.complete, set(standing.stores)) == (True, {"postgres", "qdrant"})
        later = await _alice(application).forget(everything=True)
        assert set(later.stores) == {"postgres", "qdrant"}
        assert await owner.fetchval("select count(*) from semmem.jobs where entrypoint like 'cache %'") == 0


async def test_a_qdrant_that_comes_back_after_it_was_retired_is_filled_from_nothing(
    opener: Opener, urls: dict[str, Any]
) -> None:
    async with opener() as application:
        await _told(application, urls)
        await _alice(application).settled()
    async with opener(vector_index="pgvector") as application:
        receipt = await _alice(application).forget(everything=True)
        assert await retire(load_settings(**urls | {"vector_index": "pgvector"}), "qdrant") == 1
        await _alice(application).settled()
        assert (await _standing(application, receipt)).complete
    async with opener() as application:
        mirror = application.stores.mirror
        assert isinstance(mirror, QdrantIndex)
        await _alice(application).remember("I play the cello.")
        await _alice(application).settled()
        assert await drift(application, _alice(application)) == set()
