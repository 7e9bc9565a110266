"""Runs the shell commands of a page, beside the programs of the embedded Postgres."""

import asyncio
import os
from pathlib import Path

from tests.postgres.cluster import programs


async def run(commands: str, cwd: Path, **environment: str) -> str:
    """What they print; fails where one of them does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEMMEM_", "OPENAI_"))}
    paths = os.pathsep.join([str(programs()), os.environ["PATH"]])
    process = await asyncio.create_subprocess_shell(
        f"set -eu\n{commands}",
        cwd=cwd,
        env={**kept, "PATH": paths, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()
