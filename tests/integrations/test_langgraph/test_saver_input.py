"""What a saver refuses says the field, the limit and the fix, and nothing is written."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from semmem import Closed, InvalidInput, StoreUnavailable
from semmem.integrations.langgraph import SemmemSaver
from tests.integrations.test_langgraph.conftest import SaverMaker
from tests.integrations.test_langgraph.graphs import asking, on
from tests.wrong_input import faults, wrong_keywords

CHECKPOINT: dict[str, Any] = {
    "v": 4,
    "id": "1f0",
    "ts": "2026-01-01T00:00:00+00:00",
    "channel_values": {"a": 1},
    "channel_versions": {"a": "1"},
    "versions_seen": {},
}
Call = Callable[[SemmemSaver], Any]


@pytest.fixture
def no_servers() -> Iterator[SemmemSaver]:
    """Whatever it did ask of its server would fail otherwise than by a check."""
    with SemmemSaver(tenant="acme", user="alice", postgres_url="postgresql://nobody@127.0.0.1:9/none") as saver:
        yield saver


def put(config: Any = None, versions: Any = None, **wrong: Any) -> Call:
    """A call whose checkpoint is right but for this."""
    checkpoint: Any = CHECKPOINT | wrong
    return lambda saver: saver.put(config or on("t"), checkpoint, {}, {"a": "1"} if versions is None else versions)


def writes(*given: Any, config: Any = None, task: Any = "task", path: Any = "") -> Call:
    return lambda saver: saver.put_writes(config or on("t", checkpoint_id="1f0"), list(given), task, path)


REFUSED: list[tuple[Call, str]] = [
    (lambda saver: saver.get_tuple({}), "config: must hold `configurable`"),
    (lambda saver: saver.get_tuple({"configurable": {}}), "thread_id: must be named"),
    (lambda saver: saver.get_tuple(on("")), "thread_id: must not be empty"),
    (lambda saver: saver.get_tuple(on("x" * 257)), "thread_id: must be at most 256 bytes"),
    (lambda saver: saver.get_tuple(on("\x00")), "thread_id: must not contain NUL"),
    (lambda saver: saver.get_tuple(on("t", checkpoint_ns="x" * 1025)), "checkpoint_ns: must be at most 1024 bytes"),
    (lambda saver: saver.get_tuple(on("t", checkpoint_id=7)), "checkpoint_id: must be a string"),
    (lambda saver: list(saver.list(on("t"), limit=2**31)), "limit: must be a whole number"),
    (lambda saver: list(saver.list(on("t"), filter=["a"])), "filter: must be a Mapping"),  # type: ignore[arg-type]
    (lambda saver: list(saver.list(on("t"), before={})), "config: must hold `configurable`"),
    (put(config={"configurable": {"thread_id": 7}}), "thread_id: must be a string"),
    (
        put(config=on("t", __semmem_claim="mine")),
        "configurable.__semmem_claim: must be as a checkpoint's config has it",
    ),
    (
        put(config=on("t", __semmem_claim=f"graph.{uuid4()}.{uuid4()}.{2**63}")),
        "configurable.__semmem_claim: must be as",
    ),
    (put(id=""), "checkpoint.id: must not be empty"),
    (put(channel_versions=[]), "channel_versions: must be a Mapping"),
    (put(channel_versions={"": "1"}), "channel: must not be empty"),
    (put(channel_values=[]), "channel_values: must be a Mapping"),
    (put(versions=["a"]), "new_versions: must be a Mapping"),
    (put(channel_values={"a": object()}), r"channel_values\[a\]: cannot be serialized \(TypeError"),
    (put(channel_values={"a": b"x" * (64 * 2**20 + 1)}), r"channel_values\[a\]: must be at most 64 MiB"),
    (writes(("a", 1), config=on("t")), "checkpoint_id: must be named"),
    (writes("a"), r"writes\[0\]: must be a tuple"),
    (writes(("a",)), r"writes\[0\]: must be a channel and a value"),
    (writes((1, "a")), r"writes\[0\]: must be a string"),
    (writes(("a", 1), task=""), "task_id: must not be empty"),
    (writes(("a", 1), path="x" * 4097), "task_path: must be at most 4096 bytes"),
    (lambda saver: saver.delete_thread(""), "thread_id: must not be empty"),
    (lambda saver: saver.delete_for_runs("run"), "run_ids: must be a sequence of str"),
    (lambda saver: saver.delete_for_runs([1]), r"run_ids\[0\]: must be a str"),  # type: ignore[list-item]
    (lambda saver: saver.prune(["t"], strategy="some"), "strategy: must be one of keep_latest, delete"),
    (lambda saver: saver.copy_thread("t", ""), "target_thread_id: must not be empty"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_calls_that_cannot_be(no_servers: SemmemSaver, call: Call, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        call(no_servers)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"user": None}, "scope: must be one user or one workspace"),
        ({"user": "alice", "workspace": "launch"}, "scope: must be one user or one workspace"),
        ({"tenant": "\x00"}, "tenant: must not contain NUL"),
        ({"serde": 7}, "serde: must have dumps_typed and loads_typed"),
    ],
    ids=str,
)
def test_savers_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        SemmemSaver(**({"tenant": "acme", "user": "alice"} | given))


def test_a_thread_is_not_copied_over_another(saver: SemmemSaver) -> None:
    for thread in ("a", "b"):
        asking(saver).invoke({"steps": [thread]}, on(thread))

    with pytest.raises(InvalidInput, match="target_thread_id: holds checkpoints already"):
        saver.copy_thread("a", "b")
    with pytest.raises(InvalidInput, match="target_thread_id"):
        saver.copy_thread("a", "a")
    assert asking(saver).get_state(on("b")).values["steps"] == ["b", "one"]


async def test_every_argument_of_every_call(saver: SemmemSaver) -> None:
    async def listed(**given: Any) -> None:
        async for _ in saver.alist(**given):
            pass

    stored = on("t", checkpoint_id="1f0")
    right: dict[Callable[..., Any], dict[str, Any]] = {
        saver.aget_tuple: {"config": stored},
        saver.aput: {"config": on("t"), "checkpoint": CHECKPOINT, "metadata": {"step": 1}, "new_versions": {"a": "1"}},
        saver.aput_writes: {"config": stored, "writes": [("a", 1)], "task_id": "task", "task_path": "path"},
        saver.adelete_thread: {"thread_id": "gone"},
        saver.adelete_for_runs: {"run_ids": ["run"]},
        saver.acopy_thread: {"source_thread_id": "none", "target_thread_id": "none, too"},
        saver.aprune: {"thread_ids": ["none"], "strategy": "keep_latest"},
    }
    await saver.aput(**right[saver.aput])
    for call, arguments in right.items():
        found = await faults(wrong_keywords(call, inspect.signature(call).parameters, arguments))
        assert found == {}
    narrowed = {"config": on("t"), "filter": {"step": 1}, "before": stored, "limit": 2}
    assert await faults(wrong_keywords(listed, narrowed, narrowed)) == {}


async def test_a_closed_saver_refuses_every_call(make_saver: SaverMaker) -> None:
    async with make_saver() as saver:
        await asking(saver).ainvoke({"steps": []}, on("t"))
    with pytest.raises(Closed, match="make another SemmemSaver"):
        saver.get_tuple(on("t"))
    with pytest.raises(Closed):
        await saver.adelete_thread("t")
    with pytest.raises(Closed):
        list(saver.list(None))


def test_a_postgres_that_is_down_is_an_error_of_the_run(no_servers: SemmemSaver) -> None:
    with pytest.raises(StoreUnavailable, match="postgres"):
        asking(no_servers).invoke({"steps": []}, on("t"))
