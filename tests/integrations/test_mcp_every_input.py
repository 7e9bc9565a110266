"""Every argument of every tool is given what no host should send, and answers, or says what is wrong with which one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from semmem.domain.scope import Scope
from semmem.integrations.mcp.server import one_scope
from semmem.memory.memory import Memory
from semmem.memory.scoped import ScopedMemory
from tests.integrations.mcp_hosts import Caller, calling, text_of

pytestmark = pytest.mark.shared


def _deep(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


WRONG: dict[str, Callable[[], Any]] = {
    "true": lambda: True,
    "negative": lambda: -1,
    "huge number": lambda: 10**400,
    "nan": lambda: "NaN",
    "infinity": lambda: "Infinity",
    "digits": lambda: "9" * 5_000,
    "blank": lambda: " \t",
    "unseen": lambda: "\u200b",
    "text": lambda: "text",
    "NUL": lambda: "a\x00b",
    "lone surrogate": lambda: "\ud800",
    "too long": lambda: "x" * 40_000,
    "list": lambda: [1],
    "object": lambda: {"a": 1},
    "deep list": lambda: _deep(200),
    "deep object": lambda: {"a": _deep(200)},
    "deep JSON as text": lambda: "[" * 100_000,
    "nested JSON as text": lambda: json.dumps({"a": json.dumps({"b": "["})}),
    "year 1": lambda: "0001-01-01T00:00:00Z",
    "no id": lambda: "00000000-0000-0000-0000-000000000000",
}
# What is right where a tool needs it, by its name; one not named here makes the test fail.
RIGHT: dict[str, Any] = {"text": "I like tea.", "query": "tea", "confirm": True, "budget": 500}
RIGHT |= {"memory_id": "no-such-id", "fact_id": "no-such-id"}


async def _fault(call: Caller, tool: str, argument: str, given: dict[str, Any]) -> str | None:
    """What is wrong with how a call ended; None for an answer, or an error that names the argument."""
    answer = await call.client.call_tool(tool, given)
    if not answer.is_error:
        return None
    said = text_of(answer.content[0])
    if "failed inside" in said or "Traceback" in said:
        return said
    return (
        None if argument in said or given[argument] == "text" or "no memory" in said else f"names no argument: {said}"
    )


async def test_every_argument_of_every_tool(alice: ScopedMemory, memory: Memory) -> None:
    faults = {}
    async with calling(one_scope(memory, alice.scope)) as call:
        for tool in (await call.client.list_tools()).tools:
            known, required = tool.input_schema["properties"], tool.input_schema.get("required", [])
            right = {name: RIGHT[name] for name in required}
            for argument in [*known, "filters"]:
                for told, make in WRONG.items():
                    if fault := await _fault(call, tool.name, argument, right | {argument: make()}):
                        faults[f"{tool.name}({argument}={told})"] = fault[:200]
    assert faults == {}


@pytest.mark.parametrize("levels", [33, 150])
async def test_what_no_tool_takes_is_read_to_a_bounded_depth(alice: ScopedMemory, memory: Memory, levels: int) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        said = await call.refused("search_memories", query="tea", filters=_deep(levels))
    assert "filters: must be at most 32 levels deep; leave it out" in said


async def test_another_s_memory_is_refused_however_deep_its_name_stands(memory: Memory) -> None:
    nested: Any = {"user_id": "bob"}
    for _ in range(30):
        nested = [nested]
    async with calling(one_scope(memory, Scope.user("acme", "alice"))) as call:
        said = await call.refused("search_memories", query="tea", filters=nested)
    assert "user_id: no argument of search_memories" in said
