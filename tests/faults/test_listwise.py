"""The settings' chat model orders the best hits where that is asked for; its cost is told, and so is its failure."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

import semmem
from semmem import ConfigurationError, NewEvent, ScopedMemory
from semmem.testing import ManualClock, ModelServer, Reply

ASKED = "Which food must she avoid?"
SAID = ["I am allergic to peanuts.", "I live in Munich.", "My sister Ines works at the harbour.", "I own a bike."]

Answer = Callable[[dict[str, Any]], str | Reply]


@pytest_asyncio.fixture
async def told(alice: ScopedMemory) -> ScopedMemory:
    await alice.remember_many([NewEvent(content=text, session="s1") for text in SAID])
    await alice.settled()
    return alice


def bikes_first(body: dict[str, Any]) -> str:
    """Ranks what speaks of a bike first; names nothing else."""
    passages = json.loads(body["messages"][-1]["content"])["passages"]
    return json.dumps({"ranking": [each["number"] for each in passages if "bike" in each["passage"]]})


async def test_it_is_asked_once_a_question_and_tells_what_that_cost(
    told: ScopedMemory, urls: dict[str, Any], clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "semmem.retrieval.rerank")
    plain = await told.recall(ASKED)
    with ModelServer(bikes_first) as server:
        settings = {**urls, "llm_base_url": server.base_url, "worker": False}
        async with semmem.open(clock=clock, **settings) as memory:
            off = await memory.scope(tenant="acme", user="alice").recall(ASKED)
        assert (off.hits, off.usage.calls, server.requests) == (plain.hits, 0, [])
        async with semmem.open(clock=clock, rerank="llm", **settings) as memory:
            alice = memory.scope(tenant="acme", user="alice")
            recall = await alice.recall(ASKED)
            context = await alice.context(ASKED, budget=500, tiers={"retrieved"})

    assert "peanuts" in recall[0].text
    assert "bike" in recall[1].text
    assert not recall.degraded
    for usage in (recall.usage, context.usage):
        assert (usage.calls, usage.prompt_tokens > 0, usage.completion_tokens > 0) == (1, True, True)
        assert f"{usage.prompt_tokens} + {usage.completion_tokens} tokens in 1 calls" in caplog.text
    assert "peanuts" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        lambda body: "no ranking",
        lambda body: '{"ranking": [1000]}',
        lambda body: Reply(status=500, error={"message": "down"}),
        lambda body: Reply(status=401, error={"message": "another key"}),
    ],
    ids=["no ranking", "another's number", "down", "refused"],
)
async def test_where_it_fails_the_order_stays_and_the_answer_says_so(
    told: ScopedMemory, urls: dict[str, Any], clock: ManualClock, answer: Answer
) -> None:
    plain = await told.recall(ASKED)
    with ModelServer(answer) as server:
        settings = {**urls, "llm_base_url": server.base_url, "worker": False, "rerank": "llm"}
        async with semmem.open(clock=clock, **settings) as memory:
            recall = await memory.scope(tenant="acme", user="alice").recall(ASKED, timeout=60)
    assert (recall.hits, recall.degraded) == (plain.hits, frozenset({"reranker"}))


async def test_settings_that_cannot_be_are_named(urls: dict[str, Any]) -> None:
    class Mine:
        async def score(self, query: str, texts: Any) -> list[float]:
            return [0.0 for _ in texts]

    with pytest.raises(ConfigurationError, match="SEMMEM_RERANK=llm needs a chat model"):
        async with semmem.open(rerank="llm", **urls):
            pass
    with pytest.raises(ConfigurationError, match="unset one of the two"):
        async with semmem.open(rerank="llm", llm_base_url="http://127.0.0.1:1/v1", reranker=Mine(), **urls):
            pass
    with pytest.raises(ConfigurationError, match="rerank"):
        async with semmem.open(rerank="maybe", **urls):
            pass
