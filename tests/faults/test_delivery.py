"""An event has its effect once, however often and from however many sides it is delivered (P2)."""

import asyncio
import json
import sys
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from semmem.memory import ScopedMemory
from tests.applications import ManualClock, Opener
from tests.faults.oracle import nothing_lost_and_nothing_doubled

PROCESSES, TASKS, TIMES = 2, 4, 25


async def _courier(urls: dict[str, Any]) -> list[list[str]]:
    command = (sys.executable, "-m", "tests.faults.courier", json.dumps(urls), str(TASKS), str(TIMES))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return [line.split() for line in output.decode().splitlines()]


async def test_two_hundred_deliveries_have_one_effect(urls: dict[str, Any], opener: Opener) -> None:
    said = [line for lines in await asyncio.gather(*(_courier(urls) for _ in range(PROCESSES))) for line in lines]

    statuses = Counter(line[-1] for line in said)
    assert statuses == {"accepted": 1, "duplicate": PROCESSES * TASKS * TIMES - 1, "conflict": PROCESSES * TASKS}
    ids = {UUID(line[0]) for line in said if len(line) == 2}
    assert len(ids) == 1
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await nothing_lost_and_nothing_doubled(application, alice, {"msg-1": ids.pop()})
        assert len(await alice.facts()) == 1


async def test_a_report_refused_as_a_copy_stays_refused_when_redelivered_late(
    alice: ScopedMemory, clock: ManualClock
) -> None:
    first = await alice.remember("My order number is 4711.", agent="chat", key="chat-1")
    copy = await alice.remember("My order number is 4711.", agent="billing", key="billing-1")
    clock.advance(hours=1)
    late = await alice.remember("My order number is 4711.", agent="billing", key="billing-1")

    assert (copy.status, late.status) == ("duplicate", "duplicate")
    assert first.id == copy.id == late.id


async def test_the_window_ends(alice: ScopedMemory, clock: ManualClock) -> None:
    first = await alice.remember("My order number is 4711.", agent="chat")
    clock.advance(seconds=31)
    second = await alice.remember("My order number is 4711.", agent="billing")

    assert (first.status, second.status) == ("accepted", "accepted")


async def test_history_that_is_imported_is_not_taken_for_copies(alice: ScopedMemory, clock: ManualClock) -> None:
    acks = [
        await alice.remember("Good morning!", agent=agent, occurred_at=clock.now - timedelta(hours=hours))
        for agent, hours in (("chat", 3), ("billing", 2), ("audit", 2))
    ]

    assert [ack.status for ack in acks] == ["accepted", "accepted", "duplicate"]


async def test_one_agent_may_repeat_itself(alice: ScopedMemory) -> None:
    acks = [await alice.remember("Yes.", agent="chat") for _ in range(2)]

    assert [ack.status for ack in acks] == ["accepted", "accepted"]


async def test_copies_that_arrive_at_once_are_heard_once(alice: ScopedMemory) -> None:
    acks = await asyncio.gather(*(alice.remember("The lift is out of order.", agent=f"sensor-{n}") for n in range(20)))

    assert Counter(ack.status for ack in acks) == {"accepted": 1, "duplicate": 19}
    assert len({ack.id for ack in acks}) == 1
