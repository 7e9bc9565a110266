"""A consumer of a group in a process of its own, which a failpoint may kill.

usage: python -m tests.fleet.consumer URLS_AS_JSON COUNT, which ends when so many invoices are paid, by whomever.
"""

import asyncio
import json
import os
import sys
from datetime import timedelta

from semmem import NewEvent
from semmem.testing import ManualClock
from tests.applications import opened
from tests.state.launch import Launch

LEASE = timedelta(seconds=1)


async def main() -> None:
    async with opened(json.loads(sys.argv[1]), ManualClock(), worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice", state=Launch).agent("b1")
        group = alice.group("billing", event_types={"invoice"}, start="first")
        async with group.deliveries(consumer=f"b1-{os.getpid()}", lease=LEASE) as inbox:
            while [event.event_type async for event in alice.events()].count("payment") < int(sys.argv[2]):
                delivery = await anext(inbox)
                invoice = delivery.entry.event
                assert invoice is not None
                paid = NewEvent(content=f"paid {invoice.content}", event_type="payment")
                await delivery.settle(remember=[paid], update={"calls_left": -1})


if __name__ == "__main__":
    asyncio.run(main())
