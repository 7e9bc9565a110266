"""The tests that docs/testing.md shows pass where a user puts them: in files of their own, under pytest."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

from tests.cli.command import environment

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
FILE = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)
TESTS = 3


async def test_the_tests_of_the_page_pass(urls: dict[str, Any], tmp_path: Path) -> None:
    files = FILE.findall(PAGE.read_text("utf-8"))
    for name, code in files:
        (tmp_path / name).write_text(code, "utf-8")
    assert sum(code.count("async def test_") for _, code in files) == TESTS

    code, printed = await _pytest(tmp_path, urls)
    assert code == 0, printed
    assert f"{TESTS} passed" in printed


async def _pytest(folder: Path, urls: dict[str, Any]) -> tuple[int | None, str]:
    """On the servers of this test in place of embedded ones, whose start is tested elsewhere."""
    named = {f"SEMMEM_{name.upper()}": str(value) for name, value in urls.items() if value is not None}
    command = (sys.executable, "-m", "pytest", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", str(folder))
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment(folder) | named | {"SEMMEM_WORKER": "true"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()
