"""An agent's own memory of a place: it signs what it says and does, and its words are not news to it."""

from contextlib import aclosing
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from semmem import InvalidInput, Memory, NewEvent, NotFound, ScopedMemory
from semmem.testing import ManualClock
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

MINUTE = timedelta(minutes=1)
ROSTER = {"r1": "researcher", "a1": "analyst", "w1": "writer"}


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def test_what_an_agent_says_and_does_is_signed(launch: ScopedMemory) -> None:
    me = launch.agent("r1")
    await me.remember("The market is 4.2 bn USD.")
    await me.remember_many([NewEvent(content="Ask Ann."), NewEvent(content="I like tea.", agent="a1")])
    await me.update(title="Vietnam")
    await me.status("searching", ttl=MINUTE)
    async with me.lock("report", ttl=MINUTE):
        await me.checkpoint("before")
    await me.result("Enter Vietnam.")
    assert [(entry.kind, entry.agent) for entry in await launch.entries()] == [
        ("event", "r1"),
        ("event", "r1"),
        ("event", "a1"),
        ("declared", "r1"),
        ("change", "r1"),
        ("status", "r1"),
        ("lock", "r1"),
        ("checkpoint", "r1"),
        ("event", "r1"),
    ]
    assert me.name == "r1"


async def test_an_agents_note_is_its_own_and_never_a_users_turn(launch: ScopedMemory) -> None:
    me = launch.agent("r1")
    await me.remember("The market is 4.2 bn USD.")
    await me.result("Enter Vietnam.")
    await me.remember("Which market is it?", role="user")
    roles = {event.content: event.role for event in await launch.history()}
    assert roles == {
        "The market is 4.2 bn USD.": "assistant",
        "Enter Vietnam.": "assistant",
        "Which market is it?": "user",
    }
    context = await launch.context("market", budget=1_000, format="messages", tiers=["recent"])
    users = [message["content"] for message in context.messages if message["role"] == "user"]
    assert len(users) == 1
    assert "Which market is it?" in users[0]


async def test_its_own_words_are_no_news_to_it(launch: ScopedMemory) -> None:
    me, other = launch.agent("r1"), launch.agent("a1")
    await me.remember("mine")
    await me.status("searching", ttl=MINUTE)
    await other.remember("another's")
    await launch.remember("nobody's")
    async with aclosing(me.follow(after=0)) as follower:
        news = [await anext(follower) for _ in range(2)]
    assert [entry.event and entry.event.content for entry in news] == ["another's", "nobody's"]
    async with aclosing(me.follow(after=0, own=True)) as follower:
        everything = [await anext(follower) for _ in range(4)]
    assert [entry.kind for entry in everything] == ["event", "status", "event", "event"]


async def test_an_agent_that_has_read_the_state_follows_from_there(launch: ScopedMemory) -> None:
    me, other = launch.agent("r1"), launch.agent("a1")
    await other.update(title="before")
    await me.state()
    seen = me.seen
    await other.update(title="after", findings=["a"])
    async with aclosing(me.follow(fields={"title"})) as follower:
        entry = await anext(follower)
    assert (entry.position, entry.fields) == (seen + 1, ("title", "findings"))


async def test_the_update_of_an_agent_passes_what_it_has_seen(launch: ScopedMemory) -> None:
    me, other = launch.agent("r1"), launch.agent("a1")
    await me.update(title="mine")
    await me.state()
    await other.update(title="theirs")
    assert (await me.update(title="mine again")).unseen == ("title",)
    await me.state()
    assert (await me.update(title="and again")).unseen == ()


async def test_the_role_in_the_work_is_the_rosters(launch: ScopedMemory) -> None:
    assert await launch.agent("r1").role() == "assistant"
    assert await launch.agent("r1", role="scout").role() == "scout"
    await launch.begin("Enter Vietnam?", roster=ROSTER)
    assert await launch.agent("r1").role() == "researcher"
    await launch.agent("r1", role="researcher").status("searching", ttl=MINUTE)


