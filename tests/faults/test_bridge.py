"""The synchronous bridge: any thread and any loop, one memory, a clean end."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, repeat
from typing import Any

import pytest
from pydantic import SecretStr

from semmem import Closed, InvalidInput, Memory, StoreUnavailable
from semmem.wiring.bridge import Bridge
from tests.faults.proxy import Proxy, Refuse
from tests.servers import through, way_to_postgres

Ask = Callable[[Callable[[Memory], Any]], Awaitable[Any]]

END_WITHOUT_CLOSING = """
import json, sys
from semmem.wiring.bridge import Bridge

async def remember(memory):
    await memory.scope(tenant="acme", user="alice").remember("Said before the end.", key="k")

Bridge.shared(**json.loads(sys.argv[1])).run(remember)
print("remembered")
"""

END_AMID_WORK = """
import json, sys
from semmem import NewEvent
from semmem.wiring.bridge import Bridge

async def remember(memory):
    alice = memory.scope(tenant="acme", user="alice")
    await alice.remember_many([NewEvent(content=f"I like dish number {each} very much.") for each in range(900)])
    while not await alice.recall("Which dish?"):
        pass

Bridge.shared(**json.loads(sys.argv[1])).run(remember)
print("some are found")
"""


@pytest.fixture
def settings(urls: dict[str, Any]) -> dict[str, Any]:
    return urls


async def _tell(memory: Memory) -> list[str]:
    return [event.content for event in await memory.scope(tenant="acme", user="alice").history()]


async def _remember(memory: Memory, text: str) -> None:
    await memory.scope(tenant="acme", user="alice").remember(text)


async def test_many_threads_and_running_loops_share_one_memory(settings: dict[str, Any]) -> None:
    bridge = Bridge(**settings)
    said = [f"Thread {number}." for number in range(12)]
    with ThreadPoolExecutor(6) as threads:
        await asyncio.gather(
            *(
                asyncio.get_running_loop().run_in_executor(
                    threads, bridge.run, lambda memory, text=text: _remember(memory, text)
                )
                for text in said
            )
        )
    assert set(await bridge.arun(_tell)) == set(said)
    assert set(bridge.run(_tell)) == set(said)  # blocks this running loop, and is answered all the same
    await asyncio.to_thread(bridge.close)


async def test_what_fails_inside_is_raised_outside(settings: dict[str, Any]) -> None:
    bridge = Bridge(**settings)
    with pytest.raises(InvalidInput, match="content"):
        await bridge.arun(lambda memory: _remember(memory, ""))
    await asyncio.to_thread(bridge.close)


async def test_a_memory_that_can_not_be_opened_says_why_every_time(settings: dict[str, Any]) -> None:
    nowhere = settings | {"postgres_url": "postgresql://postgres@127.0.0.1:1/none"}
    bridge = Bridge(**nowhere)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await bridge.arun(_tell)
    await asyncio.to_thread(bridge.close)
    assert Bridge.shared(**nowhere) is not bridge


@pytest.mark.parametrize("asks_from_a_loop", [True, False])
async def test_a_memory_whose_postgres_was_away_opens_once_it_is_back(
    settings: dict[str, Any], asks_from_a_loop: bool
) -> None:
    async with Proxy(way_to_postgres(settings["postgres_url"])) as proxy:
        bridge = Bridge.shared(**settings | {"postgres_url": through(proxy.port, settings["postgres_url"])})
        ask: Ask = bridge.arun if asks_from_a_loop else lambda work: asyncio.to_thread(bridge.run, work)
        await proxy.impose(Refuse())
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await ask(_tell)
        assert not bridge.ended
        await proxy.heal()
        assert await asyncio.gather(*(ask(_tell) for _ in range(5))) == [[]] * 5
        await asyncio.to_thread(bridge.close)


async def test_a_running_loop_never_waits_for_an_opening_itself(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = Bridge(**settings)
    open_it, openers = bridge._open, []

    def watched() -> Any:
        openers.append(threading.current_thread())
        return open_it()

    monkeypatch.setattr(bridge, "_open", watched)
    assert [await bridge.arun(_tell) for _ in range(2)] == [[], []]
    assert len(openers) == 1
    assert threading.current_thread() not in openers
    await asyncio.to_thread(bridge.close)


def test_whether_a_memory_has_ended_is_told_at_once_while_another_thread_opens_it_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed: Future[Any] = Future()
    failed.set_exception(StoreUnavailable("postgres", "away"))
    looks = chain([failed], repeat(Future[Any]()))
    bridge = Bridge()
    monkeypatch.setattr(Bridge, "_opened", property(lambda bridge: next(looks)), raising=False)
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(bridge.ended), daemon=True)
    thread.start()
    thread.join(10)
    assert told == [False]


async def test_a_shared_memory_ends_with_the_last_who_holds_it(settings: dict[str, Any]) -> None:
    before = threading.enumerate()
    first, second = Bridge.shared(**settings), Bridge.shared(**settings)
    assert first is second
    first.close()
    assert await second.arun(_tell) == []
    await asyncio.to_thread(second.close)
    with pytest.raises(Closed):
        await second.arun(_tell)
    third = Bridge.shared(**settings)
    assert third is not second
    assert await third.arun(_tell) == []
    await asyncio.to_thread(third.close)
    assert [thread for thread in threading.enumerate() if thread.name == "semmem" and thread not in before] == []


def test_a_shared_memory_that_is_being_closed_is_given_to_nobody(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = Bridge.shared(**settings)
    given: list[Bridge] = []
    monkeypatch.setattr(ending, "_end", lambda: given.append(Bridge.shared(**settings)))
    ending.close()
    assert given != [ending]
    given[0].close()


def test_settings_that_differ_are_no_shared_memory() -> None:
    """Secrets too, whose own text hides them."""
    keys = [SecretStr("one"), SecretStr("two"), SecretStr("one"), "one"]
    bridges = [Bridge.shared(llm_api_key=key) for key in keys]
    assert [bridge is bridges[0] for bridge in bridges] == [True, False, True, True]
    for bridge in bridges:
        bridge.close()


async def test_a_process_that_ends_without_closing_ends_cleanly(settings: dict[str, Any]) -> None:
    arguments = (sys.executable, "-c", END_WITHOUT_CLOSING, json.dumps(settings))
    ended = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "remembered\n")
    assert "Traceback" not in ended.stderr
    bridge = Bridge(**settings)
    assert await bridge.arun(_tell) == ["Said before the end."]
    await asyncio.to_thread(bridge.close)


async def test_a_worker_with_work_in_hand_fails_at_nothing_as_its_process_ends(settings: dict[str, Any]) -> None:
    command = (sys.executable, "-c", END_AMID_WORK, json.dumps({**settings, "worker": True}))
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (0, "some are found\n"), ended.stderr
    assert "RuntimeError" not in ended.stderr
