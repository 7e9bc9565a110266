"""Calls as hosts and models really send them: understood, or refused with the argument, its limit and the fix."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from semmem.integrations.mcp.server import one_scope
from semmem.memory.memory import Memory
from semmem.memory.scoped import ScopedMemory
from tests.integrations.mcp_hosts import ALICE, calling, running, serving_http, text_of, told

pytestmark = pytest.mark.shared

TEA = "I like tea."
LONGEST_LIST = 13_300  # characters of tools/list: every host pays for them in every conversation
CHOKES = {"anyOf", "oneOf", "allOf", "$ref", "$defs", "format", "title", "default", "const", "nullable"}


def words_of(schema: Any) -> set[str]:
    """Every key of a schema, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(words_of, schema))
    if isinstance(schema, dict):
        return {*schema}.union(*map(words_of, schema.values()))
    return set()


async def test_no_schema_holds_a_word_that_a_host_chokes_on(alice: ScopedMemory, memory: Memory) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        tools = (await call.client.list_tools()).tools
    for tool in tools:
        assert not CHOKES & words_of(tool.input_schema), tool.name
        assert not CHOKES & words_of(tool.output_schema), tool.name
        assert all(isinstance(each["type"], str) for each in tool.input_schema["properties"].values())
    listed = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools]
    assert len(json.dumps(listed)) < LONGEST_LIST


@pytest.mark.parametrize(
    "given",
    [
        {"metadata": None, "role": None},
        {"metadata": "", "role": ""},
        {"metadata": {}, "role": "user"},
        {"metadata": [], "role": " "},
        {"metadata": "{}", "role": "human"},
        {"metadata": "null", "role": "Human"},
        {"metadata": "None", "role": "USER"},
        {"metadata": "undefined", "role": "null"},
        {"random_string": "x"},
        {"_": "", "explanation": "the user said so"},
        {"userId": "", "workspace": None},
    ],
)
async def test_what_is_left_blank_or_says_nothing_is_left_out(
    alice: ScopedMemory, memory: Memory, given: dict[str, Any]
) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        answer = await call.client.call_tool("add_memory", {"text": TEA, **given})
    assert not answer.is_error
    assert answer.structured_content is not None
    assert (answer.structured_content["said_by"], answer.structured_content["metadata"]) == ("user", {})
    assert len(answer.content) == 1


async def test_so_is_what_names_the_scope_that_it_is_anyway(alice: ScopedMemory, memory: Memory) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        assert (await call("add_memory", text=TEA, user_id="alice", tenant=alice.scope.tenant))["text"] == TEA


@pytest.mark.parametrize("given", [{"source": "chat"}, '{"source": "chat"}', ' {"source":\n"chat"} '])
async def test_an_object_may_come_as_text(alice: ScopedMemory, memory: Memory, given: object) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        assert (await call("add_memory", text=TEA, metadata=given))["metadata"] == {"source": "chat"}


@pytest.mark.parametrize("role", ["ai", "AI", "Assistant", "bot", "model"])
async def test_the_names_that_hosts_have_for_an_assistant_are_known(
    alice: ScopedMemory, memory: Memory, role: str
) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        assert (await call("add_memory", text=TEA, role=role))["said_by"] == "assistant"


@pytest.mark.parametrize("limit", [2, "2", 2.0, "2.0", " 2 "])
async def test_a_number_may_come_as_text_or_with_a_point(alice: ScopedMemory, memory: Memory, limit: object) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        for _ in range(3):
            await call("add_memory", text=TEA)
        assert len((await call("list_memories", limit=limit))["memories"]) == 2
        assert len((await call("search_memories", query="*", limit=limit))["memories"]) == 2


@pytest.mark.parametrize("limit", [None, "", "null", [], {}])
async def test_a_blank_limit_is_the_usual_one(alice: ScopedMemory, memory: Memory, limit: object) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        await call("add_memory", text=TEA)
        assert [each["text"] for each in (await call("search_memories", query="tea", limit=limit))["memories"]]
        assert (await call("get_context", query="tea", budget=limit))["tokens"] > 0


@pytest.mark.parametrize(
    "limit", [0, -1, 101, 1000, "1000", 2.5, "2.5", True, "ten", [5], {"max": 5}, "NaN", "1e400", float("1e300")]
)
async def test_any_other_limit_is_refused_with_the_range(alice: ScopedMemory, memory: Memory, limit: object) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        for tool in ("search_memories", "list_memories"):
            arguments = {"query": "tea"} if tool == "search_memories" else {}
            refused = await call.refused(tool, limit=limit, **arguments)
            assert refused == "limit: must be a whole number from 1 to 100; pass 100, say"


async def test_the_refusal_of_an_optional_argument_says_one_thing(alice: ScopedMemory, memory: Memory) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        refused = await call.refused("add_memory", text=TEA, metadata="[1]")
        assert refused == 'metadata: must be a JSON object; pass it like {"source": "chat"}'
        for after in (True, 2.5, {"page": 5}):
            refused = await call.refused("list_memories", after=after)
            assert refused == "after: must be an id, as text; take one that a tool showed"


