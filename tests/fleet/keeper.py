"""An agent in a process of its own that a failpoint may kill: tells events while Postgres is away, and says each ack.

usage: python -m tests.fleet.keeper URLS_AS_JSON TENANT COUNT
"""

import asyncio
import json
import sys
from datetime import UTC, datetime

from semmem.testing import wait_until
from tests.applications import opened
from tests.faults.proxy import Proxy, Refuse
from tests.servers import through, way_to_postgres


async def main() -> None:
    urls, tenant, count = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    async with Proxy(way_to_postgres(urls["postgres_url"])) as proxy:
        behind = urls | {"postgres_url": through(proxy.port, urls["postgres_url"])}
        async with opened(behind, lambda: datetime.now(UTC), worker=False) as application:
            alice = application.memory.scope(tenant=tenant, user="alice")
            await proxy.impose(Refuse())
            for number in range(count):
                ack = await alice.remember(f"step {number}", agent=tenant)
                print(number, ack.id, ack.status, flush=True)
            await proxy.heal()
            await wait_until(lambda: not application.parts.lacking(alice.view([])))


if __name__ == "__main__":
    asyncio.run(main())
