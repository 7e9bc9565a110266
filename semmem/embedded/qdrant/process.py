"""The embedded Qdrant as its keeper sees it: a child process on a loopback port that stays ours."""

import asyncio
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

from semmem.embedded.layout import Layout
from semmem.embedded.process import Command

API_KEY_VARIABLE = "QDRANT__SERVICE__API_KEY"


def bind_loopback(port: int = 0) -> socket.socket:
    """Binds a socket that shares its port with others of this user that bind it the same way."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def reserved(port: int) -> socket.socket:
    """The port, where it is free; else any."""
    try:
        return bind_loopback(port)
    except OSError:
        return bind_loopback()


@dataclass(frozen=True, slots=True, kw_only=True)
class Qdrant:
    layout: Layout
    api_key: str = field(repr=False)
    name: str = "qdrant"
    stop_signal: signal.Signals = signal.SIGTERM
    # Bound but never listening: it keeps the port for restarts, and connections are refused while the server is down.
    reservation: socket.socket = field(default_factory=bind_loopback, repr=False)

    @property
    def port(self) -> int:
        return int(self.reservation.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def rebuilt(self) -> Path:
        return self.layout.folder / "qdrant"

    async def prepare(self) -> None:
        self.rebuilt.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> Command:
        return Command(
            argv=(sys.executable, "-P", "-m", "semmem.embedded.qdrant.server", str(self.port)),
            cwd=self.rebuilt,
            # The whole environment: a Python interpreter may depend on any of it.
            env={**os.environ, API_KEY_VARIABLE: self.api_key},
        )

    async def is_ready(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
            return b" 200 " in await reader.readline()
        except OSError:
            return False
        finally:
            writer.close()
