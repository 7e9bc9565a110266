"""A burst of questions stands in line: none loses a part of its answer only because others came at the same time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest_asyncio

from semmem import ScopedMemory
from semmem.bootstrap import Application, make_application
from semmem.errors import ModelUnavailable
from semmem.ports import Embedder, Embeddings
from semmem.retrieval.search import AT_ONCE
from tests.applications import ManualClock

ASKED = 200


class Watched:
    """An embedder that counts its calls, and how many of them were under way together."""

    def __init__(self, embedder: Embedder, *, fails: bool = False) -> None:
        self._embedder, self._fails = embedder, fails
        self.model = embedder.model
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
            if self._fails:
                raise ModelUnavailable("the embedder is away")
            return await self._embedder.embed(texts, tokens=tokens)
        finally:
            self.under_way -= 1

    async def aclose(self) -> None:
        """The application closes the embedder itself."""


def _watching(application: Application, embedder: Watched) -> ScopedMemory:
    models = replace(application.models, embedder=embedder)
    watching = make_application(application.settings, application.stores, models, ManualClock())
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


async def test_what_just_failed_is_not_tried_by_each_of_a_burst(travelled: Application) -> None:
    embedder = Watched(travelled.models.embedder, fails=True)
    alice = _watching(travelled, embedder)
    answers = await asyncio.gather(*(alice.recall(f"city {number}", limit=3) for number in range(ASKED)))

    assert {answer.degraded for answer in answers} == {frozenset({"embedder"})}
    assert all(answers)
    assert embedder.calls < ASKED / 2

    await alice.recall("city 1")
    calls = embedder.calls
    await alice.recall("city 1")
    assert embedder.calls == calls + 1, "with no line, the next one tries again"
