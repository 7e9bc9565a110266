"""Every field of every operation is given the wrong types and sizes, as is every argument of the store."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from langgraph.store.base import GetOp, InvalidNamespaceError, ListNamespacesOp, MatchCondition, PutOp, SearchOp

from semmem.integrations.langgraph import SemmemStore
from tests.integrations.test_langgraph.conftest import StoreMaker
from tests.wrong_input import WRONG, each_wrong, faults

RIGHT: dict[Callable[..., Any], dict[str, Any]] = {
    GetOp: {"namespace": ("notes",), "key": "k"},
    PutOp: {"namespace": ("notes",), "key": "k", "value": {"a": "I like tea."}},
    SearchOp: {"namespace_prefix": ("notes",), "query": "tea"},
    ListNamespacesOp: {},
}


async def _done(store: SemmemStore, operation: Any) -> None:
    with suppress(InvalidNamespaceError):  # LangGraph's own
        await store.abatch([operation])


@pytest.mark.parametrize("operation", RIGHT, ids=lambda operation: operation.__name__)
async def test_every_field_of_an_operation(alices: SemmemStore, operation: Callable[..., Any]) -> None:
    def calls() -> Iterator[tuple[str, Callable[[], Any]]]:
        for field in operation._fields:  # type: ignore[attr-defined]
            for told, make in WRONG.items():
                given = RIGHT[operation] | {field: make()}
                yield f"{operation.__name__}({field}={told})", lambda given=given: _done(alices, operation(**given))

    assert await faults(calls()) == {}


async def test_every_field_of_a_condition(alices: SemmemStore) -> None:
    def calls() -> Iterator[tuple[str, Callable[[], Any]]]:
        for field in ("match_type", "path"):
            for told, make in WRONG.items():
                given: dict[str, Any] = {"match_type": "prefix", "path": ("a",)} | {field: make()}
                operation = ListNamespacesOp(match_conditions=(MatchCondition(**given),))
                yield f"{field}={told}", lambda operation=operation: _done(alices, operation)

    assert await faults(calls()) == {}


async def test_what_is_no_operation(alices: SemmemStore) -> None:
    assert await faults(each_wrong(alices.abatch, "abatch", {})) == {}
    rows = ((f"abatch([{told}])", lambda make=make: alices.abatch([make()])) for told, make in WRONG.items())
    assert await faults(rows) == {}


async def test_every_argument_of_the_store(make: StoreMaker) -> None:
    def opened(**given: Any) -> None:
        SemmemStore(**given).close()

    def calls() -> Iterator[tuple[str, Callable[[], Any]]]:
        right = {"tenant": "acme", "user": "alice", "postgres_url": "postgresql://nobody@127.0.0.1:1/none"}
        for name in ("tenant", "user", "workspace", "fields", "ttl", "lease", "no_such_setting"):
            for told, wrong in WRONG.items():
                given = right | {name: wrong()}
                yield f"{name}={told}", lambda given=given: opened(**given)

    assert await faults(calls()) == {}
