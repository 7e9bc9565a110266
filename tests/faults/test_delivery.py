"""An event has its effect once, however often and from however many sides it is delivered (P2)."""

import asyncio
import json
import sys
from collections import Counter
from typing import Any
from uuid import UUID

from semmem import Ack
from semmem.memory.scoped import ScopedMemory
from semmem.testing import ManualClock
from tests.applications import Opener
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


async def test_a_key_is_one_event_however_late_it_comes_again(alice: ScopedMemory, clock: ManualClock) -> None:
    async def report(agent: str) -> Ack:
        text = "The lift is out of order."
        return await alice.remember(text, role="system", session="s", agent=agent, key=f"{agent}-1")

    first, other = await report("chat"), await report("billing")
    clock.advance(hours=1)
    again = await report("billing")

    assert (first.status, other.status, again.status) == ("accepted", "accepted", "duplicate")
    assert first.id != other.id == again.id


async def test_reports_that_arrive_at_once_are_heard_once(alice: ScopedMemory) -> None:
    sensors = [f"sensor-{n}" for n in range(20)]
    said = (alice.remember("The lift is out of order.", role="system", agent=sensor) for sensor in sensors)
    acks = await asyncio.gather(*said)

    assert Counter(ack.status for ack in acks) == {"accepted": 1, "duplicate": 19}
    (event,) = await alice.history()
    assert {ack.id for ack in acks} == {event.id}
    assert sorted([event.agent or "", *event.witnesses]) == sorted(sensors)
