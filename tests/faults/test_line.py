"""A burst of questions stands in line: none loses a part of its answer only because others came at the same time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest_asyncio

from semmem import ScopedMemory
from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.models.guarded import GuardedEmbedder
from semmem.ports import Embedder
from semmem.runtime.deadline import AT_ONCE
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application, make_application
from semmem.wiring.settings import load_settings

ASKED = 200


class Watched:
    """An embedder that counts its calls, and how many of them were under way together."""

    def __init__(self, embedder: Embedder, *, hangs: bool = False) -> None:
        self._embedder, self.hangs = embedder, hangs
        self.healed = asyncio.Event()
        self.model, self.pools = embedder.model, embedder.pools
        self.calls = self.under_way = self.most = 0

    async def dimensions(self) -> int:
        return await self._embedder.dimensions()

    def expect(self, dimensions: int) -> None:
        self._embedder.expect(dimensions)

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        self.calls += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if self.hangs:
                await self.healed.wait()
            return await self._embedder.embed(texts, tokens=tokens)
        finally:
            self.under_way -= 1

    async def states(self, texts: Sequence[str]) -> Sequence[TokenStates] | None:
        return await self._embedder.states(texts)

    async def aclose(self) -> None:
        """The application closes the embedder itself."""


def _watching(application: Application, embedder: Embedder, **settings: float) -> ScopedMemory:
    models = replace(application.models, embedder=embedder)
    changed = load_settings(**application.settings.model_dump(exclude_unset=True) | settings)
    watching = make_application(changed, application.stores, models, ManualClock())
    return watching.memory.scope(tenant="acme", user="alice")


@pytest_asyncio.fixture
async def travelled(application: Application, alice: ScopedMemory) -> AsyncIterator[Application]:
    for number in range(5):
        await alice.remember(f"I visited city number {number}.")
    await alice.settled()
    yield application


async def test_all_of_a_burst_are_answered_whole(travelled: Application) -> None:
    embedder = Watched(travelled.models.embedder)
    alice = _watching(travelled, embedder)
    answers = await asyncio.gather(*(alice.recall(f"city {number}", limit=3) for number in range(ASKED)))

    assert {answer.degraded for answer in answers} == {frozenset()}
    assert all(answers)
    assert (embedder.calls, embedder.most) == (ASKED, AT_ONCE)


async def test_what_is_known_to_hang_is_waited_for_by_nobody_but_one_probe(travelled: Application) -> None:
    embedder = Watched(travelled.models.embedder, hangs=True)
    guarded = GuardedEmbedder(embedder, patience=0.2)
    alice = _watching(travelled, guarded, read_timeout=4)
    answers = await asyncio.gather(*(alice.recall(f"city {number}", limit=3) for number in range(ASKED)))

    assert {answer.degraded for answer in answers} == {frozenset({"embedder"})}
    assert all(answers)
    assert embedder.most <= AT_ONCE, "those that were answered before it was known"
    assert guarded.breaker.open

    await wait_until(lambda: embedder.under_way == 1)
    calls = embedder.calls
    assert (await alice.recall("city 1")).degraded == {"embedder"}
    assert embedder.calls <= calls + 1, "by the probe alone"

    embedder.hangs = False
    embedder.healed.set()
    await wait_until(lambda: not guarded.breaker.open)
    assert (await alice.recall("city 1")).degraded == frozenset()
