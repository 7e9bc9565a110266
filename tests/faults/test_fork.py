"""After a fork the child opens its own and the parent goes on: gunicorn --preload, Celery, multiprocessing."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.counts import further

USED = "accepted"
CASES = {
    "used_before": ["parent", "child", "parent"],
    "unused_before": ["child", "parent"],
    "new_in_child": ["parent", "child", "parent"],
    "child_closes": ["parent", "child", "parent"],
    "child_does_nothing": ["parent", "parent"],
    "parent_closes": ["parent", "child"],
    "twice": ["parent", "child", "grandchild", "child", "parent"],
    "under_way": ["child", "child", "child", "parent"],
    "opening": ["child", "child", "parent"],
    "pools": ["parent", "child", "child", "parent"],
}


PATIENCE = {"read_timeout": 60, "write_timeout": 60}  # seconds, on a busy machine


async def _forked(case: str, settings: dict[str, Any]) -> list[str]:
    return (await _forked_all([case], settings))[case]


async def _forked_all(cases: Sequence[str], settings: dict[str, Any]) -> dict[str, list[str]]:
    """What each of the cases said, which one process goes through."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.forker", ",".join(cases), json.dumps(settings)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(240):
            out, error = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, error.decode()
    assert "Traceback" not in error.decode(), error.decode()
    assert "most recent call first" not in error.decode(), error.decode()  # of one that hung
    said = {
        case: lines.splitlines() for case, _, lines in (told.partition("\n") for told in out.decode().split("# ")[1:])
    }
    assert list(said) == list(cases)
    return said


@pytest.fixture
def settings(urls: dict[str, Any]) -> dict[str, Any]:
    return urls | PATIENCE


@pytest.mark.parametrize(
    "cases",
    [
        ("unused_before", "used_before", "parent_closes", "under_way"),  # the first finds nothing loaded
        ("opening",),
        *further(*((case,) for case in CASES if case != "opening")),
    ],
    ids=",".join,
)
async def test_child_and_parent_each_have_a_memory_of_their_own(
    cases: tuple[str, ...], settings: dict[str, Any]
) -> None:
    for case, lines in (await _forked_all(cases, settings)).items():
        assert (case, sorted(lines)) == (case, sorted(f"{who}: {USED}" for who in CASES[case]))


async def test_a_memory_of_the_parents_loop_is_refused_in_the_child_and_lives_on(settings: dict[str, Any]) -> None:
    refused = "child: Closed this memory was opened before a fork, by the parent; open one here with semmem.open()"
    lines = await _forked("opened", settings | {"worker": True, "extract_after": 0})
    assert lines == [f"parent: {USED}", refused, f"child: {USED}", f"parent: {USED}", "parent: settled"]


@pytest.mark.parametrize(
    "cases",
    [
        ("counting", "validating", "serializing"),
        ("importing:httpcore",),
        *further(("validating",), ("serializing",), ("importing:onnxruntime",)),
    ],
    ids=",".join,
)
async def test_a_fork_waits_for_what_the_child_could_not_finish(
    cases: tuple[str, ...], settings: dict[str, Any]
) -> None:
    for case, lines in (await _forked_all(cases, settings)).items():
        assert (case, sorted(lines)) == (case, [f"child: {USED}", f"parent: {USED}"])


async def test_a_fork_while_embedded_servers_are_made_ready(tmp_path: Path) -> None:
    lines = await _forked("migrating", {"data": str(tmp_path)})
    assert sorted(lines) == [f"child: {USED}", f"parent: {USED}"]


@pytest.mark.parametrize("case", ["opening", *further("used_before", "twice")])
async def test_embedded_servers_stay_one_set(case: str, tmp_path: Path) -> None:
    at_once: set[int] = set()  # one set may follow another, where the last who used it had left

    async def watch() -> None:
        while True:
            at_once.add(len(_keepers(tmp_path)))
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    lines = await _forked(case, {"data": str(tmp_path)} | PATIENCE)
    watching.cancel()
    assert sorted(lines) == sorted(f"{who}: {USED}" for who in CASES[case])
    assert max(at_once) == 1


def _keepers(folder: Path) -> set[int]:
    """The session of each keeper: it starts as two processes, of which one ends at once."""
    found = set()
    for process in psutil.process_iter(["pid", "cmdline"]):
        command = process.info["cmdline"] or []
        if "semmem.embedded.keeper" in command and str(folder) in command:
            with suppress(ProcessLookupError):
                found.add(os.getsid(process.info["pid"]))
    return found
