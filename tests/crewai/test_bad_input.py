"""What semmem refuses: a typed error with the fix, and a line in the log where CrewAI swallows it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from crewai.memory.unified_memory import Memory

from semmem.errors import Closed, ConfigurationError, InvalidInput, StoreUnavailable
from semmem.integrations.crewai import SemmemMemory
from semmem.stores.postgres.pool import Postgres
from semmem.testing import ModelServer
from tests.crewai.conftest import Remembering
from tests.crewai.crews import crew_of

Call = Callable[[SemmemMemory], Any]

REFUSED: dict[str, tuple[Call, str]] = {
    "over-long content": (lambda m: m.remember("x" * 40_000), "content: must be at most 32768 bytes"),
    "one of many": (lambda m: m.remember_many(["fine", "x" * 40_000]), "content: must be at most 32768 bytes"),
    "empty content": (lambda m: m.remember(" "), "content: must not be empty"),
    "content of another type": (lambda m: m.remember(7), "content: must be a string, not int"),  # type: ignore[arg-type]
    "NUL": (lambda m: m.remember("a\x00b"), "content: must not contain NUL"),
    "importance": (lambda m: m.remember("a", importance=1.5), "importance: must be a number from 0 to 1"),
    "categories": (lambda m: m.remember("a", categories="x"), "categories: must be a list"),  # type: ignore[arg-type]
    "metadata": (lambda m: m.remember("a", metadata={"a": object()}), "metadata: must be plain JSON"),
    "a long segment": (lambda m: m.remember("a", scope="/" + "x" * 300), "must be at most 256 bytes"),
    "a deep path": (lambda m: m.recall("a", scope="/x" * 40), "at most 32 segments"),
    "a blank segment": (lambda m: m.recall("a", scope="/a/ /b"), "must not be empty"),
    "no path": (lambda m: m.recall("a", scope=7), "scope: must be a path"),  # type: ignore[arg-type]
    "limit": (lambda m: m.recall("a", limit=0), "limit: must be a whole number from 1"),
    "depth": (lambda m: m.recall("a", depth="abyss"), "depth: must be one of shallow, deep"),  # type: ignore[arg-type]
    "categories of a recall": (lambda m: m.recall("a", categories="x"), "categories: must be a list"),  # type: ignore[arg-type]
    "forgotten categories": (lambda m: m.forget(categories="x"), "categories: must be a list"),  # type: ignore[arg-type]
    "a number of categories": (lambda m: m.forget(categories=5), "categories: must be a list"),  # type: ignore[arg-type]
    "a year": (lambda m: m.forget(older_than="2020"), "older_than: must be a datetime, not str"),  # type: ignore[arg-type]
    "a list as a filter": (lambda m: m.forget(metadata_filter=["x"]), "metadata_filter: must be a dict"),  # type: ignore[arg-type]
    "an id alone": (lambda m: m.forget(record_ids="abc"), "record_ids: must be a sequence of str"),  # type: ignore[arg-type]
    "a number of ids": (lambda m: m.forget(record_ids=5), "record_ids: must be a sequence of str"),  # type: ignore[arg-type]
    "ids of another type": (lambda m: m.forget(record_ids=[5]), r"record_ids\[0\]: must be a str"),  # type: ignore[list-item]
    "no path to forget": (lambda m: m.forget(scope=7), "scope: must be a path"),  # type: ignore[arg-type]
    "unknown id": (lambda m: m.update("4711", content="b"), "no record 4711 is kept here; take an id from"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_with_the_fix(memory: SemmemMemory, name: str) -> None:
    call, message = REFUSED[name]

    with pytest.raises(InvalidInput, match=message):
        call(memory)
    memory.drain_writes()
    assert memory.list_records() == []


def test_a_scope_outside_of_the_root(remembering: Remembering) -> None:
    memory = remembering(root_scope="/crew/a")
    record = memory.remember("One.")

    with pytest.raises(InvalidInput, match="/crew/ab lies outside of this memory's root /crew/a; pass a path such as"):
        memory.update(record.id, scope="/crew/ab")
    with pytest.raises(InvalidInput, match="root_scope: /crew lies outside"):
        memory.remember("Two.", root_scope="/crew")
    assert memory.recall("one", scope="/../b") == []


def test_a_fact_cannot_be_updated(memory: SemmemMemory) -> None:
    record = memory.remember("I am allergic to peanuts.")

    async def settled(tree: Any) -> None:
        await tree.memory.scope(tenant="acme", user="alice").settled(timeout=180)

    memory._storage.run(settled)
    fact = next(match.record for match in memory.recall("peanuts") if match.record.metadata.get("sources"))

    with pytest.raises(InvalidInput, match=f"is a fact drawn from records; update or forget {record.id}"):
        memory.update(fact.id, content="She is not.")


def test_writing_with_read_only(memory: SemmemMemory, remembering: Remembering) -> None:
    record = memory.remember("One.")
    reader = remembering(read_only=True)

    for write in (
        lambda: reader.remember("Two."),
        lambda: reader.remember_many(["Two."]),
        lambda: reader.update(record.id, content="Two."),
    ):
        with pytest.raises(InvalidInput, match=r"read_only: this memory may only be read; open SemmemMemory"):
            write()
    assert [match.record.content for match in reader.recall("one", depth="shallow")] == ["One."]


def test_an_embedder_is_semmems_setting(remembering: Remembering) -> None:
    with pytest.raises(ConfigurationError, match="embedder: "):
        remembering(embedder="no such")
    with pytest.raises(ConfigurationError, match="embedder: "):
        remembering(embedder=lambda texts: [])
    assert remembering(embedder="minilm")._storage._bridge._settings["embedder"] == "minilm"


def test_use_after_close(memory: SemmemMemory) -> None:
    memory.remember("One.")
    memory.close()

    for use in (
        lambda: memory.remember("Two."),
        lambda: memory.remember_many(["Two."]),
        lambda: memory.recall("one"),
        lambda: memory.extract_memories("a text"),
        lambda: memory.list_records(),
        lambda: memory.forget(),
        lambda: memory.tree(),
        lambda: memory.reset_all(),
    ):
        with pytest.raises(Closed, match="make a new"):
            use()


def test_what_crewai_swallows_stands_in_the_log(
    memory: SemmemMemory, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    memory.close()

    crew_of(server, memory, {"Do something.": "Driver"}).kickoff()

    assert "nothing was recalled: this memory was closed; make a new" in caplog.text


def test_a_store_that_is_down_is_never_silent(
    memory: SemmemMemory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    told: list[Any],
) -> None:
    from crewai.events.event_bus import crewai_event_bus

    memory.remember("One.")
    memory.recall("one")

    def refuse(*_: Any) -> Any:
        raise StoreUnavailable("postgres", "ConnectionRefusedError")

    with monkeypatch.context() as cut:
        cut.setattr(Postgres, "transaction", refuse)
        with pytest.raises(StoreUnavailable):
            memory.remember("Two.")
        memory.remember_many(["Three."])
        memory.drain_writes()
        with pytest.raises(StoreUnavailable):
            memory.recall("one")
    crewai_event_bus.flush()

    failed = [event.type for event in told if event.type.endswith("failed")]
    assert sorted(failed) == ["memory_query_failed", "memory_save_failed", "memory_save_failed"]
    assert caplog.text.count("a memory was not kept: postgres is unavailable") == 2
    assert "Three." not in caplog.text
    memory.remember("Four.")
    assert {record.content for record in memory.list_records()} == {"One.", "Four."}


def test_recall_goes_on_without_redis_and_qdrant(
    memory: SemmemMemory, remembering: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    memory.remember("The gate code is 4711.")
    memory.recall("gate")
    nowhere = {"redis_url": "redis://127.0.0.1:1/0", "qdrant_url": "http://127.0.0.1:1"}

    found = remembering(**nowhere).recall("gate code", depth="shallow")

    assert [match.record.content for match in found] == ["The gate code is 4711."]
    assert "recalled without qdrant" in caplog.text


def test_recall_goes_on_where_no_worker_indexes(
    remembering: Remembering, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semmem.integrations.crewai.recalling.INDEX_SECONDS", 0.2)
    memory = remembering(worker=False)
    memory.remember("One.")

    assert memory.recall("one") == []
    assert "recall goes on without what is not indexed yet" in caplog.text


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, InvalidInput, "must be one user or one workspace"),
        ({"user": "a", "workspace": "b"}, InvalidInput, "must be one user or one workspace"),
        ({"user": ""}, InvalidInput, "user: must not be empty"),
        ({"user": "a", "root_scope": "/" + "x" * 300}, InvalidInput, "at most 256 bytes"),
        ({"user": "a", "postgres_ulr": "x"}, ConfigurationError, "postgres_ulr"),
    ],
)
def test_a_memory_that_cannot_be(given: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SemmemMemory(tenant="acme", **given)


@pytest.mark.parametrize(
    "url",
    [
        "semmem://acme",
        "semmem://acme/alice",
        "semmem://acme/team/alice",
        "semmem://acme/user/alice/more",
        "semmem:/acme/user/alice",
        "semmem://acme/user/",
        "semmem:///user/alice",
        "semmem://acme/user/50%",
        "semmem://acme/user/%ff",
        "semmem://acme/user/alice?data=x",
        "semmem://acme/user/a b",
    ],
)
def test_a_malformed_url(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"must be like semmem://|must not be empty"):
        Memory(storage=url)


def test_an_unknown_scope_is_empty_and_told_in_the_log(memory: SemmemMemory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "semmem.integrations.crewai")
    assert memory.recall("one", scope="/no/such/place") == []
    assert "nothing is kept at /no/such/place" in caplog.text