async def test_the_number_of_a_page_may_come_as_a_number(alice: ScopedMemory, memory: Memory) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        for number in range(3):
            await call("add_memory", text=f"Note {number}.")
        after = (await call("list_memories", limit=1))["after"]
        for said in (int(after), float(after)):
            page = await call("list_memories", limit=1, after=said)
            assert [each["text"] for each in page["memories"]] == ["Note 1."]


@pytest.mark.parametrize("after", ["", " ", None, "null"])
async def test_a_list_starts_at_the_newest_where_after_is_blank(
    alice: ScopedMemory, memory: Memory, after: object
) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        for number in range(2):
            await call("add_memory", text=f"Note {number}.")
        page = await call("list_memories", limit=1, after=after)
        assert [each["text"] for each in page["memories"]] == ["Note 1."]
        rest = await call("list_memories", limit=1, after=f" {page['after']}\n")
        assert ([each["text"] for each in rest["memories"]], rest["after"]) == (["Note 0."], None)
        assert "after: must be at most 256 bytes" in await call.refused("list_memories", after="x" * 300)


@pytest.mark.parametrize("query", ["", " ", "*", " * ", "%", ".*", "all"])
async def test_a_search_for_anything_shows_the_newest_and_says_so(
    alice: ScopedMemory, memory: Memory, query: str
) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        for number in range(3):
            await call("add_memory", text=f"Note {number}.")
        answer = await call("search_memories", query=query, limit=2)
        assert [each["text"] for each in answer["memories"]] == ["Note 2.", "Note 1."]
        assert "list_memories has all" in answer["note"]
        assert "Note 0." in (await call("get_context", query=query))["text"]


@pytest.mark.parametrize(
    ("tool", "given", "named"),
    [
        ("add_memory", {"content": TEA}, "text: is missing; pass it (One self-contained statement"),
        ("add_memory", {"content": TEA}, "add_memory has no content"),
        ("add_memory", {"memory": TEA, "messages": []}, "add_memory has no memory, messages"),
        ("add_memory", {"text": None}, "text: is missing"),
        ("add_memory", {"text": [TEA]}, "text: must be a string, not list"),
        ("add_memory", {"text": {"type": "text", "text": TEA}}, "text: must be a string, not dict"),
        ("add_memory", {"text": 5}, "text: must be a string, not int"),
        ("add_memory", {"text": "\ud800"}, "text: must not contain NUL or lone surrogates"),
        ("add_memory", {"text": TEA, "role": "tool"}, "role: must be user or assistant"),
        ("add_memory", {"text": TEA, "role": ["user"]}, "role: must be user or assistant"),
        ("add_memory", {"text": TEA, "metadata": "chat"}, 'metadata: must be a JSON object; pass it like {"source"'),
        ("add_memory", {"text": TEA, "metadata": '["chat"]'}, "metadata: must be a JSON object"),
        ("add_memory", {"text": TEA, "metadata": "[" * 5_000}, "metadata: must be a JSON object"),
        ("add_memory", {"text": TEA, "metadata": {"at": "a\x00b"}}, "metadata: must not contain NUL"),
        ("search_memories", {}, "query: is missing; pass it (A question"),
        ("search_memories", {"q": "tea"}, "search_memories has no q"),
        ("search_memories", {"query": ["tea"]}, "query: must be a string, not list"),
        ("get_memory", {"id": "x"}, "memory_id: is missing; pass it (An id that a tool showed); get_memory has no id"),
        ("get_memory", {"memory_id": 5}, "memory_id: must be an id, as text"),
        ("update_memory", {"memory_id": "x"}, "text: is missing"),
        ("get_context", {"query": "tea", "budget": "50"}, "budget: must be a whole number of tokens from 160"),
        ("get_context", {"query": "tea", "budget": "many"}, "budget: must be a whole number of at least 1"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_the_name_the_limit_and_the_fix(
    alice: ScopedMemory, memory: Memory, tool: str, given: dict[str, Any], named: str
) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        assert named in await call.refused(tool, **given)
        assert await call.texts() == []


@pytest.mark.parametrize(
    "name", ["user_id", "userId", "USER", "workspace", "tenant", "tenant_id", "namespace", "owner"]
)
async def test_no_argument_chooses_whose_memory_it_is(
    alice: ScopedMemory, strangers: list[ScopedMemory], memory: Memory, name: str
) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        for tool, given in (
            ("add_memory", {"text": TEA}),
            ("search_memories", {"query": "tea"}),
            ("delete_all_memories", {"confirm": True}),
        ):
            refused = await call.refused(tool, **given, **{name: "globex"})
            assert refused == f"{name}: no argument of {tool}, leave it out; whose memory this is, the server decides"
        assert await call.texts() == []
    assert [await stranger.history() for stranger in strangers] == [[]] * len(strangers)


@pytest.mark.parametrize(
    "given",
    [
        {"filters": {"user_id": "bob"}},
        {"filters": {"AND": [{"a": 1}, {"user_id": "bob"}]}},
        {"filters": {"user_id": {"in": ["bob"]}}},
        {"filters": '{"tenant_id": "globex"}'},
        {"kwargs": {"user_id": "bob"}},
        {"a": {"b": {"c": [[{"namespace": "bob"}]]}}},
    ],
)
async def test_nor_does_one_within_an_argument(alice: ScopedMemory, memory: Memory, given: dict[str, Any]) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        refused = await call.refused("search_memories", query="tea", **given)
        assert refused.endswith("whose memory this is, the server decides")
        await call("search_memories", query="tea", filters={"AND": [{"user_id": alice.scope.id}]})


async def test_other_unknown_arguments_are_ignored_and_the_answer_says_so(alice: ScopedMemory, memory: Memory) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        await call("add_memory", text=TEA)
        answer = await call.client.call_tool("search_memories", {"query": "tea", "filters": {"a": 1}, "top_k": 3})
    assert answer.structured_content is not None
    assert [each["text"] for each in answer.structured_content["memories"]]
    assert text_of(answer.content[-1]) == "ignored: search_memories takes no filters, top_k"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "confirm: is missing"),
        ({"random_string": "dummy"}, "confirm: is missing"),
        ({"confirm": None}, "confirm: is missing"),
        ({"confirm": ""}, "confirm: must be true or false"),
        ({"confirm": False}, "confirm: must be true; pass true once the user has asked for it; nothing is deleted"),
        ({"confirm": "false"}, "confirm: must be true"),
        ({"confirm": "sure"}, "confirm: must be true or false"),
        ({"confirm": {"sure": True}}, "confirm: must be true or false"),
        ({"confirm": True, "session": "s1"}, "session: no argument of delete_all_memories"),
        ({"confirm": True, "user_id": "bob"}, "whose memory this is, the server decides"),
    ],
)
async def test_nothing_is_deleted_without_the_confirmation_or_beside_a_narrower_wish(
    alice: ScopedMemory, memory: Memory, given: dict[str, Any], named: str
) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        await call("add_memory", text=TEA)
        assert named in await call.refused("delete_all_memories", **given)
        assert await call.texts() == [TEA]


