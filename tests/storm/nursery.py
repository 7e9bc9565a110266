"""Forks workers, so that another one is at work as soon as one was killed.

usage: python -m tests.storm.nursery URLS_AS_JSON; each line on stdin is answered with the pid of a new worker. At the
end of stdin all workers are stopped.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from semmem import SemmemError
from tests.applications import opened

PAUSE = 0.2


async def load(urls: dict[str, Any]) -> None:
    """What every worker needs is there before it is forked."""
    async with opened(urls, lambda: datetime.now(UTC), worker=False):
        pass


async def work(urls: dict[str, Any]) -> None:
    """A worker as `semmem worker` runs it; where a store is away at the start, it is tried again."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    while not stopping.is_set():
        with suppress(SemmemError):
            async with opened(urls, lambda: datetime.now(UTC)):
                await stopping.wait()
        await asyncio.sleep(PAUSE)


def main() -> None:
    urls = json.loads(sys.argv[1])
    asyncio.run(load(urls))
    workers = []
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            sys.stdin.close()
            asyncio.run(work(urls))
            os._exit(0)
        workers.append(pid)
        print(pid, flush=True)
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in workers:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
