"""Threads, event loops, closing, another process, and stores that are down."""

import asyncio
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from langgraph.store.base import GetOp, Item, PutOp

from semmem import Closed, ConfigurationError, Record, Records, StoreUnavailable
from semmem.integrations.langgraph import SemmemStore
from semmem.testing import wait_until
from tests.applications import FAST
from tests.integrations.test_langgraph.conftest import StoreMaker

NOTES = ("notes",)


def test_many_threads_use_one_store(alices: SemmemStore) -> None:
    def use(number: int) -> Item | None:
        alices.put(("thread", str(number)), "key", {"text": f"number {number}"})
        return alices.get(("thread", str(number)), "key")

    with ThreadPoolExecutor(8) as threads:
        items = list(threads.map(use, range(40)))

    assert [item and item.value for item in items] == [{"text": f"number {number}"} for number in range(40)]
    assert len(alices.list_namespaces()) == 40


def test_writers_of_one_key_leave_one_value(alices: SemmemStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: alices.put(NOTES, "key", {"text": f"number {number}"}), range(40)))

    (item,) = alices.search(NOTES)
    (found,) = alices.search(NOTES, query="Which number?")
    assert found.value == item.value


def test_many_event_loops_use_one_store(alices: SemmemStore) -> None:
    async def use(number: int) -> Item | None:
        await alices.aput(NOTES, str(number), {"text": f"number {number}"})
        return await alices.aget(NOTES, str(number))

    with ThreadPoolExecutor(4) as threads:
        items = list(threads.map(lambda number: asyncio.run(use(number)), range(8)))

    assert [item and item.key for item in items] == [str(number) for number in range(8)]


async def test_a_first_call_that_opens_the_memory_leaves_the_loop_running(alices: SemmemStore) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await alices.aput(NOTES, "key", {"text": "hello"})
    ticking.cancel()

    assert ticks > 100


async def test_synchronous_names_work_inside_a_running_loop(alices: SemmemStore) -> None:
    alices.put(NOTES, "key", {"text": "The parcel is at the bakery."})

    assert alices.search(NOTES, query="Where is the parcel?")[0].key == "key"


def test_a_search_passes_over_nothing_that_stays(alices: SemmemStore, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"{number:02}" for number in range(12)]
    alices.batch([PutOp(NOTES, key, {"number": int(key)}, index=False) for key in keys])
    find = Records.find

    async def while_another_deletes(records: Records, **asked: Any) -> list[Record]:
        page = await find(records, **asked)
        await records.delete(["00", "04"])
        return page

    monkeypatch.setattr("semmem.integrations.langgraph.search.PAGE", 5)
    monkeypatch.setattr(Records, "find", while_another_deletes)

    assert [item.key for item in alices.search(NOTES, filter={"number": {"$gte": 0}}, limit=20)] == keys


def test_a_batch_reads_some_at_a_time(alices: SemmemStore, monkeypatch: pytest.MonkeyPatch) -> None:
    alices.put(NOTES, "key", {"text": "hello"})
    get, under_way, most = Records.get, 0, 0

    async def counted(records: Records, key: str, *, refresh: bool) -> Record | None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        found = await get(records, key, refresh=refresh)
        under_way -= 1
        return found

    monkeypatch.setattr(Records, "get", counted)
    items = alices.batch([GetOp(NOTES, "key" if number % 2 else "none") for number in range(130)])

    assert [item is not None for item in items] == [False, True] * 65
    assert most == 50


async def test_a_cancelled_call_leaves_the_store_usable(alices: SemmemStore) -> None:
    await alices.aget(NOTES, "key")
    calls = [asyncio.create_task(alices.aput(NOTES, str(number), {"text": "hello"})) for number in range(10)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)

    await alices.aput(NOTES, "after", {"text": "hello"})
    assert await alices.aget(NOTES, "after") is not None


async def test_a_closed_store_refuses_every_call(alices: SemmemStore) -> None:
    await alices.aput(NOTES, "key", {"text": "hello"})
    alices.close()
    alices.close()

    with pytest.raises(Closed, match="make another"):
        alices.get(NOTES, "key")
    with pytest.raises(Closed):
        await alices.aput(NOTES, "key", {"text": "hello"})
    with pytest.raises(Closed):
        alices.list_namespaces()


