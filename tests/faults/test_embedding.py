"""Embedding endpoints as they are: no text holds back another, and the memory says what was indexed by words alone."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import pytest

from semmem import IndexMismatch, NewEvent, ScopedMemory
from semmem.cli.doctor import examined
from semmem.testing import ModelServer, Reply, Vectors, hashed_words, texts_of, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.counts import further
from tests.faults.oracle import drift

CITIES = [f"I visited city number {number}." for number in range(5)]
POISON = "I visited city number 3."
DOWN = Reply(status=503)
BY_MEANING = {"turn", "window", "whole"}
BY_WORDS = frozenset({"embedder"})  # of what an answer goes without


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def endpoint(opener: Opener, server: ModelServer) -> Callable[..., AbstractAsyncContextManager[Application]]:
    def opened(**given: Any) -> AbstractAsyncContextManager[Application]:
        named = {"embedding_base_url": server.base_url, "embedding_model": "bge-m3", "embedding_api_key": "test"}
        return opener(embedder="openai", **(named | given))

    return opened


Endpoint = Callable[..., AbstractAsyncContextManager[Application]]


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


def _poisoned(body: dict[str, Any]) -> Vectors | Reply:
    """As Ollama answers where a text gives NaN."""
    poisoned = any(POISON in text for text in texts_of(body))
    return Reply(status=500, error={"message": "unsupported value: NaN"}) if poisoned else hashed_words(body)


async def _indexed(alice: ScopedMemory) -> None:
    await wait_until(lambda: _nothing_unindexed(alice))


async def _nothing_unindexed(alice: ScopedMemory) -> bool:
    return not (await alice.waiting()).unindexed


async def test_a_batch_limit_holds_nothing_back(endpoint: Endpoint, server: ModelServer) -> None:
    server.embed = lambda body: Reply(status=413) if len(texts_of(body)) > 32 else hashed_words(body)
    async with endpoint() as application:
        alice = _alice(application)
        await alice.remember_many([NewEvent(content=f"I visited city number {number}.") for number in range(40)])
        await alice.remember("My dog is called Rex.")
        await alice.settled()
        recall = await alice.recall("What is my dog called?")
        assert (recall[0].text, recall.degraded) == ("My dog is called Rex.", frozenset())
        assert await drift(application, alice) == set()


async def test_a_text_that_is_refused_is_found_by_its_words_and_said_so(
    endpoint: Endpoint, server: ModelServer
) -> None:
    server.embed = _poisoned
    async with endpoint() as application:
        alice, bob = _alice(application), application.memory.scope(tenant="acme", user="bob")
        acks = await alice.remember_many([NewEvent(content=text, session="s1", agent="a") for text in CITIES])
        await bob.remember("My dog is called Rex.")
        await alice.settled(also=[bob])

        recall, context = await alice.recall("city number 3"), await alice.context("city number 3", budget=500)
        assert POISON in [hit.text for hit in recall[:2]]
        assert (recall.degraded, context.degraded) == (BY_WORDS, BY_WORDS)
        assert (await bob.recall("What is my dog called?")).degraded == frozenset()
        assert POISON in [hit.text for hit in await alice.recall("city number 3", session="s1", agent="a")]

        letters = [letter for letter in await alice.dead_letters() if letter.stage == "embedding"]
        assert {letter.reason for letter in letters} == {"status-500"}
        assert {id for letter in letters for id in letter.event_ids} == {acks[3].id}
        assert all("city" not in letter.detail for letter in letters)
        assert await drift(application, alice) == set()

        server.requests.clear()
        await alice.remember("I like tea.")
        await alice.settled()
        assert not any(POISON in text for body in server.requests for text in texts_of(body))


async def test_a_replay_embeds_what_the_endpoint_takes_now(
    endpoint: Endpoint, server: ModelServer, postgres_url: str
) -> None:
    server.embed = _poisoned
    async with endpoint() as application:
        alice = _alice(application)
        await alice.remember_many([NewEvent(content=text, session="s1") for text in CITIES])
        await alice.settled()
        before = await _statistics(postgres_url)
        await alice.replay()
        await alice.settled()
        assert [letter.stage for letter in await alice.dead_letters() if letter.stage == "embedding"]

        server.embed = hashed_words
        await alice.replay()
        await alice.settled()

        assert await alice.dead_letters() == []
        recall = await alice.recall("city number 3")
        assert recall.degraded == frozenset()
        assert BY_MEANING & {name for hit in recall if hit.text == POISON for name in hit.signals}
        assert await drift(application, alice) == set()
        assert await _statistics(postgres_url) == before


async def _statistics(postgres_url: str) -> list[tuple[int, int]]:
    connection = await asyncpg.connect(postgres_url)
    try:
        return [tuple(row) for row in await connection.fetch("select items, terms from semmem.scopes")]
    finally:
        await connection.close()


async def test_forgetting_a_refused_event_ends_the_warning(endpoint: Endpoint, server: ModelServer) -> None:
    server.embed = _poisoned
    async with endpoint() as application:
        alice = _alice(application)
        acks = await alice.remember_many([NewEvent(content=text) for text in CITIES])
        await alice.settled()
        await alice.forget(event=acks[3].id)
        await alice.settled()
        assert (await alice.recall("city number 3")).degraded == frozenset()
        assert await alice.dead_letters() == []


async def test_a_query_that_is_refused_is_answered_by_its_words(endpoint: Endpoint, server: ModelServer) -> None:
    async with endpoint() as application:
        alice = _alice(application)
        await alice.remember_many([NewEvent(content=text) for text in CITIES])
        await alice.settled()
        server.embed = _poisoned
        recall = await alice.recall(POISON)
        assert (recall[0].text, recall.degraded) == (POISON, BY_WORDS)


async def test_while_the_endpoint_is_down_words_are_indexed_and_vectors_follow(
    endpoint: Endpoint, server: ModelServer
) -> None:
    async with endpoint() as application:
        alice = _alice(application)
        await alice.remember(CITIES[0], session="s1")
        await alice.settled()
        server.embed = lambda body: DOWN
        await alice.remember(POISON, session="s1")
        await _indexed(alice)

        recall = await alice.recall("city number 3", session="s1")
        assert (recall[0].text, recall.degraded) == (POISON, BY_WORDS)
        assert (await alice.waiting()).unembedded == 1

        server.embed = hashed_words
        await alice.settled()
        recall = await alice.recall("city number 3")
        assert recall.degraded == frozenset()
        assert BY_MEANING & {name for hit in recall if hit.text == POISON for name in hit.signals}
        assert await drift(application, alice) == set()
        assert any("number 3" in fact.text for fact in await alice.facts())


@pytest.mark.parametrize("vector_index", ["qdrant", *further("pgvector")])
async def test_a_memory_opens_while_the_endpoint_is_down(
    endpoint: Endpoint, server: ModelServer, vector_index: str
) -> None:
    server.embed = lambda body: DOWN
    async with endpoint(vector_index=vector_index) as application:
        alice = _alice(application)
        await alice.remember(CITIES[0])
        await _indexed(alice)
        recall = await alice.recall("city number 0")
        assert (recall[0].text, recall.degraded) == (CITIES[0], BY_WORDS)

        server.embed = hashed_words
        await alice.settled()
        # The first vector made Qdrant's collection, which is named until a worker has called it whole.
        if keeper := application.stores.keeper:
            await wait_until(lambda: keeper.whole)
        recall = await alice.recall("city number 0")
        assert recall.degraded == frozenset()
        assert BY_MEANING & set(recall[0].signals)
        if application.stores.mirror:
            assert await drift(application, alice) == set()


async def test_a_memory_that_was_filled_opens_without_asking_the_endpoint(
    endpoint: Endpoint, server: ModelServer
) -> None:
    async with endpoint() as application:
        await _alice(application).remember(CITIES[0])
        await _alice(application).settled()
    server.embed = lambda body: [[1.0, 2.0, 3.0] for _ in texts_of(body)]
    server.requests.clear()
    async with endpoint() as application:
        assert server.requests == []
        recall = await _alice(application).recall("city number 0")
        assert (recall[0].text, recall.degraded) == (CITIES[0], BY_WORDS)


async def test_a_model_that_never_answered_does_not_bind_the_database(endpoint: Endpoint, server: ModelServer) -> None:
    server.embed = lambda body: DOWN if body["model"] == "typo" else hashed_words(body)
    async with endpoint(embedding_model="typo") as application:
        await _alice(application).remember(CITIES[0])
        await _indexed(_alice(application))
    async with endpoint() as application:
        await _alice(application).settled()
        assert (await _alice(application).recall("city number 0")).degraded == frozenset()
    with pytest.raises(IndexMismatch, match="bge-m3 of 64 dimensions"):
        async with endpoint(embedding_model="typo"):
            pass


async def test_another_model_or_size_is_refused_and_named_by_doctor(endpoint: Endpoint, server: ModelServer) -> None:
    async with endpoint() as application:
        await _alice(application).remember(CITIES[0])
        await _alice(application).settled()
    for other in ({"embedding_model": "bge-m4"}, {"embedding_dimensions": 16}, {"embedding_dimensions": 64}):
        async with endpoint(worker=False) as application:
            settings = application.settings.model_copy(update=other)
        with pytest.raises(IndexMismatch, match=r"bge-m3 of 64 dimensions, not .*semmem export"):
            async with endpoint(**other):
                pass
        rows = {check.part: check async for check in examined(settings)}
        assert rows["postgres"].state == "failed"
        assert "bge-m3 of 64 dimensions" in rows["postgres"].what
    async with endpoint() as application:
        recall = await _alice(application).recall("city number 0")
        assert "city number 0" in recall[0].text
        assert recall.degraded == frozenset()


async def test_a_model_that_gives_vectors_of_another_size_by_now_is_named(
    endpoint: Endpoint, server: ModelServer
) -> None:
    async with endpoint() as application:
        await _alice(application).remember(CITIES[0])
        await _alice(application).settled()
    server.embed = lambda body: hashed_words({**body, "dimensions": 32})
    async with endpoint() as application:
        alice = _alice(application)
        await alice.remember(CITIES[1])
        await _indexed(alice)
        for city in CITIES[:2]:
            recall = await alice.recall(city)
            assert (recall[0].text, recall.degraded) == (city, BY_WORDS)
        rows = {check.part: check async for check in examined(application.settings)}
        assert rows["postgres"].state == "failed"
        assert "bge-m3 of 64 dimensions, not bge-m3 of 32" in rows["postgres"].what
        assert rows["qdrant"].state == "ok"
        server.embed = hashed_words
        await alice.settled()

        async def is_whole() -> bool:
            return not (await alice.recall(CITIES[1])).degraded

        await wait_until(is_whole)


async def test_the_settings_of_the_endpoint_hold(endpoint: Endpoint, server: ModelServer) -> None:
    given = {"embedding_batch": 2, "embedding_text_bytes": 100, "embedding_dimensions": 16}
    async with endpoint(**given) as application:
        alice = _alice(application)
        await alice.remember_many([NewEvent(content=text + " It was far." * 20) for text in CITIES])
        await alice.settled()
        assert (await alice.recall("city number 3")).degraded == frozenset()
    assert max(len(texts_of(body)) for body in server.requests) == 2
    assert max(len(text) for body in server.requests for text in texts_of(body)) == 100
    assert {body["dimensions"] for body in server.requests} == {16}


async def test_long_events_are_indexed_a_few_at_a_time_and_those_that_are_cut_are_named(
    endpoint: Endpoint, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "semmem.engine.indexing")
    async with endpoint() as application:
        alice = _alice(application)
        long = [NewEvent(content=f"{number} " + "word " * 6_000) for number in range(9)]
        acks = await alice.remember_many(long)
        await _indexed(alice)
    asked = [texts_of(body) for body in server.requests if texts_of(body)[0].startswith("user: ")]
    assert [len(texts) for texts in asked] == [3, 3, 3]  # each is some 30 KB, of which 8 KB are embedded
    told = [record.getMessage() for record in caplog.records if "too long to be embedded whole" in record.getMessage()]
    assert len(told) == 3
    assert all(str(ack.id) in " ".join(told) for ack in acks)


async def test_a_batch_to_index_is_bounded_by_its_bytes(endpoint: Endpoint, server: ModelServer) -> None:
    async with endpoint(worker=False) as application:
        alice = _alice(application)
        long = [NewEvent(content=f"{number} " + "word " * 6_000) for number in range(50)]
        await alice.remember_many(long)
        log = application.parts.events
        first = await log.unindexed(alice.scope, 256, 1 << 20)
        assert sum(len(event.content) for event in first[:-1]) < 1 << 20
        assert 1 << 20 <= sum(len(event.content) for event in first) < (1 << 20) + 40_000
        assert len(await log.unindexed(alice.scope, 256, 1)) == 1
