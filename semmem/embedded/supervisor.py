"""Keeps one server running: starts it, restarts it after a crash, stops it on request."""

import asyncio
import logging
import shutil
from typing import Any, Literal

from semmem.embedded.layout import Layout
from semmem.embedded.process import Server, end, end_leftover, record, spawn
from semmem.errors import EmbeddedServerError

logger = logging.getLogger(__name__)

READY_SECONDS = 30.0
MAX_RESTART_DELAY = 5.0
State = Literal["running", "starting", "stopped"]


class _GaveUp(EmbeddedServerError):
    """It exited by itself, and not by a signal, such as the kernel's where memory or disk was full."""


class Supervisor:
    def __init__(self, server: Server, layout: Layout) -> None:
        self.server = server
        self._layout = layout
        self._wanted = False
        self._ready = False
        self._launches = 0
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    def status(self) -> dict[str, Any]:
        """`state`, `pid` (None unless a process runs) and how often the server was restarted."""
        pid = self._process.pid if self._process and self._alive() else None
        state: State = "running" if self._ready and self._alive() else "starting"
        if not self._wanted:
            state = "stopped"
        return {"name": self.server.name, "state": state, "pid": pid, "restarts": max(0, self._launches - 1)}

    async def start(self) -> None:
        """Return when the server answers. Raises EmbeddedServerError with the end of its log when it does not."""
        self._wanted = True
        await self._ensure_running()

    async def stop(self) -> None:
        """Shut the server down cleanly; it stays down until `start`."""
        self._wanted = False
        async with self._changing:
            if self._process is not None:
                await end(self._process, self.server.stop_signal)
                self._layout.pid_file(self.server.name).unlink(missing_ok=True)

    async def kill(self) -> None:
        """SIGKILL, as a crash would: the server is restarted at once, unless it was stopped before."""
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def _alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _ensure_running(self) -> None:
        async with self._changing:
            if not self._wanted or self._alive():
                return
            self._ready = False
            try:
                await end_leftover(self._layout.pid_file(self.server.name))
                self._process = process = await self._launch_on_good_files()
            except EmbeddedServerError:
                raise
            except Exception as error:  # such as a full disk, or no room for a process
                raise self._failure(f"{type(error).__name__}: {error}") from error
            self._ready = True
            self._watcher = asyncio.create_task(self._watch(process))

    async def _launch_on_good_files(self) -> asyncio.subprocess.Process:
        """Where it ends over files that Postgres can fill again, they go: what was forgotten may stand in them."""
        try:
            return await self._launch()
        except _GaveUp as error:
            files = self.server.rebuilt
            if files is None or not any(files.iterdir()):
                raise
            aside = files.with_name(f"{files.name}.old")
            shutil.rmtree(aside, ignore_errors=True)
            files.rename(aside)
            try:
                process = await self._launch()
            except BaseException:
                shutil.rmtree(files, ignore_errors=True)
                aside.rename(files)
                raise error from None
            shutil.rmtree(aside)
            logger.error(
                "%s could not read its files: it begins anew, and Postgres fills it. %s", self.server.name, error
            )
            return process

    async def _launch(self) -> asyncio.subprocess.Process:
        await self.server.prepare()
        process = await spawn(self.server.command(), self._layout.log(self.server.name))
        try:
            record(self._layout.pid_file(self.server.name), process.pid)
            self._launches += 1
            await self._until_ready(process)
        except BaseException:
            await end(process, self.server.stop_signal, patience=1.0)
            raise
        return process

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await self.server.is_ready():
                    if process.returncode is not None:
                        kind = _GaveUp if process.returncode > 0 else EmbeddedServerError
                        raise self._failure(f"it exited with code {process.returncode}", kind)
                    await asyncio.sleep(0.01)
        except TimeoutError as error:
            raise self._failure(f"no answer within {READY_SECONDS:.0f} s") from error

    def _failure(self, reason: str, kind: type[EmbeddedServerError] = EmbeddedServerError) -> EmbeddedServerError:
        name = self.server.name
        return kind(
            f"{name} did not start: {reason}. Last lines of {self._layout.log(name)}:\n{self._layout.log_tail(name)}"
        )

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        delay = 0.05
        while self._wanted:
            logger.warning("%s ended with code %s, restarting", self.server.name, code)
            try:
                await self._ensure_running()
            except Exception as error:  # a full disk, or no room for a process: it may pass
                logger.error("%s", error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, MAX_RESTART_DELAY)
            else:
                return