async def test_a_store_is_a_context_manager_of_both_kinds(make: StoreMaker) -> None:
    other = make(user="bob")
    with make() as store:
        store.put(NOTES, "key", {"text": "hello"})
    async with make() as again:
        assert await again.aget(NOTES, "key") is not None

    for closed in (store, again):
        with pytest.raises(Closed):
            closed.get(NOTES, "key")
    assert other.get(NOTES, "key") is None


def test_stores_with_the_same_settings_share_one_memory(make: StoreMaker) -> None:
    make().put(NOTES, "key", {"text": "hello"})
    before = threading.active_count()
    stores = [make(user=f"user-{number}") for number in range(20)]

    assert all(store.get(NOTES, "key") is None for store in stores)
    assert threading.active_count() < before + 10


PROGRAM = """
import json, sys
from semmem.integrations.langgraph import SemmemStore

root, settings = map(json.loads, sys.argv[1:])
with SemmemStore(**root, **settings) as store:
    store.put(("notes",), "home", {"text": "I live in Berlin.", "at": [1, None]})
"""


def test_what_another_process_put_is_found(shared: dict[str, Any]) -> None:
    root: dict[str, Any] = {"tenant": f"acme-{uuid4().hex}", "user": "alice"}
    subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(root), json.dumps(shared)], check=True, timeout=120)

    with SemmemStore(**root, **shared) as store:
        (found,) = store.search((), query="Where does she live?")

    assert (found.namespace, found.key, found.value) == (NOTES, "home", {"text": "I live in Berlin.", "at": [1, None]})


def test_what_was_put_is_there_after_the_memory_was_closed_and_opened_again(urls: dict[str, Any]) -> None:
    settings = FAST | urls
    with SemmemStore(tenant="acme", user="alice", **settings) as first:
        first.put(NOTES, "home", {"text": "I live in Berlin."})
    with SemmemStore(tenant="acme", user="alice", **settings) as second:
        (found,) = second.search(NOTES, query="Where does she live?")

    assert found.value == {"text": "I live in Berlin."}


def test_a_postgres_that_is_down_is_an_error_of_every_call() -> None:
    with SemmemStore(tenant="acme", user="alice", postgres_url="postgresql://nobody@127.0.0.1:9/none") as store:
        with pytest.raises(StoreUnavailable, match="postgres"):
            store.put(NOTES, "key", {"text": "hello"})
        with pytest.raises(StoreUnavailable, match="postgres"):
            store.search(NOTES)


async def test_without_qdrant_and_redis_a_search_still_answers(
    urls: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semmem.integrations.langgraph.search.INDEX_WAIT", 0.1)
    nowhere = {"qdrant_url": "http://127.0.0.1:9", "redis_url": "redis://127.0.0.1:9/0"}
    async with SemmemStore(tenant="acme", user="alice", **(FAST | urls | nowhere)) as store:
        await store.aput(NOTES, "home", {"text": "I live in Berlin."})

        assert await store.aget(NOTES, "home") is not None
        await wait_until(lambda: store.asearch(NOTES, query="Where does she live?"))


def test_settings_that_do_not_exist_are_named() -> None:
    with pytest.raises(ConfigurationError, match="colour"):
        SemmemStore(tenant="acme", user="alice", colour="red").put(NOTES, "key", {"text": "hello"})


def test_without_langgraph_the_import_says_what_to_install() -> None:
    blocked = "import sys; sys.modules['langgraph'] = None; import semmem.integrations.langgraph"
    failed = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)

    assert "pip install 'semmem[langgraph]'" in failed.stderr


def test_a_batch_that_holds_a_bad_operation_writes_nothing(alices: SemmemStore) -> None:
    with pytest.raises(ValueError, match="ttl"):
        alices.batch([PutOp(NOTES, "good", {"text": "hello"}), PutOp(("other",), "bad", {"text": "hello"}, ttl=-1)])

    assert alices.search(()) == []