async def test_who_takes_no_part_says_nothing_of_the_work(launch: ScopedMemory) -> None:
    await launch.begin("Enter Vietnam?", roster=ROSTER)
    for agent, field in ((launch.agent("x9"), "agent"), (launch.agent("r1", role="writer"), "role")):
        with pytest.raises(InvalidInput, match=rf"^{field}: "):
            await agent.status("searching", ttl=MINUTE)
        with pytest.raises(InvalidInput, match=rf"^{field}: "):
            await agent.ask("Send it?", ("yes", "no"), within=MINUTE)
    assert [entry.kind for entry in await launch.entries()] == ["begun"]
    await launch.end("done")
    with pytest.raises(NotFound):
        await launch.agent("r1").status("searching", ttl=MINUTE)


async def test_where_nobody_was_named_whoever_comes_is_on_the_roster(launch: ScopedMemory) -> None:
    await launch.agent("r1").status("searching", ttl=MINUTE)
    await launch.agent("a1", role="analyst").status("waiting", ttl=MINUTE)
    await launch.agent("r1", role="scout").status("found", ttl=MINUTE)
    assert [(member.agent, member.role, member.status) for member in await launch.roster()] == [
        ("a1", "analyst", "waiting"),
        ("r1", "scout", "found"),
    ]


async def test_a_status_counts_for_a_while_and_says_how_long_ago_it_was_told(
    launch: ScopedMemory, clock: ManualClock
) -> None:
    await launch.begin("Enter Vietnam?", roster=ROSTER)
    await launch.agent("r1").status("searching", "in the archives", ttl=MINUTE)
    clock.advance(seconds=40)
    (_, member, _) = await launch.roster()
    assert (member.status, member.detail, member.current) == ("searching", "in the archives", True)
    assert (member.ago, member.until) == (timedelta(seconds=40), clock.now + timedelta(seconds=20))
    clock.advance(seconds=20)
    (silent, member, _) = await launch.roster()
    assert (member.status, member.current, member.ago) == ("searching", False, MINUTE)
    assert (silent.agent, silent.status, silent.ago, silent.current) == ("a1", None, None, False)
    (entry,) = [entry for entry in await launch.entries() if entry.kind == "status"]
    assert (entry.agent, entry.subject, entry.detail["detail"]) == ("r1", "searching", "in the archives")


async def test_an_agent_has_its_branches_and_another_scope_has_other_agents(
    memory: Memory, launch: ScopedMemory, tenant: str
) -> None:
    drafts = launch.agent("r1").branch("drafts")
    await drafts.status("writing", ttl=MINUTE)
    await drafts.remember("A first draft.")
    assert [event.agent for event in await launch.branch("drafts").history()] == ["r1"]
    assert await launch.roster() == []
    assert await memory.scope(tenant=tenant, user="launch").roster() == []
    assert drafts.place in await launch.branches()
    await launch.forget(everything=True)
    assert await drafts.roster() == []
    assert drafts.place not in await launch.branches()


async def test_what_a_forgotten_agent_said_is_gone(launch: ScopedMemory, owner: asyncpg.Connection) -> None:
    await launch.begin("Enter Vietnam?", roster=ROSTER)
    await launch.agent("r1").status("heliotrope", "heliotrope", ttl=MINUTE)
    await launch.agent("a1").status("waiting", ttl=MINUTE)
    await launch.forget(agent="r1")
    assert {member.agent: member.status for member in await launch.roster()} == {
        "a1": "waiting",
        "r1": None,
        "w1": None,
    }
    for table in ("roster", "entries"):
        rows = [row["t"] for row in await owner.fetch(f"select t::text as t from semmem.{table} t")]  # noqa: S608
        assert [row for row in rows if "heliotrope" in row] == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "x" * 257}, "text"),
        ({"detail": "x" * 4_097}, "detail"),
        ({"detail": None}, "detail"),
        ({"ttl": timedelta()}, "ttl"),
        ({"ttl": 60}, "ttl"),
        ({"ttl": timedelta(days=8)}, "ttl"),
    ],
)
async def test_a_status_has_its_limits(launch: ScopedMemory, given: dict[str, Any], field: str) -> None:
    right: dict[str, Any] = {"text": "searching", "ttl": MINUTE}
    with pytest.raises(InvalidInput, match=rf"^{field}: "):
        await launch.agent("r1").status(**(right | given))


def test_an_agent_has_a_name(launch: ScopedMemory) -> None:
    wrong: Any
    for wrong in ("", None, 3, "x" * 257):
        with pytest.raises(InvalidInput, match=r"^name: "):
            launch.agent(wrong)
    with pytest.raises(InvalidInput, match=r"^role: "):
        launch.agent("r1", role="")
