"""An agent in a process of its own, which a failpoint may kill: says on stdout, line by line, what was acknowledged.

usage: python -m tests.faults.agent URLS_AS_JSON (deliver KEY... | forget SESSION | refill)
"""

import asyncio
import json
import sys
from datetime import UTC, datetime

from semmem.memory.scoped import ScopedMemory
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened

DEAD_AFTER = 2  # seconds without a beat, after which a job is taken over

SAID = {
    "k1": "I live in Munich.",
    "k2": "I am allergic to peanuts.",
    "k3": "My sister Ines works at the harbour.",
}


async def deliver(alice: ScopedMemory, keys: list[str]) -> None:
    for key in keys:
        ack = await alice.remember(SAID[key], key=key, session=f"session-{key}", agent="support")
        print(key, ack.id, ack.status, flush=True)
    await alice.settled()


async def forget(alice: ScopedMemory, session: str) -> None:
    receipt = await alice.forget(session=session)
    print("forgot", receipt.id, flush=True)
    await alice.settled()


async def refill(application: Application) -> None:
    """Works until Qdrant is whole."""
    mirror = application.stores.mirror
    assert mirror is not None

    async def whole() -> bool:
        mark = await mirror.mark()
        return mark is not None and mark.whole

    await wait_until(whole)


async def main() -> None:
    urls, verb, *words = json.loads(sys.argv[1]), *sys.argv[2:]
    async with opened(urls, lambda: datetime.now(UTC), lease=DEAD_AFTER) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        if verb == "deliver":
            await deliver(alice, words)
        elif verb == "refill":
            await refill(application)
        else:
            await forget(alice, words[0])


if __name__ == "__main__":
    asyncio.run(main())
