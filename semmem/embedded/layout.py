"""Where the embedded servers keep their files, and the locks that decide who may touch them."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from semmem.errors import EmbeddedServerError
from semmem.runtime import forking

ROTATE_LOG_BYTES = 4_000_000
STOP_SECONDS = 45.0  # that servers may take to stop, before their folder is removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The paths of one data folder.

    Sockets live in `runtime`: a socket path holds at most 107 bytes (103 on macOS), a data folder's may be longer.
    """

    folder: Path
    runtime: Path

    @classmethod
    def of(cls, folder: Path) -> "Layout":
        """Raises EmbeddedServerError for a path that leads nowhere."""
        try:
            folder = folder.expanduser().resolve()
        except (OSError, RuntimeError) as error:  # no such home directory, or links in a circle
            raise EmbeddedServerError(
                f"cannot use the data folder {folder}: {str(error).rstrip('.')}. Set SEMMEM_DATA to another"
            ) from error
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        # Not TMPDIR: two clients of one folder may differ in it.
        return cls(folder=folder, runtime=Path(f"/tmp/semmem-{os.geteuid()}-{digest}"))

    @property
    def keeper_socket(self) -> Path:
        return self.runtime / "keeper.sock"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def pid_file(self, name: str) -> Path:
        return self.folder / "run" / f"{name}.json"

    def create(self) -> None:
        """Create the data folder. Raises EmbeddedServerError when it cannot be written."""
        try:
            for path in (self.folder, self.folder / "logs", self.folder / "run"):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedServerError(
                f"cannot use the data folder {self.folder}: {error.strerror}. Choose a folder this user may write to"
            ) from error
        inside = self.folder / "run"
        # Root may write to it, and would leave files there that its user cannot read.
        if inside.stat().st_uid != os.geteuid():
            raise EmbeddedServerError(
                f"cannot write to the data folder {self.folder}: it belongs to another user. "
                "Open it as that user, or choose another folder"
            )
        if not os.access(inside, os.W_OK | os.X_OK):
            raise EmbeddedServerError(
                f"cannot write to the data folder {self.folder}: it is closed to this user, or read-only. "
                "Choose a folder this user may write to"
            )

    def is_still(self, before: os.stat_result) -> bool:
        """Whether the folder is the one it was then: another one of its path holds other data."""
        try:
            return os.path.samestat(before, self.folder.stat())
        except OSError:
            return False

    def create_runtime(self) -> None:
        """Create the socket folder; refuse one that another user prepared."""
        # Root's Postgres runs as another user and has to pass through to its own socket folder.
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        found = self.runtime.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise EmbeddedServerError(f"{self.runtime} belongs to another user: remove it, sockets are kept there")
        self.runtime.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def rotate_logs(self) -> None:
        for log in (self.folder / "logs").glob("*.log"):
            if log.stat().st_size > ROTATE_LOG_BYTES:
                log.replace(log.with_suffix(".log.1"))

    def log_tail(self, name: str, lines: int = 15) -> str:
        """Returns the last lines of a server's log, for error messages."""
        try:
            text = self.log(name).read_text(errors="replace")
        except OSError:
            return "(no log)"
        return "\n".join(text.splitlines()[-lines:]) or "(empty log)"


@asynccontextmanager
async def exclusive(path: Path, *, patience: float) -> AsyncIterator[None]:
    """Hold the lock file at `path`; the kernel lets go of it when the process dies. `patience` in seconds."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = asyncio.get_running_loop().time() + patience
        with forking.unshared(descriptor):
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if asyncio.get_running_loop().time() > deadline:
                    raise EmbeddedServerError(f"{path} was locked by another process for more than {patience:.0f} s")
                await asyncio.sleep(0.02)
            yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child that was forked in between may hold it too
        os.close(descriptor)


@asynccontextmanager
async def temporary_folder(prefix: str) -> AsyncIterator[Path]:
    """Makes a folder for servers, which is removed afterwards."""
    folder = Path(mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        await remove(folder)


async def remove(folder: Path) -> None:
    """Removes a data folder once its servers have stopped, whose keeper holds this lock."""
    async with exclusive(folder / "keeper.lock", patience=STOP_SECONDS):
        shutil.rmtree(folder)
