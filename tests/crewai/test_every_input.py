"""Every argument of every method that is semmem's own is given the wrong types and sizes."""

from collections.abc import Callable
from typing import Any

import pytest

from semmem.integrations.crewai import SemmemMemory
from tests.wrong_input import each_wrong, faults

RIGHT: dict[str, dict[str, Any]] = {
    "remember": {"content": "I like tea."},
    "remember_many": {"contents": ["I like tea."]},
    "recall": {"query": "tea", "depth": "shallow"},
    "extract_memories": {"content": "I like tea."},
    "update": {"record_id": "no-such-record"},
    "forget": {"scope": "/nowhere"},
}
STORAGE: dict[str, dict[str, Any]] = {
    "delete": {"record_ids": ["no-such-record"]},
    "get_record": {"record_id": "no-such-record"},
    "list_records": {},
    "get_scope_info": {"scope": "/"},
    "list_scopes": {},
    "list_categories": {},
    "count": {},
}


@pytest.mark.parametrize("name", RIGHT)
async def test_every_method_of_the_memory(memory: SemmemMemory, name: str) -> None:
    method: Callable[..., Any] = getattr(memory, name)
    assert await faults(each_wrong(method, name, RIGHT[name])) == {}


@pytest.mark.parametrize("name", STORAGE)
async def test_every_method_of_the_storage(memory: SemmemMemory, name: str) -> None:
    method: Callable[..., Any] = getattr(memory._storage, name)
    assert await faults(each_wrong(method, name, STORAGE[name])) == {}
