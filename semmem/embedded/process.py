"""Child processes that never outlive their parent, and the removal of those that did."""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How to start one server. `user` is the system user to run as (None: the caller's own)."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    user: str | None = None
    # What the kernel sends when the parent dies (Linux).
    death_signal: signal.Signals = signal.SIGKILL


class Server(Protocol):
    """One server that a supervisor can start, watch and stop."""

    @property
    def name(self) -> str: ...
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def url(self) -> str: ...
    @property
    def rebuilt(self) -> Path | None:
        """The folder of its files, where Postgres can fill it again."""

    async def prepare(self) -> None:
        """Make the data folder startable, also after a crash."""

    def command(self) -> Command: ...
    async def is_ready(self) -> bool: ...


async def spawn(command: Command, log: Path) -> asyncio.subprocess.Process:
    """Start the command as a direct child of this thread's process, its output appended to `log`."""
    identity: dict[str, Any] = {}
    if command.user is not None:
        identity = {"user": command.user, "extra_groups": []}
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            cwd=command.cwd,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", **command.env},
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            preexec_fn=_leash(command.death_signal),
            **identity,
        )
    assert process.stdin is not None
    process.stdin.write(command.stdin)
    process.stdin.close()
    return process


def _leash(death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    # Runs after setuid, which would clear the setting.
    def follow_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os._exit(1)

    return follow_parent


async def end(process: asyncio.subprocess.Process, stop_signal: signal.Signals, *, patience: float = 10.0) -> None:
    """Ask a child to stop, and kill it when it has not done so after `patience` seconds."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(stop_signal)
        try:
            async with asyncio.timeout(patience):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def record(pid_file: Path, pid: int) -> None:
    """Note a child so that `end_leftover` can tell it from a later process with the same pid.

    The note says in which folder it stands: a copy of a data folder has no children of its own yet.
    """
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(pid).create_time()
        pid_file.write_text(json.dumps({"pid": pid, "started": started, "folder": _identity(pid_file.parent)}))


async def end_leftover(pid_file: Path) -> None:
    """Kill the process noted in `pid_file` if it still runs, and return when it is gone."""
    while process := _recorded(pid_file):
        with suppress(psutil.NoSuchProcess):
            process.kill()
        await asyncio.sleep(0.01)


def _recorded(pid_file: Path) -> psutil.Process | None:
    try:
        noted = json.loads(pid_file.read_text())
        if noted["folder"] != _identity(pid_file.parent):
            return None
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["started"]) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return None


def _identity(folder: Path) -> list[int]:
    found = folder.stat()
    return [found.st_dev, found.st_ino]


async def end_all_in(folder: Path, name: str, *, patience: float = 5.0) -> None:
    """Wait until no process called `name` works in `folder`; kill those that stay longer than `patience` seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    while found := list(_working_in(folder, name)):
        if asyncio.get_running_loop().time() > deadline:
            for process in found:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        await asyncio.sleep(0.02)


def _working_in(folder: Path, name: str) -> Iterable[psutil.Process]:
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == name:
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder):
                    yield process
