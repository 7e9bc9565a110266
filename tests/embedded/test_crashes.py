"""Whatever dies, and however: nothing acknowledged is lost, nothing is left running, the next open works at once."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from semmem.embedded import Servers, open_servers
from semmem.embedded.client import Name
from semmem.errors import EmbeddedServerError
from semmem.testing import wait_until
from tests.embedded.clients import ALL_KEPT, kept, store
from tests.embedded.processes import keeper_of, servants, start_opener


async def test_kill_9_of_everything_loses_nothing(folder: Path) -> None:
    other = await start_opener(folder)
    servers = await open_servers(folder)
    markers = [await store(servers) for _ in range(3)]
    other.process.kill()
    for process in servants(folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    await other.process.wait()
    await servers.aclose()

    async with await open_servers(folder) as again:
        for marker in markers:
            assert await kept(again, marker) == ALL_KEPT


async def test_kill_9_of_the_only_client_leaves_no_orphan(folder: Path) -> None:
    client = await start_opener(folder)
    assert servants(folder)
    client.process.kill()
    await client.process.wait()
    await wait_until(lambda: not servants(folder))


async def _is_back(servers: Servers) -> bool:
    try:
        return {each.state for each in await servers.status()} == {"running"}
    except EmbeddedServerError:
        return False


async def test_after_kill_9_of_the_keeper_the_servers_are_started_anew_under_their_urls(folder: Path) -> None:
    servers, other = await open_servers(folder), await open_servers(folder)
    marker = await store(servers)
    before = {process.pid for process in servants(folder)}
    keeper_of(folder).kill()
    await wait_until(lambda: before.isdisjoint(process.pid for process in servants(folder)))
    for each in (servers, other):
        await wait_until(lambda each=each: _is_back(each))
        assert await kept(each, marker) == ALL_KEPT
    await servers.aclose()
    assert await kept(other, marker) == ALL_KEPT
    await other.aclose()


async def test_kill_9_during_the_first_start_leaves_a_folder_that_opens(folder: Path) -> None:
    client = await start_opener(folder)
    await client.leave()
    await wait_until(lambda: not servants(folder))
    # What a crash in initdb and in create_collection leaves behind.
    (folder / "postgres").rename(folder / "postgres.new")
    (folder / "qdrant" / "half").mkdir()

    async with await open_servers(folder) as servers:
        assert await kept(servers, await store(servers)) == ALL_KEPT
    assert not (folder / "qdrant" / "half").exists()


@pytest.mark.parametrize("name", ["postgres", "redis", "qdrant"])
async def test_a_server_that_crashes_comes_back_under_its_url(folder: Path, name: Name) -> None:
    async with await open_servers(folder) as servers:
        marker = await store(servers)
        await servers.kill(name)

        async def is_back() -> bool:
            return any(each.name == name and each.restarts == 1 for each in await servers.status())

        await wait_until(is_back)
        await servers.start(name)
        assert await kept(servers, marker) == ALL_KEPT


async def test_a_stopped_server_is_not_restarted(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        await servers.stop("redis")
        await servers.kill("redis")
        assert await _state(servers, "redis") == "stopped"
        await servers.start("redis")
        assert await _state(servers, "redis") == "running"


async def test_ctrl_c_in_one_client_does_not_reach_the_servers(folder: Path) -> None:
    client = await start_opener(folder)
    async with await open_servers(folder) as servers:
        marker = await store(servers)
        os.killpg(client.process.pid, signal.SIGINT)
        await client.process.wait()
        assert await kept(servers, marker) == ALL_KEPT
        assert all(each.restarts == 0 for each in await servers.status())


async def _state(servers: Servers, name: Name) -> str:
    return {each.name: each.state for each in await servers.status()}[name]
