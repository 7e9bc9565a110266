"""Runs the `semmem` command: without a terminal, 80 columns wide."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from typer.main import get_command
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
SECONDS = 600  # more than a busy machine needs

_commands = cache(get_command)  # putting them together takes a third of a short command's time


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, which must be JSON and nothing else."""
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`semmem` on one data folder; every call gets its `options`, and its `scope`, such as `--tenant`."""

    data: Path
    options: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()

    def within(self, *scope: str) -> "Command":
        return replace(self, scope=scope)

    def __call__(self, *arguments: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None) -> Answer:
        """In this process, where the libraries are loaded already."""
        told = environment(self.data) | dict(env or {})
        # In a thread, since the command runs an event loop of its own.
        with patch.dict(os.environ, told, clear=True), ThreadPoolExecutor(1) as thread:
            return thread.submit(_invoke, (*self.options, *arguments, *self.scope), stdin).result(SECONDS)

    def process(self, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
        """As a user would."""
        command = [sys.executable, "-m", "semmem", *self.options, *arguments, *self.scope]
        told = environment(self.data) | dict(env or {})
        done = subprocess.run(command, capture_output=True, text=True, env=told, timeout=SECONDS)
        return Answer(code=done.returncode, out=done.stdout, err=done.stderr)

    def running(self, *arguments: str) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
        return semmem_running(environment(self.data), *self.options, *arguments, *self.scope)


@asynccontextmanager
async def semmem_running(
    env: Mapping[str, str], *arguments: str, stdin: int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command in a process of its own, with its pipes; whatever a test leaves of it is killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "semmem", *arguments),
        env=env,
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _invoke(arguments: tuple[str, ...], stdin: str | bytes) -> Answer:
    from semmem.cli.app import app

    with patch("typer.testing._get_command", _commands):
        result = CliRunner().invoke(app, arguments, input=stdin, prog_name="semmem", catch_exceptions=False)
    return Answer(code=result.exit_code, out=result.stdout, err=result.stderr)


def environment(data: Path) -> dict[str, str]:
    """This process's, without what names servers or models, and patient with a machine that is busy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEMMEM_", "OPENAI_"))}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    patience = {"SEMMEM_READ_TIMEOUT": "60", "SEMMEM_WRITE_TIMEOUT": "60"}
    return {**kept, **patience, "SEMMEM_DATA": str(data), "PYTHONPATH": path, "COLUMNS": "80", "PYTHONUTF8": "1"}
