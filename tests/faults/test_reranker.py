"""A user's own cross-encoder has its say in the order of the best hits; where it fails, the order stays and is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from math import fsum, nan
from typing import Any

import pytest
import pytest_asyncio

import semmem
from semmem import ModelError, ModelUnavailable, NewEvent, Recall, Reranker, ScopedMemory
from semmem.retrieval.rerank import fused
from semmem.retrieval.search import RERANKED
from semmem.testing import ManualClock, wait_until

pytestmark = pytest.mark.shared

ASKED = "Which food must she avoid?"
SAID = [
    "I am allergic to peanuts, and the doctor says that cashews are no better for me.",
    "I live in Munich, on the third floor of a house by the river.",
    "My sister Ines works at the harbour.",
    "I own a bike.",
]

Reading = Callable[..., AbstractAsyncContextManager[ScopedMemory]]


class Judge:
    """Scores each text by a function of it, and notes what it was asked."""

    def __init__(self, worth: Callable[[str], Any]) -> None:
        self._worth = worth
        self.asked: list[tuple[str, Sequence[str]]] = []

    async def score(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked.append((query, texts))
        return [self._worth(text) for text in texts]


class Generous(Judge):
    """A score more than there are texts."""

    async def score(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        return [*await super().score(query, texts), 0.0]


class Failing:
    """Quotes what it was sent, as some libraries do."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    async def score(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        raise self._error(f"cannot read {texts[0]!r}")


