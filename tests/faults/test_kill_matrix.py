"""Kill the process at every place that matters; whatever it acknowledged must come out once (P1, P2, P3, P7)."""

import asyncio
import json
import os
import signal
import sys
from typing import Any
from uuid import UUID

import pytest

from semmem.runtime import failpoints
from tests.applications import Opener
from tests.faults.agent import DEAD_AFTER, SAID
from tests.faults.oracle import drift, nothing_lost_and_nothing_doubled

pytestmark = pytest.mark.soak

IN_FORGET = ("forget-writing", "forget-committed", "cache-followed", "mirror-followed")
IN_REFILL = ("mirror-begun", "mirror-queued", "mirror-written", "mirror-marked")
# tests/fleet/test_local_log.py and tests/fleet/test_local_log_state.py
IN_KEEPING = ("event-kept", "change-kept", "replay-writing", "replay-committed", "replay-settled")
IN_GROUP = ("delivery-taken", "delivery-settling", "delivery-settled")  # tests/fleet/test_killed_consumers.py
ELSEWHERE = (*IN_FORGET, *IN_KEEPING, *IN_GROUP, "mirror-queued")
IN_DELIVERY = tuple(name for name in failpoints.NAMES if name not in ELSEWHERE)


async def _run(urls: dict[str, Any], *words: str, failpoint: str | None = None) -> tuple[int, list[list[str]]]:
    """The agent's exit code, and the words of each line it said."""
    environment = os.environ | ({failpoints.ENVIRONMENT: failpoint} if failpoint else {})
    command = (sys.executable, "-m", "tests.faults.agent", json.dumps(urls), *words)
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return process.returncode or 0, [line.split() for line in output.decode().splitlines()]


@pytest.mark.parametrize("failpoint", IN_DELIVERY)
async def test_what_was_acknowledged_survives(failpoint: str, urls: dict[str, Any], opener: Opener) -> None:
    code, said = await _run(urls, "deliver", *SAID, failpoint=failpoint)
    assert code == -signal.SIGKILL, f"the failpoint {failpoint} was never reached"

    code, again = await _run(urls, "deliver", *SAID)
    assert code == 0
    acknowledged = {key: UUID(id) for key, id, _ in said}
    assert {key: UUID(id) for key, id, _ in again} | acknowledged == {key: UUID(id) for key, id, _ in again}
    async with opener(lease=DEAD_AFTER) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.settled()
        await nothing_lost_and_nothing_doubled(application, alice, {key: UUID(id) for key, id, _ in again})


async def test_what_was_acknowledged_survives_without_another_delivery(urls: dict[str, Any], opener: Opener) -> None:
    code, said = await _run(urls, "deliver", *SAID, failpoint="facts-writing")
    assert code == -signal.SIGKILL
    async with opener(lease=DEAD_AFTER) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.settled()
        await nothing_lost_and_nothing_doubled(application, alice, {key: UUID(id) for key, id, _ in said})


@pytest.mark.parametrize("failpoint", IN_FORGET)
async def test_forget_happens_whole_or_not_at_all(failpoint: str, urls: dict[str, Any], opener: Opener) -> None:
    code, _ = await _run(urls, "deliver", *SAID)
    assert code == 0
    code, _ = await _run(urls, "forget", "session-k1", failpoint=failpoint)
    assert code == -signal.SIGKILL, f"the failpoint {failpoint} was never reached"

    async with opener(lease=DEAD_AFTER) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.settled()
        gone = failpoint != "forget-writing"
        assert (await alice.history(session="session-k1") == []) is gone
        assert ("Munich" not in (await alice.context("Where does she live?", budget=500)).text) is gone
        assert (not any("Munich" in fact.text for fact in await alice.facts())) is gone
        assert await drift(application, alice) == set()
        assert len(await alice.history()) == (2 if gone else 3)
        assert [receipt.complete for receipt in await alice.receipts()] == [True] * gone


@pytest.mark.parametrize("failpoint", IN_REFILL)
async def test_a_lost_qdrant_is_filled_however_often_the_filling_is_cut_short(
    failpoint: str, urls: dict[str, Any], opener: Opener
) -> None:
    code, said = await _run(urls, "deliver", *SAID)
    assert code == 0
    async with opener(worker=False) as application:
        mirror = application.stores.mirror
        assert mirror is not None
        await mirror.empty()
    code, _ = await _run(urls, "refill", failpoint=failpoint)
    assert code == -signal.SIGKILL, f"the failpoint {failpoint} was never reached"

    code, _ = await _run(urls, "refill")
    assert code == 0
    async with opener(worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        assert (await alice.recall("Where does she live?")).degraded == frozenset()
        await nothing_lost_and_nothing_doubled(application, alice, {key: UUID(id) for key, id, _ in said})
