"""The fault proxy itself: what each fault does to new and to established connections, and that healing ends it."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from semmem.testing import wait_until
from tests.faults.proxy import BlackHole, Cut, Delay, Drip, Drop, Fault, Garbage, HalfClose, Proxy, Refuse

SHORT, LONG = 0.2, 30.0  # seconds: in which nothing is said, and in which everything is
SAID = b"0123456789\n"


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    async with server, Proxy(partial(asyncio.open_connection, *server.sockets[0].getsockname())) as proxy:
        yield proxy


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, within: float = LONG) -> bytes | None:
        """A line's echo, what came of it before the end of the connection, or None where nothing came in time."""
        self._writer.write(SAID)
        try:
            async with asyncio.timeout(within):
                return await self._reader.readline()
        except TimeoutError:
            return None
        except ConnectionResetError:
            return b"reset"


async def _client(proxy: Proxy) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", proxy.port))


@pytest.mark.parametrize(
    ("fault", "established", "new"),
    [
        (BlackHole(), None, None),
        (Drop(), None, SAID),
        (HalfClose(), b"", b""),
        (Delay(0.01), SAID, SAID),
        (Delay(LONG), None, None),
        (Drip(0.001), SAID, SAID),
        (Drip(SHORT), None, None),
    ],
    ids=str,
)
async def test_a_fault_meets_new_and_established_connections(
    proxy: Proxy, fault: Fault, established: bytes | None, new: bytes | None
) -> None:
    old = await _client(proxy)
    assert await old.ask() == SAID
    await proxy.impose(fault)
    young = await _client(proxy)
    for client, said in ((old, established), (young, new)):
        assert await client.ask(within=SHORT if said is None else LONG) == said
    await proxy.heal()
    assert await (await _client(proxy)).ask() == SAID


async def test_refused_is_refused_at_once_and_what_was_established_is_reset(proxy: Proxy) -> None:
    old = await _client(proxy)
    assert await old.ask() == SAID
    await proxy.impose(Refuse())
    assert await old.ask() in (b"reset", b"")
    with pytest.raises(ConnectionRefusedError):
        await _client(proxy)
    port = proxy.port
    await proxy.heal()
    assert proxy.port == port
    assert await (await _client(proxy)).ask() == SAID


async def test_cut_counts_from_when_it_began_and_resets(proxy: Proxy) -> None:
    old = await _client(proxy)
    assert await old.ask() == SAID
    await proxy.impose(Cut(after=len(SAID) + 4))
    for client in (old, await _client(proxy)):
        assert await client.ask() == SAID
        assert await client.ask() in (SAID[:4], b"reset")
        assert await client.ask() in (b"reset", b"")


async def test_garbage_has_the_length_of_the_answer(proxy: Proxy) -> None:
    await proxy.impose(Garbage())
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(SAID)
    async with asyncio.timeout(LONG):
        assert await reader.readexactly(len(SAID)) != SAID


async def test_what_a_fault_left_dead_stays_so_when_it_is_healed(proxy: Proxy) -> None:
    old = await _client(proxy)
    assert await old.ask() == SAID
    await proxy.impose(BlackHole())
    await proxy.heal()
    assert await old.ask(within=SHORT) is None
    assert await (await _client(proxy)).ask() == SAID


async def test_the_servers_end_is_passed_on_and_not_by_a_black_hole() -> None:
    ends: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda reader, writer: ends.append(writer), "127.0.0.1", 0)
    async with server, Proxy(partial(asyncio.open_connection, *server.sockets[0].getsockname())) as proxy:
        told, _keep = await asyncio.open_connection("127.0.0.1", proxy.port)
        await wait_until(lambda: len(ends) == 1)
        ends[0].close()
        async with asyncio.timeout(LONG):
            assert await told.read() == b""
        untold, _also = await asyncio.open_connection("127.0.0.1", proxy.port)
        await wait_until(lambda: len(ends) == 2)
        await proxy.impose(BlackHole())
        ends[1].close()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT):
                await untold.read()
