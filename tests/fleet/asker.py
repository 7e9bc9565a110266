"""An agent in a process of its own that asks, waits, and prints the choice: `python -m tests.fleet.asker URLS`."""

import asyncio
import json
import sys

from semmem.testing import ManualClock
from tests.applications import opened
from tests.fleet.asking import HOUR


async def main() -> None:
    async with opened(json.loads(sys.argv[1]), ManualClock(), worker=False) as application:
        me = application.memory.scope(tenant="acme", workspace="launch").agent("r1")
        print(await me.ask("Send it?", ("yes", "no"), within=HOUR), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
