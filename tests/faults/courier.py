"""Delivers one event over and over from several tasks, in a process of its own, and says how each was answered.

usage: python -m tests.faults.courier URLS_AS_JSON TASKS DELIVERIES
"""

import asyncio
import json
import sys
from datetime import UTC, datetime

from semmem import KeyConflict
from semmem.memory.scoped import ScopedMemory
from tests.applications import opened


async def deliver(alice: ScopedMemory, times: int) -> None:
    for _ in range(times):
        ack = await alice.remember("I am allergic to peanuts.", key="msg-1", agent="support", session="s1")
        print(ack.id, ack.status, flush=True)
    try:
        await alice.remember("I am fond of peanuts.", key="msg-1", agent="support", session="s1")
    except KeyConflict:
        print("conflict", flush=True)


async def main() -> None:
    urls, tasks, times = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    async with opened(urls, lambda: datetime.now(UTC)) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await asyncio.gather(*(deliver(alice, times) for _ in range(tasks)))
        await alice.settled()


if __name__ == "__main__":
    asyncio.run(main())
