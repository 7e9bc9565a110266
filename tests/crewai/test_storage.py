"""semmem as a StorageBackend of CrewAI's own Memory: `Memory(storage="semmem://acme/user/alice")`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from crewai import Crew
from crewai.memory.storage import factory
from crewai.memory.storage.backend import EmbeddingDimensionMismatchError, StorageBackend
from crewai.memory.types import MemoryRecord
from crewai.memory.unified_memory import Memory
from crewai.state.checkpoint_config import CheckpointConfig

from semmem.domain.scope import Scope
from semmem.errors import Closed
from semmem.integrations.crewai import SemmemMemory, SemmemStorage, rebind, register
from semmem.integrations.crewai.paths import scope_of, url_of
from semmem.testing import ModelServer, hashed_words
from tests.crewai.conftest import Remembering
from tests.crewai.crews import asked_of, crew_of

NOW = datetime(2026, 3, 1, 12)  # noqa: DTZ001  (CrewAI's times have no zone)


@pytest.fixture(autouse=True)
def registered(settings: dict[str, Any]) -> Iterator[None]:
    register(**settings)
    yield
    register()


@pytest.fixture
def storage(settings: dict[str, Any]) -> Iterator[SemmemStorage]:
    storage = SemmemStorage(Scope.user("acme", "alice"), **settings)
    yield storage
    storage.close()


def record(content: str, scope: str = "/", **said: Any) -> MemoryRecord:
    return MemoryRecord(content=content, scope=scope, embedding=vector(content), **said)


def vector(text: str) -> list[float]:
    return list(hashed_words({"input": text})[0])


def test_it_is_a_storage_backend(storage: SemmemStorage) -> None:
    assert isinstance(storage, StorageBackend)


def test_what_is_saved_is_found_by_its_vector(storage: SemmemStorage) -> None:
    pins = record("the pin is 4711", "/a", categories=["x"], metadata={"n": 1}, importance=0.9, created_at=NOW)
    storage.save([pins, record("the weather is fine", "/a/b")])

    [(first, score), (_, other)] = storage.search(vector("the pin is 4711"), scope_prefix="/a", limit=5)

    assert (first.id, first.content, first.scope, first.categories) == (pins.id, pins.content, "/a", ["x"])
    assert (first.metadata, first.importance, first.created_at) == ({"n": 1}, 0.9, NOW)
    assert score == pytest.approx(1, abs=1e-6)
    assert 0 <= other < score
    assert first.embedding == pytest.approx(pins.embedding)
    assert [found.id for found, _ in storage.search(vector("pin"), categories=["x"])] == [pins.id]
    assert storage.search(vector("pin"), metadata_filter={"n": 2}) == []
    assert [found.id for found, _ in storage.search(vector("the pin is 4711"), min_score=0.99)] == [pins.id]


def test_neighbours_stay_apart(storage: SemmemStorage, settings: dict[str, Any]) -> None:
    storage.save([record("pin of ten", "/user/10"), record("pin of one", "/user/1"), record("root", "/")])
    stranger = SemmemStorage(Scope.user("globex", "alice"), **settings)

    assert [found.scope for found, _ in storage.search(vector("pin"), scope_prefix="/user/1")] == ["/user/1"]
    assert stranger.search(vector("pin")) == []
    assert stranger.delete() == 0
    assert storage.delete(scope_prefix="/user/1") == 1
    assert storage.count() == 2
    stranger.close()


def test_the_rest_of_the_protocol(storage: SemmemStorage) -> None:
    old = record("old", "/a", categories=["x"], created_at=NOW - timedelta(days=9))
    new = record("new", "/a/b", categories=["x", "y"], metadata={"k": "v"}, created_at=NOW)
    storage.save([new, old])

    assert (storage.get_record(old.id) or new).content == "old"
    assert storage.get_record("no such") is None
    assert [each.content for each in storage.list_records()] == ["new", "old"]
    assert [each.content for each in storage.list_records("/a", limit=1, offset=1)] == ["old"]
    info = storage.get_scope_info("/a/")
    assert (info.path, info.record_count, info.categories, info.child_scopes) == ("/a", 2, ["x", "y"], ["/a/b"])
    assert (info.oldest_record, info.newest_record) == (old.created_at, new.created_at)
    assert (storage.list_scopes(), storage.list_scopes("/a")) == (["/a"], ["/a/b"])
    assert storage.list_categories() == {"x": 2, "y": 1}
    assert (storage.count(), storage.count("/a/b"), storage.count("/b")) == (2, 1, 0)
    storage.update(old.model_copy(update={"content": "older", "scope": "/c"}))
    assert [(each.content, each.scope) for each in storage.list_records("/c")] == [("older", "/c")]
    assert storage.count() == 2
    assert storage.delete(older_than=NOW - timedelta(days=1)) == 1
    assert storage.delete(metadata_filter={"k": "v"}, categories=["z"]) == 0
    assert storage.delete(record_ids=[new.id]) == 1
    storage.save([old])
    storage.reset("/b")
    assert storage.count() == 1
    storage.reset()
    assert storage.count() == 0


async def test_its_async_names(storage: SemmemStorage) -> None:
    kept = record("the pin is 4711")
    await storage.asave([kept])

    assert [found.id for found, _ in await storage.asearch(vector("pin"), limit=1)] == [kept.id]
    assert await storage.adelete(record_ids=[kept.id]) == 1


def test_vectors_of_another_embedder_are_refused(storage: SemmemStorage) -> None:
    storage.save([record("one")])

    with pytest.raises(EmbeddingDimensionMismatchError):
        storage.search([1.0, 0.0])


def test_a_closed_one_refuses(storage: SemmemStorage) -> None:
    storage.close()
    storage.close()

    with pytest.raises(Closed):
        storage.count()


@pytest.mark.parametrize("id", ["alice", "a/b", "50%", "ünï", "a b?#", "..", "semmem://x/user/y"])
def test_a_url_leads_back_to_its_scope(id: str) -> None:
    for scope in (Scope.user(id, id), Scope.workspace("acme", id)):
        assert scope_of(url_of(scope)) == scope


def test_crewais_own_memory_on_semmem(server: ModelServer) -> None:
    memory = Memory(storage="semmem://acme/workspace/a%2Fb", embedder=lambda texts: hashed_words({"input": texts}))
    said = {"scope": "/user/1", "categories": ["x"], "importance": 0.5, "metadata": {}}
    assert memory.remember("the pin is 4711", **said) is not None  # type: ignore[arg-type]

    [match] = memory.recall("the pin is 4711", scope="/user/1", depth="shallow")

    assert match.record.content == "the pin is 4711"
    assert memory.recall("pin", scope="/user", depth="shallow")[0].record.scope == "/user/1"
    assert memory.recall("pin", scope="/user/10", depth="shallow") == []
    assert not server.requests
    memory.close()


def test_another_factory_keeps_its_own_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(factory, "_factory", lambda spec: asked.append(spec))
    register()

    assert factory.resolve_memory_storage("elsewhere") is None
    opened = factory.resolve_memory_storage("semmem://acme/user/alice")
    assert isinstance(opened, SemmemStorage)
    opened.close()
    assert asked == ["elsewhere"]


def test_a_crew_that_comes_back_from_a_checkpoint(server: ModelServer, memory: SemmemMemory, tmp_path: Path) -> None:
    memory.remember("The warehouse in Leipzig closes at 17:30.")
    first = _first_checkpoint(server, memory, tmp_path)

    restored = Crew.from_checkpoint(CheckpointConfig(location=str(tmp_path), restore_from=first))
    assert type(restored.memory) is Memory
    assert [kept.content for kept in restored.memory.list_records()] == [k.content for k in memory.list_records()]
    rebind(restored, memory)
    server.requests.clear()
    restored.kickoff()

    assert restored.memory is memory
    assert "closes at 17:30" in asked_of("Driver", server.requests)[0]


def _first_checkpoint(server: ModelServer, memory: SemmemMemory, folder: Path) -> Path:
    """The one behind the first of two tasks. CrewAI writes them beside threads of its own, and on a busy machine one
    may fail for what these change meanwhile."""
    tasks = {"Greet the customer.": "Writer", "When does the warehouse in Leipzig close?": "Driver"}
    for attempt in range(5):
        place = folder / str(attempt)
        crew_of(server, memory, tasks, checkpoint=CheckpointConfig(location=str(place))).kickoff()
        written = sorted(place.rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        if len(written) == len(tasks):
            return written[0]
    pytest.fail("CrewAI wrote no whole pair of checkpoints")


def test_what_either_kind_of_memory_keeps_the_other_lists(
    storage: SemmemStorage, memory: SemmemMemory, remembering: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    storage.save([record("the pin is 4711")])
    memory.remember("The gate opens at six.")

    assert storage.count() == memory.info().record_count == 2
    assert [m.record.content for m in memory.recall("pin", depth="shallow", limit=1)] == ["the pin is 4711"]
    assert [found.content for found, _ in storage.search(vector("gate"))] == ["the pin is 4711"]
    assert "1 records have no vector of CrewAI's" in caplog.text
