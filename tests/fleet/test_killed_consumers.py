"""A consumer is killed at each step of its work: what a delivery led to is stored once, and the next one goes on."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from typing import Any

import pytest

from semmem import NewEvent
from semmem.runtime import failpoints
from tests.applications import Opener
from tests.state.launch import Launch

INVOICES = 3
SECONDS = 120
# How many payments stand after the kill: all of a delivery, or nothing of it.
PAID = {"delivery-taken": 0, "delivery-settling": 0, "delivery-settled": 1}


async def _consumer(urls: dict[str, Any], failpoint: str | None = None) -> int:
    environment = os.environ | ({failpoints.ENVIRONMENT: failpoint} if failpoint else {})
    command = (sys.executable, "-m", "tests.fleet.consumer", json.dumps(urls), str(INVOICES))
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    async with asyncio.timeout(SECONDS):
        return await process.wait()


@pytest.mark.parametrize("failpoint", PAID)
async def test_a_killed_consumer_s_delivery_has_its_effect_once(
    failpoint: str, urls: dict[str, Any], opener: Opener
) -> None:
    async with opener(worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice", state=Launch)

        async def payments() -> Counter[str]:
            return Counter([event.content async for event in alice.events() if event.event_type == "payment"])

        await alice.remember_many([NewEvent(content=f"invoice {n}", event_type="invoice") for n in range(INVOICES)])
        assert await _consumer(urls, failpoint) == -signal.SIGKILL, f"the failpoint {failpoint} was never reached"
        assert (await payments()).total() == PAID[failpoint]
        assert await _consumer(urls) == 0
        assert await payments() == {f"paid invoice {n}": 1 for n in range(INVOICES)}
        assert (await alice.state())["calls_left"] == 100 - INVOICES
        lag = await alice.group("billing").lag()
        assert (lag.leased, lag.dead) == (0, 0)
        positions = [entry.position for entry in await alice.entries()]
        assert positions == list(range(1, len(positions) + 1))