@pytest.mark.parametrize("confirm", [True, "true", "True", " yes "])
async def test_a_confirmation_may_come_as_text(alice: ScopedMemory, memory: Memory, confirm: object) -> None:
    async with calling(one_scope(memory, alice.scope)) as call:
        await call("add_memory", text=TEA)
        given = {"confirm": confirm, "random_string": "x"}
        assert (await call("delete_all_memories", **given))["counts"]["events"] == 1
        assert await call.texts() == []


# What stands for `arguments` in a call, and what list_memories says to it.
ABSENT = object()
ARGUMENTS = [
    (ABSENT, None),
    (None, None),
    ({}, None),
    ([], None),
    ("", None),
    ("{}", None),
    ('{"limit": "1"}', None),
    ({"limit": ""}, None),
    ("nonsense", "arguments: must be a JSON object"),
    ([1], "arguments: must be a JSON object"),
    (5, "arguments: must be a JSON object"),
    ('{"limit": 1000}', "limit: must be a whole number"),
]


def request(number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


CALLS = [
    request(number, "tools/call", {"name": "list_memories"} | ({} if given is ABSENT else {"arguments": given}))
    for number, (given, _) in enumerate(ARGUMENTS, start=2)
]
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a host", "version": "1"}}


def check(answers: dict[int, dict[str, Any]]) -> None:
    """Each is a tool's answer, or a tool's error; none is an error of the protocol."""
    for number, (given, named) in enumerate(ARGUMENTS, start=2):
        result = answers[number]["result"]
        if named is None:
            assert not result.get("isError"), given
            assert result["structuredContent"] == {"memories": [], "after": None}
        else:
            assert result["isError"], given
            assert named in result["content"][0]["text"]


async def test_over_stdio_arguments_may_be_absent_blank_or_text(urls: dict[str, Any], tmp_path: Path) -> None:
    async with running(told(urls, tmp_path), *ALICE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for each in (request(1, "initialize", HELLO), *CALLS):
            process.stdin.write(json.dumps(each).encode() + b"\n")
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < len(CALLS) + 1:
            said = json.loads(await process.stdout.readline())
            answers[said["id"]] = said
        check(answers)


async def test_over_http_arguments_may_be_absent_blank_or_text(urls: dict[str, Any], tmp_path: Path) -> None:
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
    async with serving_http(told(urls, tmp_path), *ALICE) as (url, _), httpx.AsyncClient(headers=headers) as host:
        answers = {each["id"]: (await host.post(url, json=each)).json() for each in CALLS}
        check(answers)
