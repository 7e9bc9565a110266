"""Long work on one tenant's legal but hostile text leaves the event loop to the others.

The order of events and the processor time of the loop's own thread are what counts: a busy machine changes neither.
"""

import asyncio
import threading
from collections.abc import Callable
from time import thread_time
from typing import Any

import pytest

from semmem import NewEvent
from semmem.engine import indexing
from semmem.engine.consolidation import Consolidator
from semmem.extractors import asking, offline
from semmem.extractors.offline import OfflineExtractor
from semmem.memory import tiers
from semmem.testing import ModelServer, wait_until
from tests.applications import Opener
from tests.faults.slices import longest_slices
from tests.unit.extractors.builders import answer

HOSTILE = "".join(f"I stopped x{n} y{n}. " for n in range(1_500))
LONG = 600
PATIENCE = 20  # seconds after which a turn that is held in the loop itself gives up

WORK: dict[str, tuple[Any, str]] = {
    "the index's terms": (indexing, "_words"),
    "gate and segment": (Consolidator, "_next_batch"),
    "extraction": (OfflineExtractor, "_extract"),
    "decisions": (offline, "one_successor"),
    "a model's answer": (asking, "_attempt"),
    "a context": (tiers, "assemble"),
}


class Held:
    """Work that goes on, wherever it runs, until it is let go; `order` tells what ended when."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work, self._free = work, threading.Event()
        self.began, self.order = threading.Event(), list[str]()

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.began.set()
        done = self._work(*given, **named)
        self._free.wait(PATIENCE)
        self.order.append("work")
        return done

    def let_go(self) -> None:
        self._free.set()


@pytest.mark.parametrize("work", WORK)
async def test_another_tenant_s_recall_ends_while_the_work_goes_on(
    work: str, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelServer(lambda body: answer()) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "test"} if work == "a model's answer" else {}
        async with opener(**model, extract_after=LONG if work == "a context" else 0) as application:
            alice = application.memory.scope(tenant="acme", user="alice")
            bob = application.memory.scope(tenant="globex", user="bob")
            await bob.remember("I play the cello.")
            await bob.settled(facts=False)
            place, name = WORK[work]
            held = Held(getattr(place, name))
            monkeypatch.setattr(place, name, lambda *given, **named: held(*given, **named))

            if work == "a context":
                await alice.remember_many([NewEvent(content=text) for text in (HOSTILE, HOSTILE[1:])])
                asked = [asyncio.create_task(alice.context("x7", budget=100_000))]
            else:
                await alice.remember(HOSTILE[:2_000])
                asked = []
            await wait_until(held.began.is_set)
            assert "cello" in str(await bob.recall("Which instrument?"))
            held.order.append("recall")
            held.let_go()

            await wait_until(lambda: "work" in held.order)
            assert held.order[0] == "recall"
            await asyncio.gather(*asked)


async def test_no_turn_of_the_loop_is_long(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured in the extraction of the same text in the same run, which is by far the longest work."""
    extract, spent = OfflineExtractor._extract, list[float]()

    def timed(*given: Any) -> Any:
        began = thread_time()
        try:
            return extract(*given)
        finally:
            spent.append(thread_time() - began)

    monkeypatch.setattr(OfflineExtractor, "_extract", timed)
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        bob = application.memory.scope(tenant="globex", user="bob")
        await bob.remember("I play the cello.")
        await bob.settled()
        await bob.context("tea", budget=500)
        spent.clear()
        with longest_slices() as slices:
            await alice.remember(HOSTILE)
            await alice.settled(timeout=300)
            await alice.recall("x7")
            for budget in (500, 100_000):
                await alice.context("x7", budget=budget, format="xml")
            await bob.import_([line async for line in alice.export()])
        assert len(await alice.facts(limit=1_000)) == 1_000
        assert max(turn.seconds for turn in slices) < max(spent) / 2, slices[:3]
