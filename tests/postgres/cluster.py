"""A Postgres server of a test's own: to be stopped, restored into, or too old."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from semmem.embedded.layout import Layout
from semmem.embedded.postgres import ROOT_RUNS_AS, Postgres
from semmem.testing import wait_until
from tests.postgres.pgbouncer import free_port

QUIET = asyncio.subprocess.DEVNULL


def programs() -> Path:
    """The folder of the embedded Postgres' programs, pg_dump and pg_restore among them."""
    layout = Layout.of(Path(tempfile.gettempdir()) / "semmem-programs")
    layout.create_runtime()
    return Path(Postgres(layout=layout).command().argv[0]).parent


@dataclass
class Cluster:
    folder: Path
    bin: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    def url(self, database: str = "postgres", login: str = "admin") -> str:
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    async def start(self, *settings: str) -> None:
        given = [part for setting in (*settings, "fsync=off", "listen_addresses=127.0.0.1") for part in ("-c", setting)]
        self.process = await self._spawn("postgres", "-p", str(self.port), "-k", str(self.folder), *given)
        await wait_until(self._is_up)

    async def stop(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
            await self.process.wait()

    async def initialise(self) -> None:
        process = await self._spawn("initdb", "--auth=trust", "--username=admin", "--encoding=UTF8", "--locale=C")
        assert await process.wait() == 0

    async def execute(self, *statements: str, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def _spawn(self, program: str, *arguments: str) -> asyncio.subprocess.Process:
        user = ROOT_RUNS_AS if os.geteuid() == 0 else None
        command = (str(self.bin / program), "-D", str(self.folder / "data"), *arguments)
        return await asyncio.create_subprocess_exec(*command, user=user, cwd=self.folder, stdout=QUIET, stderr=QUIET)

    async def _is_up(self) -> bool:
        try:
            await (await asyncpg.connect(self.url())).close()
        except (OSError, asyncpg.CannotConnectNowError):
            return False
        return True


@asynccontextmanager
async def cluster(bin: Path | None = None, *settings: str) -> AsyncIterator[Cluster]:
    """A running server with the superuser `admin`, who needs no password."""
    with tempfile.TemporaryDirectory(prefix="semmem-cluster-") as name:
        os.chmod(name, 0o777)  # the server may run as another user
        made = Cluster(Path(name), bin or programs())
        await made.initialise()
        await made.start(*settings)
        try:
            yield made
        finally:
            await made.stop()
