"""The tools of a server that serves one agent among others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from semmem import AgentMemory, InvalidInput, Memory, Question, ScopedMemory
from semmem.integrations.mcp.server import one_agent
from semmem.stores.postgres.questions import QuestionStore
from semmem.testing import wait_until
from tests.fleet.asking import asked, until_asked
from tests.integrations.mcp_hosts import Caller, calling, text_of
from tests.integrations.test_mcp_every_input import WRONG
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

RIGHT: dict[str, Any] = {"changes": {"title": "x"}, "wait": 1}
RIGHT |= {"question": "Send it?", "options": ["yes", "no"], "key": "sending"}


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


@pytest.fixture
def other(launch: ScopedMemory) -> AgentMemory:
    return launch.agent("a1")


@asynccontextmanager
async def serving(memory: Memory, launch: ScopedMemory, state: type[Launch] | None = Launch) -> AsyncIterator[Caller]:
    async with calling(one_agent(memory, launch.scope, "r1", state)) as call:
        yield call


async def test_tools_for_agents_are_described_in_words_that_every_host_takes(
    memory: Memory, launch: ScopedMemory
) -> None:
    async with serving(memory, launch) as call:
        tools = {tool.name: tool for tool in (await call.client.list_tools()).tools}
        assert "You are the agent r1" in (call.client.instructions or "")
    for name in ("follow_since", "read_state", "update_state", "ask"):
        shown = str((tools[name].input_schema, tools[name].output_schema))
        assert not [word for word in ("anyOf", "$ref", "'format'", "'default'") if word in shown]
        assert tools[name].description
        assert all(each.get("description") for each in tools[name].input_schema["properties"].values())
    async with serving(memory, launch, None) as call:
        assert "update_state" not in {tool.name for tool in (await call.client.list_tools()).tools}


async def test_news_are_what_others_did_since_a_position(
    memory: Memory, launch: ScopedMemory, other: AgentMemory
) -> None:
    async with serving(memory, launch) as call:
        assert await call("follow_since") == {"entries": [], "position": 0}
        await call("add_memory", text="My own note.")
        await other.remember("The market is 4.2 bn USD.", event_type="finding")
        news = await call("follow_since", after=0)
        [entry] = news["entries"]
        assert (entry["agent"], entry["text"], entry["event_type"]) == ("a1", "The market is 4.2 bn USD.", "finding")
        assert news["position"] == 2
        assert (await call("follow_since"))["entries"] == news["entries"]
        assert await call("follow_since", after=2) == {"entries": [], "position": 2}
        waiting = asyncio.create_task(call("follow_since", after=2, wait=30))
        await other.update(title="Vietnam")
        assert "title" in str((await waiting)["entries"]) or (await call("follow_since", after=3))["entries"]
        for number in range(3):
            await call("add_memory", text=f"My own step {number}.")
        await other.remember("It is 5 bn.")
        assert [entry["text"] for entry in (await call("follow_since", after=4, limit=1))["entries"]] == ["It is 5 bn."]
        assert "at most the log's head" in await call.refused("follow_since", after=99)


async def test_a_refused_position_is_answered_with_one_that_every_log_has(memory: Memory, launch: ScopedMemory) -> None:
    async with serving(memory, launch) as call:
        for after in (-1, "abc"):
            assert (await call.refused("follow_since", after=after)).endswith("; pass 0, say")
        assert (await call.refused("follow_since", wait=31)).endswith("; pass 30, say")


async def test_the_newest_of_others_are_sought_behind_what_the_agent_did_itself(
    memory: Memory, launch: ScopedMemory, other: AgentMemory
) -> None:
    for number in range(3):
        await other.remember(f"News {number}.")
    async with serving(memory, launch) as call:
        for number in range(3):
            await call("add_memory", text=f"My own step {number}.")
        news = await call("follow_since", limit=2)
    assert ([entry["text"] for entry in news["entries"]], news["position"]) == (["News 1.", "News 2."], 6)


async def test_state_is_read_and_updated_and_a_refused_update_says_who_was_first(
    memory: Memory, launch: ScopedMemory, other: AgentMemory
) -> None:
    async with serving(memory, launch) as call:
        changed = await call("update_state", changes={"findings": ["4.2 bn"], "tags": ["asia"], "calls_left": -1})
        assert sorted(changed["written"]) == ["calls_left", "findings", "tags"]
        assert (await launch.state())["calls_left"] == 99
        await other.update(report="Draft.")
        refused = await call.refused("update_state", changes={"report": "Mine."})
        assert "report: the agent a1 changed it at position" in refused
        read = await call("read_state", fields=["report"])
        assert (read["values"], read["changed_by"]) == ({"report": "Draft."}, {"report": "a1"})
        state = await call("read_state")
        assert (state["values"]["tags"], state["values"]["calls_left"]) == (["asia"], 99)
        assert (await call("update_state", changes='{"report": "Ours."}'))["written"] == ["report"]
        assert "changes.titel: is no field of this state" in await call.refused("update_state", changes={"titel": 1})
        assert "changes.seen: is no field" in await call.refused("update_state", changes={"seen": 1_000})


async def test_a_question_stays_until_it_is_answered(memory: Memory, launch: ScopedMemory) -> None:
    async with serving(memory, launch) as call:
        waiting = asyncio.create_task(call("ask", question="Send it?", options=["yes", "no"], wait=50))
        question = await until_asked(launch, "Send it?")
        assert (question.agent, question.of) == ("r1", "human")
        await launch.answer(question.id, "yes")
        assert await waiting == {"choice": "yes", "note": None}
        unanswered = await call("ask", question="And now?", options='["yes"]', wait=1)
        assert unanswered["choice"] is None
        assert "ask again in the same words" in unanswered["note"]


@pytest.mark.usefixtures("own_application")
async def test_an_answer_that_is_being_received_as_the_wait_ends_is_told(
    memory: Memory, launch: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive, wait, now = QuestionStore.receive, 3, asyncio.get_running_loop().time

    async def slow(store: QuestionStore, *given: Any) -> Question:
        received, ends = await receive(store, *given), now() + wait
        await wait_until(lambda: now() > ends)
        return received

    monkeypatch.setattr(QuestionStore, "receive", slow)
    async with serving(memory, launch) as call:
        waiting = asyncio.create_task(call("ask", question="Pay?", options=["yes", "no"], wait=wait))
        question = await until_asked(launch, "Pay?")
        await launch.answer(question.id, "yes")
        assert await waiting == {"choice": "yes", "note": None}


async def test_every_argument_of_every_tool_for_agents(memory: Memory, launch: ScopedMemory) -> None:
    question = await asked(launch.agent("r1"), launch, "Send it?", ("yes", "no"), key="sending")
    await launch.answer(question.id, "yes")  # so that asking it again need not wait
    faults = {}
    async with serving(memory, launch) as call:
        for tool in (await call.client.list_tools()).tools:
            if tool.name not in ("follow_since", "read_state", "update_state", "ask"):
                continue
            known = tool.input_schema["properties"]
            right = {name: RIGHT[name] for name in known if name in RIGHT}
            for argument in known:
                for told, make in WRONG.items():
                    answer = await call.client.call_tool(tool.name, right | {argument: make()})
                    said = text_of(answer.content[0]) if answer.is_error else argument
                    named = argument in said or said.startswith("key: stands for another question")
                    if "failed inside" in said or not named:
                        faults[f"{tool.name}({argument}={told})"] = said[:200]
    assert faults == {}


async def test_an_agent_without_a_name_is_refused(memory: Memory, launch: ScopedMemory) -> None:
    with pytest.raises(InvalidInput, match="name: must not be empty"):
        one_agent(memory, launch.scope, " ")
