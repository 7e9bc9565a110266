"""An agent in a process of its own that a failpoint may kill: tells things while Postgres is away, and prints answers.

usage: python -m tests.fleet.keeper URLS_AS_JSON TENANT COUNT [state]

It tells events; with `state`, of three things the first two are updates.
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime

from semmem.testing import wait_until
from tests.applications import opened
from tests.faults.proxy import Proxy
from tests.fleet.away import gone
from tests.servers import through, way_to_postgres
from tests.state.launch import Launch


async def main() -> None:
    urls, tenant, count, tells_state = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3]), "state" in sys.argv[4:]
    async with Proxy(way_to_postgres(urls["postgres_url"])) as proxy:
        behind = urls | {"postgres_url": through(proxy.port, urls["postgres_url"])}
        async with opened(behind, lambda: datetime.now(UTC), worker=False) as application:
            alice = application.memory.scope(tenant=tenant, user="alice", state=Launch)
            await gone(proxy, alice)
            for number in range(count):
                if tells_state and number % 3 < 2:
                    change = await alice.update(findings=[f"step {number}"], calls_left=-1)
                    print(number, change.id, change.status, flush=True)
                else:
                    ack = await alice.remember(f"step {number}", agent=tenant)
                    print(number, ack.id, ack.status, flush=True)
            await proxy.heal()
            await wait_until(lambda: not os.listdir(urls["local_log"]))


if __name__ == "__main__":
    asyncio.run(main())
