"""A TCP proxy before a server, whose faults are switched at run time, for new and for established connections.

async with Proxy(partial(asyncio.open_connection, host, port)) as proxy:
    ... 127.0.0.1 and proxy.port, in place of the server's own address
    await proxy.impose(BlackHole())
    await proxy.heal()
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

CHUNK = 1 << 16

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Link:
    """One client's connection and its own to the server. A `dead` one carries nothing any more, not even an end."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.dead = False
        self.answered = 0  # bytes that the client got since the fault began

    def to_server(self, data: bytes) -> None:
        if not self.dead:
            self.server.write(data)

    def to_client(self, data: bytes) -> None:
        if not self.dead:
            self.answered += len(data)
            self.client.write(data)

    def reset(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


class Fault:
    """What becomes of the bytes of requests and answers; of this one, nothing."""

    refuses = False  # nobody listens, and what was established is reset

    def __repr__(self) -> str:
        return type(self).__name__

    def begin(self, link: Link) -> None:
        """Meets each connection that is established when the fault begins."""

    async def request(self, link: Link, data: bytes) -> None:
        link.to_server(data)

    async def answer(self, link: Link, data: bytes) -> None:
        link.to_client(data)


class Refuse(Fault):
    refuses = True


class BlackHole(Fault):
    """Connections are taken, and what met the fault never says a word again."""

    def begin(self, link: Link) -> None:
        link.dead = True

    async def request(self, link: Link, data: bytes) -> None:
        link.dead = True


class Drop(Fault):
    """Established connections are dead and nobody is told, as behind a firewall that forgot them; new ones work."""

    def begin(self, link: Link) -> None:
        link.dead = True


@dataclass(frozen=True)
class Delay(Fault):
    """Each part of an answer comes so many seconds late."""

    seconds: float

    async def answer(self, link: Link, data: bytes) -> None:
        await asyncio.sleep(self.seconds)
        link.to_client(data)


@dataclass(frozen=True)
class Drip(Fault):
    """An answer comes byte by byte, so that something always arrives and nothing is ever complete."""

    pause: float

    async def answer(self, link: Link, data: bytes) -> None:
        for place in range(len(data)):
            link.to_client(data[place : place + 1])
            await asyncio.sleep(self.pause)


@dataclass(frozen=True)
class Cut(Fault):
    """The connection is reset after so many bytes of answers."""

    after: int

    async def answer(self, link: Link, data: bytes) -> None:
        link.to_client(data[: self.after - link.answered])
        if link.answered >= self.after:
            with suppress(ConnectionError):
                await link.client.drain()
            link.reset()


class HalfClose(Fault):
    """In place of an answer the server's half is closed; the client may go on to speak."""

    async def answer(self, link: Link, data: bytes) -> None:
        if not link.dead and link.client.can_write_eof():
            link.client.write_eof()
        link.dead = True


class Garbage(Fault):
    """As many bytes as the answer has, and no protocol in them; the same ones in each run."""

    def __init__(self) -> None:
        self._random = random.Random(7)

    async def answer(self, link: Link, data: bytes) -> None:
        link.to_client(self._random.randbytes(len(data)))


class Proxy:
    """Takes connections at `port` on the loopback interface and carries them to a server, as the fault lets it."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._fault = Fault()
        self._links: set[Link] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self.port = 0

    async def impose(self, fault: Fault) -> None:
        """From now on, for established connections too."""
        self._fault = fault
        if fault.refuses:
            self._stop_listening()
        for link in self._links:
            link.answered = 0
            if fault.refuses:
                link.reset()
            else:
                fault.begin(link)

    async def heal(self) -> None:
        """New connections work again; those that the fault left dead stay so."""
        self._fault = Fault()
        await self._listen()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_listening()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(self._take, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    def _stop_listening(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None

    def _take(self, requests: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(requests, client))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, requests: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Until the client goes, or the server does and nothing keeps that from being told."""
        try:
            answers, server = await self._connect()
        except OSError:
            client.transport.abort()
            return
        link = Link(client, server)
        self._links.add(link)
        pumps = {
            asyncio.create_task(self._pass_requests(link, requests)),
            asyncio.create_task(self._pass_answers(link, answers)),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            for pump in pumps:
                pump.cancel()
            client.close()
            server.close()

    async def _pass_requests(self, link: Link, requests: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await requests.read(CHUNK):
                await self._fault.request(link, data)

    async def _pass_answers(self, link: Link, answers: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await answers.read(CHUNK):
                await self._fault.answer(link, data)
        if link.dead:
            await asyncio.Event().wait()
