"""The one process per data folder that owns the three servers: `python -m semmem.embedded.keeper FOLDER DESCRIPTOR`.

Every client holds a connection to it, which the kernel closes however the client dies. When the last one has been gone
for a moment, or for as long as one of them asked, the servers are stopped and the keeper ends; so they are when the
folder is removed. DESCRIPTOR is the socket of the client that started it, which tells in the environment what a keeper
before it had for secrets, so that the URLs stay.

Protocol, one JSON object a line. The keeper greets with `{"urls": {...}}` or `{"error": "..."}`; then each request
`{"do": "start"|"stop"|"kill"|"status", "server": name}` is answered by `{"status": [...]}` or `{"error": "..."}`;
`{"do": "linger", "seconds": 60}` asks for the servers to stay so long after this client has gone.
"""

import asyncio
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semmem.embedded.client import KEPT
from semmem.embedded.layout import Layout, exclusive
from semmem.embedded.postgres import Postgres
from semmem.embedded.qdrant.process import Qdrant, reserved
from semmem.embedded.supervisor import Supervisor
from semmem.embedded.valkey import Valkey
from semmem.errors import EmbeddedServerError

logger = logging.getLogger(__name__)

GRACE_SECONDS = 0.2
LOCK_SECONDS = 45.0
LOOK_SECONDS = 1.0  # between two looks at the folder while nobody uses the servers


class Keeper:
    def __init__(self, layout: Layout, kept: Mapping[str, Any]) -> None:
        self._layout = layout
        self._api_key = kept.get("api_key") or secrets.token_urlsafe(24)
        servers = (
            Postgres(layout=layout),
            Valkey(layout=layout, password=kept.get("password") or secrets.token_urlsafe(24)),
            Qdrant(layout=layout, api_key=self._api_key, reservation=reserved(kept.get("port") or 0)),
        )
        self._supervisors = {server.name: Supervisor(server, layout) for server in servers}
        self._clients: set[asyncio.StreamWriter] = set()
        self._keep_until = 0.0  # by the loop's clock
        self._started_on: os.stat_result | None = None
        self._unused, self._stopped = asyncio.Event(), asyncio.Event()
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, first_client: socket.socket) -> None:
        """Serve until the last client is gone. Holds the folder's lock meanwhile."""
        reader, writer = await asyncio.open_connection(sock=first_client)
        async with exclusive(self._layout.folder / "keeper.lock", patience=LOCK_SECONDS):
            self._started_on = self._layout.folder.stat()
            self._layout.create_runtime()
            self._layout.keeper_socket.unlink(missing_ok=True)
            for stop in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(stop, self._unused.set)
            first = asyncio.create_task(self._serve(reader, writer))
            listener = await asyncio.start_unix_server(self._serve, path=self._layout.keeper_socket)
            await self._start_servers()
            await self._unused.wait()
            # From here on nobody is greeted: a client that comes now sees the connection close and starts a new keeper.
            listener.close()
            self._layout.keeper_socket.unlink(missing_ok=True)
            replaced = not self._has_folder()
            if not replaced:
                self._close_clients()
            await asyncio.gather(*(each.stop() for each in self._supervisors.values()))
            shutil.rmtree(self._layout.runtime, ignore_errors=True)
            self._stopped.set()
            self._close_clients()
            await first

    def _close_clients(self) -> None:
        for client in self._clients:
            client.close()

    async def _start_servers(self) -> None:
        results = await asyncio.gather(*(each.start() for each in self._supervisors.values()), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            logger.error("%s", failures[0])
            self._started.set_exception(failures[0])
            # Read once here: with no client left to tell, nobody else would.
            self._started.exception()
        else:
            self._started.set_result(None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        linger = GRACE_SECONDS
        try:
            if await self._greet(writer):
                while line := await reader.readline():
                    request = json.loads(line)
                    if request["do"] == "linger":
                        linger = max(GRACE_SECONDS, request["seconds"])
                    await _send(writer, await self._answer(request))
        except OSError:
            pass  # the client is gone
        finally:
            self._clients.discard(writer)
            writer.close()
            loop = asyncio.get_running_loop()
            self._keep_until = max(self._keep_until, loop.time() + linger)
            loop.call_later(GRACE_SECONDS, self._end_if_unused)

    async def _greet(self, writer: asyncio.StreamWriter) -> bool:
        try:
            await asyncio.shield(self._started)
        except EmbeddedServerError as error:
            await _send(writer, {"error": str(error)})
            return False
        if not self._has_folder():
            # The client is left waiting until all has stopped, and then starts anew on the folder that is there now.
            self._unused.set()
            await self._stopped.wait()
        if self._unused.is_set():
            return False
        urls = {name: each.server.url for name, each in self._supervisors.items()}
        await _send(writer, {"urls": {**urls, "qdrant_api_key": self._api_key}})
        return True

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"start": Supervisor.start, "stop": Supervisor.stop, "kill": Supervisor.kill}
        try:
            if request["do"] in actions:
                await actions[request["do"]](self._supervisors[request["server"]])
        except EmbeddedServerError as error:
            return {"error": str(error)}
        return {"status": [each.status() for each in self._supervisors.values()]}

    def _end_if_unused(self) -> None:
        if self._clients:
            return
        loop = asyncio.get_running_loop()
        left = self._keep_until - loop.time()
        is_found = self._has_folder() and self._layout.keeper_socket.exists()  # by those who come
        if left <= 0 or not is_found:
            self._unused.set()
        else:
            loop.call_later(min(left, LOOK_SECONDS), self._end_if_unused)

    def _has_folder(self) -> bool:
        """Returns whether the folder is still the one that the servers were started on."""
        return self._started_on is not None and self._layout.is_still(self._started_on)


async def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()


def main() -> None:
    folder, descriptor = Path(sys.argv[1]), int(sys.argv[2])
    kept = json.loads(os.environ.pop(KEPT, "{}"))

    async def keep() -> None:
        await Keeper(Layout.of(folder), kept).run(socket.socket(fileno=descriptor))

    # The client waits for this first process only, so the keeper is nobody's child and leaves no zombie to a client.
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(keep())


if __name__ == "__main__":
    main()
