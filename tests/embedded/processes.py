"""Other processes: clients of a folder, and whatever works for one."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]


class Opener:
    """A running `opener.py`, with what it printed."""

    def __init__(self, process: asyncio.subprocess.Process, answer: dict[str, Any]) -> None:
        self.process = process
        self.answer = answer

    async def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()


async def start_opener(folder: Path, **options: Any) -> Opener:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("opener.py")),
        str(folder),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        **options,
    )
    assert process.stdout is not None
    return Opener(process, json.loads(await process.stdout.readline()))


def servants(folder: Path) -> list[psutil.Process]:
    """The keeper and the servers of a folder: they name it on their command line, or work in it."""
    return [process for process in psutil.process_iter() if _serves(process, str(folder))]


def keeper_of(folder: Path) -> psutil.Process:
    [keeper] = [each for each in servants(folder) if "semmem.embedded.keeper" in each.cmdline()]
    return keeper


def _serves(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or "opener.py" in " ".join(process.cmdline()):
            return False
        return folder in process.cmdline() or process.cwd().startswith(folder + os.sep)
    except psutil.Error:
        return False
