"""Every field of every operation is given the wrong types and sizes, as is every argument of the store."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from langgraph.store.base import GetOp, InvalidNamespaceError, ListNamespacesOp, MatchCondition, PutOp, SearchOp

from semmem.integrations.langgraph import SemmemStore
from tests.integrations.test_langgraph.conftest import StoreMaker
from tests.wrong_input import each_wrong, faults, wrong_keywords, wrong_values

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
    async def done(**given: Any) -> None:
        await _done(alices, operation(**given))

    fields = inspect.signature(operation).parameters
    assert await faults(wrong_keywords(done, fields, RIGHT[operation])) == {}


async def test_every_field_of_a_condition(alices: SemmemStore) -> None:
    async def done(**given: Any) -> None:
        await _done(alices, ListNamespacesOp(match_conditions=(MatchCondition(**given),)))

    right = {"match_type": "prefix", "path": ("a",)}
    assert await faults(wrong_keywords(done, right, right)) == {}


async def test_what_is_no_operation(alices: SemmemStore) -> None:
    assert await faults(each_wrong(alices.abatch, "abatch", {})) == {}
    assert await faults(wrong_values(lambda value: alices.abatch([value]))) == {}


async def test_every_argument_of_the_store(make: StoreMaker) -> None:
    def opened(**given: Any) -> None:
        SemmemStore(**given).close()

    right = {"tenant": "acme", "user": "alice", "postgres_url": "postgresql://nobody@127.0.0.1:1/none"}
    names = ("tenant", "user", "workspace", "fields", "ttl", "lease", "no_such_setting")
    assert await faults(wrong_keywords(opened, names, right)) == {}
