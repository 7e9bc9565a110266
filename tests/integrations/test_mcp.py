"""The tools, called by the official client on a server in this process."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from semmem.domain.event import NewEvent
from semmem.integrations.mcp.server import MemoryServer, one_scope
from semmem.integrations.mcp.tools import NOT_INDEXED
from semmem.memory.memory import Memory
from semmem.memory.scoped import ScopedMemory
from tests.applications import Opener
from tests.integrations.mcp_hosts import Caller, calling

pytestmark = pytest.mark.shared

SVEN = "My dog Sven is allergic to chicken."
MOVED = "I moved to Gothenburg in May."
READING = {"search_memories", "get_memory", "list_memories", "get_context"}
WRITING = {"add_memory", "update_memory", "delete_memory", "delete_all_memories"}
WRITING |= {"correct_fact", "reject_fact", "restore_fact", "pin_fact"}


@asynccontextmanager
async def host_of(scoped: ScopedMemory, memory: Memory) -> AsyncIterator[Caller]:
    async with calling(one_scope(memory, scoped.scope)) as call:
        yield call


async def test_every_tool_is_described_and_typed_and_none_asks_whose_memory_it_is(
    alice: ScopedMemory, memory: Memory
) -> None:
    async with host_of(alice, memory) as call:
        tools = (await call.client.list_tools()).tools
    assert {tool.name for tool in tools} == READING | WRITING
    assert {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint} == READING
    for tool in tools:
        assert tool.description
        assert tool.output_schema
        assert tool.input_schema["additionalProperties"] is False
        assert all(each.get("description") for each in tool.input_schema["properties"].values())
        assert not {"tenant", "user", "user_id", "workspace", "scope"} & set(tool.input_schema["properties"])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_memory_is_added_found_read_updated_and_deleted(alice: ScopedMemory, memory: Memory, mode: str) -> None:
    async with calling(one_scope(memory, alice.scope), mode) as call:
        added = await call("add_memory", text=SVEN, metadata={"channel": "chat"})
        assert (added["kind"], added["text"], added["said_by"]) == ("memory", SVEN, "user")
        id = added["id"]
        best = (await call("search_memories", query="What is Sven allergic to?"))["memories"][0]
        assert id in (best["id"], *best["rests_on"])
        assert 0 < best["score"] <= 1
        updated = await call("update_memory", memory_id=id, text="My dog Sven is allergic to beef.")
        assert (updated["id"], updated["metadata"]) == (id, {"channel": "chat"})
        assert await call("get_memory", memory_id=id) == updated
        assert await call.texts() == ["My dog Sven is allergic to beef."]
        assert (await call("delete_memory", memory_id=id))["counts"]["events"] == 1
        assert "there is no memory" in await call.refused("get_memory", memory_id=id)
        assert await call.texts() == []


async def test_an_added_memory_is_found_at_once(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        for text in (SVEN, MOVED):
            await call("add_memory", text=text)
            answer = await call("search_memories", query=text, limit=3)
            assert text in [each["text"] for each in answer["memories"]]
            assert (answer["note"], answer["degraded"]) == (None, [])


async def test_a_search_is_narrowed_by_what_memories_carry(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        for channel in ("chat", "mail"):
            await call("add_memory", text=f"Sven was asked about by {channel}.", metadata={"channel": channel})
        answer = await call("search_memories", query="Sven", where='{"metadata": {"channel": "mail"}}')
        texts = [each["text"] for each in answer["memories"]]
        assert "Sven was asked about by mail." in texts
        assert not [text for text in texts if "chat" in text]


async def test_a_fact_names_the_memories_it_rests_on_and_cannot_be_updated(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        id = (await call("add_memory", text=MOVED))["id"]
        await alice.settled()
        [learnt] = await alice.facts()
        fact = await call("get_memory", memory_id=str(learnt.id))
        assert (fact["kind"], fact["rests_on"], fact["current"]) == ("fact", [id], True)
        said = await call.refused("update_memory", memory_id=fact["id"], text="I moved to Oslo in May.")
        assert f"learnt from the memories {id}" in said
        assert "after: is of a fact" in await call.refused("list_memories", after=fact["id"])


async def test_deleting_a_fact_takes_the_memories_it_rests_on(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        await call("add_memory", text=MOVED)
        kept = await call("add_memory", text=SVEN)
        await alice.settled()
        [moved] = [fact for fact in await alice.facts() if "Gothenburg" in fact.text]
        counts = (await call("delete_memory", memory_id=str(moved.id)))["counts"]
        assert (counts["events"], counts["facts"]) == (1, 1)
        assert await call.texts() == [SVEN]
        assert await call("get_memory", memory_id=kept["id"]) == kept


async def test_a_fact_is_corrected_taken_back_restored_and_pinned(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        added = await call("add_memory", text=MOVED)
        await alice.settled()
        wrong = str((await alice.facts())[0].id)
        right = await call("correct_fact", fact_id=wrong, text="alice moved to Malmö in May.")
        assert right["text"] == "alice moved to Malmö in May."
        assert (await call("get_memory", memory_id=right["fact_id"]))["corrected_by"] == "user"
        assert not (await call("get_memory", memory_id=wrong))["current"]
        await call("pin_fact", fact_id=right["fact_id"])
        assert (await alice.facts())[0].pinned
        await call("pin_fact", fact_id=right["fact_id"], pinned="false")
        assert (await alice.facts())[0].pinned is None
        assert await call("reject_fact", fact_id=right["fact_id"]) == {"fact_id": None, "text": None}
        assert await alice.facts() == []
        assert (await call("restore_fact", fact_id=right["fact_id"]))["text"] == right["text"]
        said = await call.refused("correct_fact", fact_id=wrong, text="alice moved to Oslo.")
        assert "was superseded by version 3" in said
        said = await call.refused("reject_fact", fact_id=added["id"])
        assert "fact_id: is of a memory, which is as it was said; pass a fact's id" in said


@pytest.mark.parametrize("keep", [True, "true"])
async def test_a_wrong_fact_is_deleted_alone_where_its_memories_are_kept(
    alice: ScopedMemory, memory: Memory, keep: object
) -> None:
    async with host_of(alice, memory) as call:
        id = (await call("add_memory", text=MOVED))["id"]
        await alice.settled()
        [fact] = await alice.facts()
        counts = (await call("delete_memory", memory_id=str(fact.id), keep_memories=keep))["counts"]
        assert (counts["events"], counts["facts"]) == (0, 1)
        assert await call.texts() == [MOVED]
        assert await alice.facts() == []
        said = await call.refused("delete_memory", memory_id=id, keep_memories=keep)
        assert "keep_memories: goes with a fact" in said
        assert "keep_memories: must be true or false" in await call.refused(
            "delete_memory", memory_id=id, keep_memories="perhaps"
        )
        assert await call.texts() == [MOVED]


async def test_updating_a_memory_forgets_what_its_old_words_taught(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        id = (await call("add_memory", text=MOVED))["id"]
        await alice.settled()
        await call("update_memory", memory_id=id, text=SVEN, metadata={"corrected": True})
        await alice.settled()
        assert all("Gothenburg" not in fact.text for fact in await alice.facts(superseded=True))
        assert (await call("get_memory", memory_id=id))["metadata"] == {"corrected": True}


async def test_the_list_is_paged_newest_first(alice: ScopedMemory, memory: Memory) -> None:
    said = [f"Note number {number}." for number in range(5)]
    async with host_of(alice, memory) as call:
        for text in said:
            await call("add_memory", text=text)
        listed, after = [], None
        for _ in range(3):
            page = await call("list_memories", limit=2, after=after)
            after = page["after"]
            listed += [each["text"] for each in page["memories"]]
    assert listed == said[::-1]
    assert after is None


async def test_a_list_goes_on_behind_a_memory_that_was_updated(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        for number in range(4):
            await call("add_memory", text=f"Note number {number}.")
        page = await call("list_memories", limit=2)
        await call("update_memory", memory_id=page["memories"][-1]["id"], text="Tidied.")
        behind = await call("list_memories", limit=2, after=page["after"])
    assert [each["text"] for each in behind["memories"]] == ["Note number 1.", "Note number 0."]


async def test_deleting_all_empties_this_memory_alone(
    alice: ScopedMemory, strangers: list[ScopedMemory], memory: Memory
) -> None:
    for stranger in strangers:
        await stranger.remember(SVEN)
    async with host_of(alice, memory) as call:
        await call("add_memory", text=SVEN)
        await call("add_memory", text=MOVED)
        assert (await call("delete_all_memories", confirm=True))["counts"]["events"] == 2
        assert await call.texts() == []
        assert (await call("search_memories", query="Sven"))["memories"] == []
    assert [len(await stranger.history()) for stranger in strangers] == [1] * len(strangers)


async def test_a_context_fits_its_budget_and_quotes_what_was_added(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        await call("add_memory", text=SVEN)
        made = await call("get_context", query="What may Sven eat?", budget=400)
        assert SVEN in made["text"]
        assert 0 < made["tokens"] <= 400
        assert "budget" in await call.refused("get_context", query="Sven", budget=1)


async def test_an_assistants_note_is_told_from_the_users_words(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        added = await call("add_memory", text="Promised a refund by Friday.", role="assistant")
    assert added["said_by"] == "assistant"
    assert (await alice.history())[0].role == "assistant"


async def test_what_an_application_remembered_is_seen_but_not_rewritten(alice: ScopedMemory, memory: Memory) -> None:
    event = (await alice.remember(SVEN)).id
    await alice.records.put("theirs", {"food": "fish"}, event=NewEvent(content=MOVED))
    async with host_of(alice, memory) as call:
        assert [each["id"] for each in (await call("list_memories"))["memories"]] == ["theirs", str(event)]
        for id in ("theirs", str(event)):
            assert "another program" in await call.refused("update_memory", memory_id=id, text="no")
        await call("delete_memory", memory_id="theirs")
        assert await alice.records.get("theirs") is None
        assert await call.texts() == [SVEN]


async def test_nothing_of_a_stranger_is_read_changed_or_named(
    alice: ScopedMemory, strangers: list[ScopedMemory], memory: Memory
) -> None:
    foreign = []
    for stranger in strangers:
        foreign.append((await stranger.records.put(str(uuid4()), {}, event=NewEvent(content=SVEN))).key)
        foreign.append(str((await stranger.remember(MOVED)).id))
        await stranger.settled()
        foreign += [str(fact.id) for fact in await stranger.facts()]
    async with host_of(alice, memory) as call:
        for id in foreign:
            unknown = f"there is no memory {id}; take an id that search_memories or list_memories showed"
            assert await call.refused("get_memory", memory_id=id) == unknown
            assert await call.refused("delete_memory", memory_id=id) == unknown
            assert await call.refused("update_memory", memory_id=id, text="mine") == unknown
            assert await call.refused("list_memories", after=id) == unknown
        assert (await call("search_memories", query="Sven"))["memories"] == []
        assert "Sven" not in (await call("get_context", query="Sven"))["text"]
    assert [len(await stranger.history()) for stranger in strangers] == [2] * len(strangers)


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("add_memory", {}, "text: is missing; pass it"),
        ("add_memory", {"text": " "}, "text: must not be empty"),
        ("add_memory", {"text": "x" * 40_000}, "text: must be at most 32768 bytes"),
        ("add_memory", {"text": "a\x00b"}, "text: must not contain NUL"),
        ("add_memory", {"text": "x", "role": "system"}, "role: must be user or assistant"),
        ("add_memory", {"text": "x", "metadata": [1]}, "metadata: must be a JSON object"),
        ("add_memory", {"text": "x", "metadata": {"a": "b" * 20_000}}, "metadata: must be at most"),
        ("add_memory", {"text": "x", "user_id": "bob"}, "user_id: no argument of add_memory"),
        ("search_memories", {"query": "x", "tenant": "globex"}, "whose memory this is, the server decides"),
        ("search_memories", {"query": "a\x00b"}, "query: must not contain NUL"),
        ("search_memories", {"query": "x", "limit": 0}, "limit: must be a whole number from 1 to 100"),
        ("search_memories", {"query": "x", "where": "chat"}, "where: must be a JSON object"),
        ("search_memories", {"query": "x", "where": {"source": "chat"}}, "where.source: is no field of an event"),
        ("search_memories", {"query": "*", "where": {"role": "user"}}, "query: must say what to find"),
        ("search_memories", {"query": "x", "limit": "many"}, "limit: must be a whole number from 1 to 100"),
        ("get_memory", {"memory_id": ""}, "memory_id: must not be empty"),
        ("get_memory", {"memory_id": "x" * 300}, "memory_id: must be at most 256 bytes"),
        ("get_memory", {"memory_id": "nothing"}, "there is no memory nothing; take an id that"),
        ("update_memory", {"memory_id": "nothing", "text": "x"}, "there is no memory nothing"),
        ("delete_memory", {"memory_id": "%"}, "there is no memory %"),
        ("correct_fact", {"fact_id": "nothing", "text": "x"}, "there is no memory nothing"),
        ("list_memories", {"after": "nothing"}, "there is no memory nothing"),
        ("list_memories", {"limit": 101}, "limit: must be a whole number from 1 to 100"),
        ("forget_everything", {}, "Unknown tool: forget_everything"),
    ],
)
async def test_bad_input_is_named_with_its_limit(
    alice: ScopedMemory, memory: Memory, tool: str, arguments: dict[str, object], named: str
) -> None:
    async with host_of(alice, memory) as call:
        assert named in await call.refused(tool, **arguments)


async def test_a_search_before_the_index_says_so(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semmem.integrations.mcp.tools.INDEX_SECONDS", 0.1)
    async with opener(worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        async with host_of(alice, application.memory) as call:
            await call("add_memory", text=SVEN)
            assert (await call("search_memories", query="Sven"))["note"] == NOT_INDEXED


async def test_a_search_without_qdrant_says_so(opener: Opener) -> None:
    async with opener(qdrant_url="http://127.0.0.1:1") as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        async with host_of(alice, application.memory) as call:
            await call("add_memory", text=SVEN)
            answer = await call("search_memories", query="Sven")
    assert answer["degraded"] == ["qdrant"]
    assert SVEN in [each["text"] for each in answer["memories"]]


async def test_an_error_of_semmem_reaches_the_model_with_its_way_out(alice: ScopedMemory, memory: Memory) -> None:
    async with host_of(alice, memory) as call:
        memory.close()
        assert "open it again" in await call.refused("list_memories")


async def test_an_unexpected_error_tells_nothing_of_what_it_held(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> ScopedMemory:
        raise RuntimeError(f"row ({SVEN})")

    with caplog.at_level(logging.DEBUG):
        async with calling(MemoryServer(broken)) as call:
            said = await call.refused("add_memory", text=SVEN)
    assert "failed inside the memory server" in said
    assert "add_memory failed with RuntimeError at " in caplog.text
    assert "integrations/mcp/tools.py" in caplog.text
    assert "Sven" not in said + caplog.text
