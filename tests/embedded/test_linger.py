"""Servers that were asked to stay a while: the next process joins them, and nothing of them stays for ever."""

import asyncio
import shutil
from pathlib import Path

from semmem.embedded import open_servers
from semmem.embedded.layout import Layout
from semmem.testing import wait_until
from tests.embedded.clients import ALL_KEPT, kept, store
from tests.embedded.processes import keeper_of, servants, start_opener

LONG = 3_600.0


async def test_the_next_process_joins_the_servers_that_linger(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        await servers.linger(LONG)
        url, keeper = servers.qdrant_url, keeper_of(folder)
    async with await open_servers(folder) as again:
        assert (again.qdrant_url, keeper_of(folder)) == (url, keeper)
        assert await kept(again, await store(again)) == ALL_KEPT
        assert all(each.restarts == 0 for each in await again.status())
    keeper.terminate()


async def test_when_the_time_is_over_nothing_is_left(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        await servers.linger(1.0)
    assert servants(folder)
    await wait_until(lambda: not servants(folder), 20)
    assert not Layout.of(folder).keeper_socket.exists()


async def test_one_that_does_not_ask_leaves_the_time_of_another_as_it_is(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        await servers.linger(LONG)
    other = await start_opener(folder)
    await other.leave()
    await asyncio.sleep(0.5)  # longer than a keeper that nobody asked would stay
    keeper_of(folder).terminate()


async def test_a_sigterm_ends_servers_that_linger(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        await servers.linger(LONG)
    keeper_of(folder).terminate()
    await wait_until(lambda: not servants(folder), 20)


async def test_servers_of_a_folder_that_was_removed_end_by_themselves(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        await servers.linger(LONG)
    shutil.rmtree(folder)
    await wait_until(lambda: not servants(folder), 20)


async def test_a_folder_that_was_made_anew_gets_servers_of_its_own(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        await servers.linger(LONG)
        keeper = keeper_of(folder)
    shutil.rmtree(folder)
    async with await open_servers(folder) as again:
        assert keeper_of(folder) != keeper
        assert await kept(again, await store(again)) == ALL_KEPT


async def test_servers_that_linger_end_where_nobody_can_find_them(folder: Path) -> None:
    """A folder in /tmp may be cleaned away; else the next one would wait for the folder's lock in vain."""
    async with await open_servers(folder) as servers:
        await servers.linger(600)
    shutil.rmtree(Layout.of(folder).runtime)
    async with await open_servers(folder):
        pass
