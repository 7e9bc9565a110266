"""Forks processes that open a memory and are killed at a failpoint: far quicker than starting one for each.

usage: python -m tests.machine.victim URLS_AS_JSON; then a line of JSON for each victim, and its exit code comes back:
{"failpoint": "...", "now": "...", "place": ["acme", "user", "ann"], "verb": "remember" | "forget" | "work", ...}
"""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from semmem.domain.scope import Branch, Scope
from semmem.memory.scoped import ScopedMemory
from semmem.runtime import failpoints
from tests.applications import opened

SECONDS = 60  # no victim lives longer


async def warm_up(urls: dict[str, Any]) -> None:
    """Loads what every victim needs, so that each has it from the start."""
    async with opened(urls, lambda: datetime.now(UTC), worker=False):
        pass


async def suffer(urls: dict[str, Any], told: dict[str, Any]) -> None:
    now = datetime.fromisoformat(told["now"])
    async with opened(urls, lambda: now, worker=told["verb"] == "work") as application:
        memory = application.memory.at(Branch(Scope(*told["place"])))
        await _VERBS[told["verb"]](memory, told)


async def remember(memory: ScopedMemory, told: dict[str, Any]) -> None:
    await memory.remember(told["content"], key=told["key"], session=told["session"], agent="agent")


async def forget(memory: ScopedMemory, told: dict[str, Any]) -> None:
    await memory.forget(session=told["session"])


async def work(memory: ScopedMemory, told: dict[str, Any]) -> None:
    """Dies when all is done, if it has not before."""
    await memory.settled(timeout=SECONDS / 2)
    os.kill(os.getpid(), signal.SIGKILL)


_VERBS = {"remember": remember, "forget": forget, "work": work}


def main() -> None:
    urls = json.loads(sys.argv[1])
    asyncio.run(warm_up(urls))
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _die(urls, json.loads(line))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _die(urls: dict[str, Any], told: dict[str, Any]) -> None:
    signal.alarm(SECONDS)
    os.environ[failpoints.ENVIRONMENT] = told["failpoint"]
    code = 1
    try:
        asyncio.run(suffer(urls, told))
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
