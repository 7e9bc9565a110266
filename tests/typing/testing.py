"""`semmem.testing` and the integrations as their users have them: read by `mypy --strict`, never run."""

from typing import Any, assert_type

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.store.base import BaseStore, Item, SearchItem

import semmem
from semmem import Memory
from semmem.integrations.langgraph import SemmemSaver, SemmemStore
from semmem.testing import (
    ManualClock,
    ModelServer,
    Reply,
    Vectors,
    chat_usage,
    hashed_words,
    texts_of,
    wait_until,
)


def answered(body: dict[str, Any]) -> str | Reply:
    assert_type(chat_usage(body, "Hello."), dict[str, int])
    return Reply(status=429, error={"message": "slow down"}, headers={"retry-after-ms": "1"})


def embedded(body: dict[str, Any]) -> Vectors | Reply:
    assert_type(texts_of(body), list[str])
    return hashed_words(body)


async def a_model_and_a_clock() -> None:
    clock = ManualClock()
    with ModelServer(answered, embedded, port=0) as server:
        async with semmem.open(clock=clock, llm_base_url=server.base_url) as memory:
            assert_type(memory, Memory)
        server.answer = lambda body: '{"facts": []}'
        server.embed = hashed_words
        assert_type(server.requests, list[dict[str, Any]])
        assert_type((server.keys, server.headers), tuple[list[str | None], list[dict[str, str]]])
    clock.advance(days=1, minutes=5)
    await wait_until(lambda: server.requests, timeout=5)


async def langgraph_store() -> None:
    store: BaseStore = SemmemStore(
        tenant="acme", user="alice", fields=["text"], ttl={"default_ttl": 10}, postgres_url="postgresql:///semmem"
    )
    store.put(("notes",), "home", {"text": "I live in Berlin."})
    assert_type(store.get(("notes",), "home"), Item | None)
    assert_type(await store.asearch(("notes",), query="Where?"), list[SearchItem])
    with SemmemStore(tenant="acme", workspace="launch") as shared:
        assert_type(shared, SemmemStore)
        shared.close()


async def langgraph_saver() -> None:
    saver: BaseCheckpointSaver[str] = SemmemSaver(
        tenant="acme", user="alice", serde=JsonPlusSerializer(), postgres_url="postgresql:///semmem"
    )
    assert_type(saver.get_tuple({"configurable": {"thread_id": "t"}}), CheckpointTuple | None)
    async with SemmemSaver(tenant="acme", workspace="launch") as shared:
        assert_type(shared, SemmemSaver)
        try:
            await shared.aprune(["t"])
        except semmem.ThreadLost as lost:
            assert_type(lost.thread, str)
