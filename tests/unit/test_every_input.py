"""Every public function is given the wrong types and sizes, one parameter at a time, and answers or raises SemmemError.

Left to Python itself is only what no function can see: a keyword that it does not have, an argument that is missing.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import semmem
from semmem import (
    Branch,
    Checkpoint,
    Entry,
    Memory,
    NewEvent,
    NewRecord,
    Reducer,
    Scope,
    ScopedMemory,
    ScopeSettings,
    SemmemError,
    Source,
    Told,
    Validity,
    View,
    told,
)
from semmem.errors import ConfigurationError
from semmem.memory.records import Records
from semmem.wiring.bootstrap import Application
from semmem.wiring.bridge import Bridge
from semmem.wiring.inventory import scopes
from semmem.wiring.settings import Settings, load_settings
from tests.applications import FAST
from tests.wrong_input import Row, each_wrong, faults, wrong_keywords, wrong_values

pytestmark = pytest.mark.shared

# What is right where a parameter has no default, by its name; a parameter not named here makes the test fail.
RIGHT: dict[str, Any] = {
    "tenant": "acme",
    "user": "alice",
    "content": "I like tea.",
    "events": lambda name: [UUID(int=1)] if name == "of" else [NewEvent(content="I like tea.")],
    "query": "tea",
    "budget": 500,
    "fact": UUID(int=1),
    "by": "nurse",
    "id": lambda name: "alice" if name in ("Scope", "Scope.user", "Scope.workspace") else UUID(int=1),
    "key": "key",
    "keys": ["key"],
    "value": {"a": 1},
    "records": [NewRecord(key="key", value={})],
    "lines": ["{}"],
    "also": (),
    "place": Branch(Scope.user("acme", "alice")),
    "kind": "user",
    "root": Scope.user("acme", "alice"),
    "scopes": (Scope.user("acme", "alice"),),
    "scope": Scope.user("acme", "alice"),
    "event_id": UUID(int=1),
    "quote": "tea",
    "name": lambda name: "append" if name == "Reducer" else "billing",
    "confidence": 0.5,
    "ttl": timedelta(minutes=1),
    "checkpoint": Checkpoint(
        name="one",
        scope=Scope.user("acme", "alice"),
        position=0,
        digest="",
        agent=None,
        at=datetime(2026, 5, 1, tzinfo=UTC),
        pinned=False,
    ),
    "to": lambda name: "old.jsonl" if name == "archive" else 0,
    "before": datetime(2026, 1, 1, tzinfo=UTC),
    "settings": ScopeSettings(),
    "task": "Enter Vietnam?",
    "status": "done",
    "question_id": UUID(int=1),
    "choice": "yes",
    "text": "searching",
    "question": "Send it?",
    "options": ("yes", "no"),
    "within": timedelta(hours=1),
}
# Where no server is.
NOWHERE = {"postgres_url": "postgresql://nobody@127.0.0.1:1/none"}
# Of several that exclude each other one has to be named.
NAMED: dict[str, dict[str, Any]] = {
    "scope": {"user": "alice"},
    "forget": {"session": "s1"},
    "correct": {"text": "alice likes tea."},
    "one_of": {"user": "alice", "workspace": None},
    "Scope.one_of": {"user": "alice", "workspace": None},
}


def _arguments(name: str, call: Callable[..., Any]) -> dict[str, Any]:
    """The right ones, by parameter."""
    given = dict(NAMED.get(name, {}))
    for parameter in inspect.signature(call).parameters.values():
        if parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            right = given.get(parameter.name, RIGHT.get(parameter.name))
            assert parameter.name in RIGHT or parameter.name in given, f"{name} has a new parameter: {parameter.name}"
            given[parameter.name] = right(name) if callable(right) and inspect.isfunction(right) else right
    return given


def _calls(name: str, call: Callable[..., Any]) -> Iterator[Row]:
    return each_wrong(call, name, _arguments(name, call))


def _names(of: type) -> list[str]:
    members = inspect.getmembers(of, callable)
    return [name for name, _ in members if not name.startswith("_") and name != "close"]


@pytest.mark.parametrize("name", _names(ScopedMemory))
async def test_every_method_of_a_memory(
    alice: ScopedMemory, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # archives are written there
    call = getattr(alice, name)
    if name == "follow":
        call = _begun(call)
    if name == "lock":
        call = partial(call, ttl=RIGHT["ttl"])  # which may not stand before the names
    # A class can be called, and raises an error of its own.
    rows = (row for row in _calls(name, call) if row[0] != "update(fn=class)")
    assert await faults(rows) == {}
    assert (await alice.context("tea", budget=500)).degraded == frozenset()


@pytest.mark.parametrize("name", ["ask", "branch", "remember", "result", "role", "status"])
async def test_every_method_of_an_agents_memory(alice: ScopedMemory, name: str) -> None:
    call = getattr(alice.agent("r1"), name)
    assert await faults(_calls(name, _left(call) if name == "ask" else call)) == {}


def _left(ask: Callable[..., Awaitable[str]]) -> Callable[..., Any]:
    """Nobody answers: who asks does not wait."""

    @wraps(ask)
    async def left(**given: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask(**given)

    return left


def _begun(follow: Callable[..., AsyncGenerator[Entry]]) -> Callable[..., Any]:
    """What has no end is left after a moment."""

    @wraps(follow)
    async def begun(**given: Any) -> None:
        async with aclosing(follow(**given)) as follower:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(follower)

    return begun


@pytest.mark.parametrize("field", [name for name in inspect.signature(NewEvent).parameters if name != "content"])
async def test_every_field_of_remember(alice: ScopedMemory, field: str) -> None:
    assert await faults(wrong_keywords(partial(alice.remember, "tea"), [field])) == {}


@pytest.mark.parametrize("name", _names(Records))
async def test_every_method_of_records(alice: ScopedMemory, name: str) -> None:
    assert await faults(_calls(name, getattr(alice.records, name))) == {}


@pytest.mark.parametrize("name", _names(Memory))
async def test_every_method_of_the_open_memory(memory: Memory, name: str) -> None:
    assert await faults(_calls(name, getattr(memory, name))) == {}


VALUES: list[Callable[..., Any]] = [
    NewEvent,
    NewRecord,
    Scope,
    Scope.user,
    Scope.workspace,
    Scope.one_of,
    Branch,
    Branch(Scope.user("acme", "alice")).below,
    View,
    View.of,
    View((Scope.user("acme", "alice"),)).ids,
    Validity,
    Source,
    Reducer,
    Reducer("append").__call__,
    ScopeSettings,
    Told,
    told,
]


@pytest.mark.parametrize("make", VALUES, ids=lambda make: make.__qualname__)
async def test_every_value_that_a_caller_makes(make: Callable[..., Any]) -> None:
    assert await faults(_calls(make.__qualname__, make)) == {}


async def test_every_setting() -> None:
    assert await faults(wrong_keywords(load_settings, Settings.model_fields)) == {}
    with pytest.raises(ConfigurationError):
        load_settings(no_such_setting=1)


async def test_the_administrators_list(application: Application) -> None:
    listed = partial(scopes, application.settings)
    assert await faults(wrong_keywords(listed, ("tenant", "after", "limit"))) == {}


@pytest.mark.parametrize("name", ["run", "arun"])
async def test_every_work_that_a_bridge_is_given(urls: dict[str, Any], name: str) -> None:
    bridge = Bridge(**FAST | urls)
    try:
        # A class can be called, and raises an error of its own.
        rows = (row for row in wrong_values(getattr(bridge, name)) if row[0] != "class")
        assert await faults(rows) == {}
    finally:
        await asyncio.to_thread(bridge.close)


async def test_every_setting_that_a_bridge_is_given() -> None:
    def used(**settings: Any) -> None:
        bridge = Bridge.shared(**settings)
        try:
            bridge.run(_nothing)
        finally:
            bridge.close()

    names = ("postgres_pool", "no_such_setting", "lease")
    assert await faults(wrong_keywords(partial(asyncio.to_thread, used), names, NOWHERE)) == {}


async def _nothing(memory: Memory) -> None:
    pass


async def test_arguments_of_open_that_are_no_settings() -> None:
    async def opened(**given: Any) -> None:
        async with semmem.open(**given):
            pass

    assert await faults(wrong_keywords(opened, ("clock", "reranker"), NOWHERE)) == {}


def test_what_is_walked_is_what_there_is() -> None:
    """A new public name has to be walked, or named here with the reason why a caller does not call it."""
    walked = {
        "NewEvent",
        "NewRecord",
        "Scope",
        "Branch",
        "View",
        "Validity",
        "Source",
        "Memory",
        "ScopedMemory",
        "AgentMemory",
        "Records",
        "open",
        "Reducer",
        "ScopeSettings",
        "Told",
        "told",
    }
    answers = {
        "Waiting",
        "Ack",
        "Context",
        "Drift",
        "Entry",
        "Event",
        "Fact",
        "Hit",
        "Item",
        "Outdated",
        "Since",
        "Recall",
        "Receipt",
        "Record",
        "Summary",
        "Imported",
        "DeadLetter",
        "Usage",
        "GroupLag",
        "Snapshot",
        "Change",
        "Checkpoint",
        "Workspace",
        "Member",
        "Question",
        "Overview",
        "Health",
        "FieldHealth",
        "Installation",
        "Correction",
        "Archive",
        "LocalLogHealth",
    }
    protocols = {"Reranker", "Clock"}
    shared = {"Place"}  # what a ScopedMemory is, walked as such
    given = {"Group", "Inbox", "Delivery"}  # by a memory, and walked in tests/fleet/test_groups.py
    given |= {"Lock"}  # in tests/state/test_input.py
    bases = {"State"}  # of a class that a caller writes: tests/unit/state/test_schema.py
    reducers = {"add", "append", "best", "latest", "max", "merge", "min", "replace", "union"}
    types = {
        "EventFields",
        "AckStatus",
        "Category",
        "ChangeStatus",
        "CorrectionKind",
        "DriftKind",
        "EntryKind",
        "Format",
        "GroupStart",
        "Precision",
        "Role",
        "Scores",
        "ScopeKind",
        "Stage",
        "Tier",
        "Unseen",
    }
    errors = {name for name in semmem.__all__ if inspect.isclass(getattr(semmem, name)) and _is_error(name)}
    assert (
        set(semmem.__all__) - walked - answers - protocols - shared - given - bases - reducers - types - errors == set()
    )
    known = walked | answers | protocols | shared | given | bases | reducers | types | errors
    assert set(semmem.__all__) - known == set()


def _is_error(name: str) -> bool:
    return issubclass(getattr(semmem, name), SemmemError)