class Silent(Judge):
    """Answers once it is let."""

    def __init__(self) -> None:
        super().__init__(lambda text: -len(text))
        self.let = asyncio.Event()

    async def score(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        scores = await super().score(query, texts)
        await self.let.wait()
        return scores


def shortest() -> Judge:
    """Prefers the shortest text, with scores far above those of a hit."""
    return Judge(lambda text: 1_000.0 - len(text))


@pytest_asyncio.fixture
async def told(alice: ScopedMemory) -> ScopedMemory:
    return await _told(alice, SAID)


@pytest.fixture
def reading(shared_urls: dict[str, Any], clock: ManualClock, alice: ScopedMemory) -> Reading:
    """Opens Alice's memory a second time, with a reranker."""

    @asynccontextmanager
    async def opened(reranker: Reranker | None, **settings: Any) -> AsyncIterator[ScopedMemory]:
        async with semmem.open(clock=clock, reranker=reranker, **shared_urls, **settings) as memory:
            yield memory.scope(tenant=alice.scope.tenant, user="alice")

    return opened


async def _told(alice: ScopedMemory, texts: Sequence[str]) -> ScopedMemory:
    await alice.remember_many([NewEvent(content=text, session="s1") for text in texts])
    await alice.settled()
    return alice


def _texts(recall: Recall) -> list[str]:
    return [hit.text for hit in recall]


def _scores(recall: Recall) -> list[float]:
    return [hit.score for hit in recall]


async def test_its_order_is_fused_and_scores_stay_sums_of_signals(told: ScopedMemory, reading: Reading) -> None:
    plain = await told.recall(ASKED)
    judge = shortest()
    async with reading(judge) as reader:
        recall = await reader.recall(ASKED)

    [(_, texts)] = judge.asked
    assert recall.degraded == frozenset()
    assert _texts(recall) == [plain[place].text for place in fused([1_000.0 - len(text) for text in texts])]
    assert _texts(recall) != _texts(plain)
    assert _scores(recall) == _scores(plain)
    assert [fsum(hit.signals.values()) for hit in recall] == pytest.approx(_scores(recall))
    worth = {hit.id: hit.undoubted for hit in plain}
    moved = {hit.id: hit.undoubted - worth[hit.id] for hit in recall}
    assert {hit.id: hit.signals["rerank"] for hit in recall} == pytest.approx(moved)
    assert {name for hit in plain for name in hit.signals}.isdisjoint({"rerank"})


async def test_it_brings_up_what_the_limit_would_have_cut_off(told: ScopedMemory, reading: Reading) -> None:
    plain = await told.recall(ASKED, limit=2)
    async with reading(shortest()) as reader:
        recall = await reader.recall(ASKED, limit=2)

    assert "bike" not in " ".join(_texts(plain))
    assert ("peanuts" in recall[0].text, "bike" in recall[1].text) == (True, True)
    assert _scores(recall) == _scores(plain)


async def test_a_wrong_one_does_not_bury_the_right_hit(told: ScopedMemory, reading: Reading) -> None:
    async with reading(Judge(lambda text: -1_000.0 if "peanuts" in text else len(text))) as reader:
        recall = await reader.recall(ASKED)
    assert "peanuts" in " ".join(_texts(recall)[:2])


async def test_it_reads_who_said_it_when_and_the_turn_before(alice: ScopedMemory, reading: Reading) -> None:
    asked, late = "Did you book the ferry to Skye?", "And then we talked for long. " * 40
    for speaker, text in (
        ("Rui", asked),
        ("Ana", "Yes, for the third of June."),
        ("Rui", late),
        ("Rui", "I own a kayak."),
    ):
        at = datetime(2026, 1, 5, 9, tzinfo=UTC)
        await alice.remember(text, speaker=speaker, session="s1", occurred_at=at)
    await alice.settled()
    judge = shortest()
    async with reading(judge) as reader:
        await reader.recall("the third of June")

    [(_, texts)] = judge.asked
    assert f"Rui: {asked}\n[2026-01-05] Ana: Yes, for the third of June." in texts
    assert {f"[2026-01-05] Rui: {asked}", "[2026-01-05] Rui: I own a kayak."} <= set(texts)
    assert "[2026-01-05] Rui owns a kayak." in texts


async def test_min_score_keeps_as_many_as_without_it(told: ScopedMemory, reading: Reading) -> None:
    lowest = (await told.recall(ASKED))[1].score
    async with reading(shortest()) as reader:
        recall = await reader.recall(ASKED, min_score=lowest)

    assert _scores(recall) == _scores(await told.recall(ASKED, min_score=lowest))
    assert 2 <= len(recall) < len(SAID)


async def test_it_reads_the_best_and_at_least_as_many_as_are_asked_for(alice: ScopedMemory, reading: Reading) -> None:
    await _told(alice, [f"In week {week} I cooked dish number {week * 7} for the guild." for week in range(70)])
    judge = shortest()
    async with reading(judge) as reader:
        for limit in (1, RERANKED + 10):
            await reader.recall("What did she cook?", limit=limit)

    assert [(query, len(texts)) for query, texts in judge.asked] == [
        ("What did she cook?", RERANKED),
        ("What did she cook?", RERANKED + 10),
    ]


async def test_it_is_not_asked_about_nothing(alice: ScopedMemory, reading: Reading) -> None:
    judge = shortest()
    async with reading(judge) as reader:
        recall = await reader.recall(ASKED)

    assert (len(recall), recall.degraded, judge.asked) == (0, frozenset(), [])


async def test_the_newest_statement_of_a_measure_still_comes_first(
    alice: ScopedMemory, reading: Reading, clock: ManualClock
) -> None:
    older, newer = "My balcony has twelve plants now.", "My balcony has eleven plants now."
    for text in (older, newer):
        await _told(alice, [text])
        clock.advance(days=20)
    judge = Judge(lambda text: older in text)
    async with reading(judge) as reader:
        recall = await reader.recall("How many plants does her balcony have now?")
        counted = await reader.recall("plants on her balcony")

    assert len(judge.asked) == 2
    assert (recall[0].text, counted[0].text) == (newer, older)
    assert _scores(recall) == sorted(_scores(recall), reverse=True)


async def test_a_context_takes_its_order_too(told: ScopedMemory, reading: Reading) -> None:
    async with reading(shortest()) as reader:
        context = await reader.context(ASKED, budget=500, tiers={"retrieved"})

    best = sorted(context.tier("retrieved"), key=lambda item: -item.worth)
    assert ("bike" in best[1].text, context.degraded) == (True, frozenset())


@pytest.mark.parametrize(
    ("reranker", "logged"),
    [
        (Failing(ModelError), "failed with ModelError"),
        (Failing(ModelUnavailable), "failed with ModelUnavailable"),
        (Failing(TimeoutError), "failed with TimeoutError"),
        (Generous(len), "scores for"),
        (Judge(lambda text: nan if "Munich" in text else 1.0), "NaN"),
        (Judge(lambda text: None), "no list of numbers"),
    ],
)
async def test_where_it_fails_the_order_stays_and_the_answer_says_so(
    told: ScopedMemory, reading: Reading, reranker: Reranker, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    plain = await told.recall(ASKED)
    async with reading(reranker) as reader:
        recall, context = await reader.recall(ASKED), await reader.context(ASKED, budget=500)

    assert recall.hits == plain.hits
    assert (recall.degraded, context.degraded) == (frozenset({"reranker"}), frozenset({"reranker"}))
    assert "peanuts" in context.text
    messages = [record.getMessage() for record in caplog.records if record.name == "semmem.retrieval.rerank"]
    assert [logged in message for message in messages] == [True, True]
    assert "peanuts" not in caplog.text


async def test_it_is_waited_for_only_so_long(told: ScopedMemory, reading: Reading) -> None:
    plain = await told.recall(ASKED)
    async with reading(Silent(), rerank_timeout=0.01) as reader:
        recall = await reader.recall(ASKED)

    assert (recall.hits, recall.degraded) == (plain.hits, frozenset({"reranker"}))


async def test_one_that_hangs_is_waited_for_once_and_found_back(told: ScopedMemory, reading: Reading) -> None:
    silent = Silent()
    async with reading(silent, rerank_timeout=1.5) as reader:  # a quicker failure opens no breaker
        answers = [await reader.recall(ASKED, timeout=60) for _ in range(3)]
        asked_about_hits = [query for query, _ in silent.asked if query == ASKED]
        silent.let.set()
        await wait_until(lambda: _answers_again(reader))

    assert [recall.degraded for recall in answers] == [frozenset({"reranker"})] * 3
    assert asked_about_hits == [ASKED]


async def _answers_again(reader: ScopedMemory) -> bool:
    recall = await reader.recall(ASKED, timeout=60)
    return not recall.degraded and any("rerank" in hit.signals for hit in recall)


async def test_an_error_that_it_does_not_own_up_to_is_the_callers(told: ScopedMemory, reading: Reading) -> None:
    async with reading(Failing(ZeroDivisionError)) as reader:
        with pytest.raises(ZeroDivisionError):
            await reader.recall(ASKED)
