"""State lies in its place alone: beside other scopes, in a branch, in the log, and gone with a forget."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from semmem import InvalidInput, Memory, ScopedMemory
from semmem.wiring.bootstrap import Application
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

CANARY = "heliotrope"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def test_no_other_scope_sees_or_changes_it(memory: Memory, launch: ScopedMemory, tenant: str) -> None:
    await launch.update(title="ours")
    places: list[dict[str, Any]] = [
        {"tenant": tenant.replace("acme", "globex"), "workspace": "launch"},
        {"tenant": tenant, "workspace": "launch2"},
        {"tenant": tenant, "user": "launch"},
    ]
    for place in places:
        other = memory.scope(**place, state=Launch)
        assert (await other.state())["title"] == ""
        await other.update(title="theirs")
        assert await other.checkpoints() == []
    assert (await launch.state())["title"] == "ours"


async def test_a_branch_has_a_state_of_its_own(memory: Memory, launch: ScopedMemory) -> None:
    branch = memory.at(launch.branch("drafts", owner="ann").place, state=Launch)
    await branch.update(title="private")
    async with branch.lock("report", ttl=MINUTE) as lock:
        await branch.update(title="locked", lock=lock)
    assert (await launch.state())["title"] == ""
    assert branch.place in await launch.branches()
    await launch.forget(everything=True)
    assert branch.place not in await launch.branches()
    assert (await branch.state())["title"] == ""


async def test_a_branch_of_an_agent_takes_a_class_of_its_own(launch: ScopedMemory) -> None:
    for memory in (launch, launch.agent("ann")):
        branch = memory.branch("drafts", state=Launch)
        await branch.update(findings=["draft"])
    assert (await branch.state())["findings"] == ["draft", "draft"]
    assert (await launch.state())["findings"] == []


async def test_a_branch_without_a_class_says_how_to_open_it_with_one(memory: Memory, launch: ScopedMemory) -> None:
    for branch in (launch.branch("drafts"), launch.agent("ann").branch("drafts", owner="ann")):
        with pytest.raises(InvalidInput, match=r"open it with memory\.at\(place, state=Launch\), say$"):
            await branch.update(title="draft")
        assert (await memory.at(branch.place, state=Launch).update(title="draft")).written == ("title",)
    with pytest.raises(InvalidInput, match=r"open it with memory\.scope\("):
        await memory.at(launch.place).update(title="ours")


async def test_the_log_tells_every_change_in_one_order(launch: ScopedMemory) -> None:
    ann = launch.agent("ann")
    await ann.update(title="One", findings=["a"])
    await ann.remember("The market is 4.2 bn USD.")
    await launch.agent("bob").update(highest=5)
    await launch.agent("bob").update(highest=3)  # changes nothing
    async with ann.lock("b", "a", ttl=MINUTE) as lock:
        before = await ann.checkpoint("before")
    await launch.restore(2)

    entries = await launch.entries()
    assert [entry.position for entry in entries] == list(range(1, 8))
    assert [(entry.kind, entry.agent, entry.fields) for entry in entries[1:]] == [
        ("change", "ann", ("title", "findings")),
        ("event", "ann", ()),
        ("change", "bob", ("highest",)),
        ("lock", "ann", ()),
        ("checkpoint", "ann", ()),
        ("restored", None, ("highest",)),
    ]
    assert (entries[4].position, entries[4].detail) == (lock.token, {"names": ["a", "b"]})
    assert (entries[5].position, entries[5].subject) == (before.position, "before")
    assert entries[6].detail == {"to": 2}


async def test_a_follower_is_woken_by_a_change(launch: ScopedMemory) -> None:
    follower = launch.follow(after=0, fields={"title"})
    await launch.update(findings=["a"])
    await launch.agent("ann").update(title="One")
    entry = await anext(follower)
    await follower.aclose()
    assert (entry.agent, entry.fields) == ("ann", ("title",))


async def test_nothing_of_a_forgotten_state_is_left(
    application: Application, launch: ScopedMemory, owner: asyncpg.Connection
) -> None:
    agent = launch.agent(f"{CANARY}-agent")
    await agent.update(title=CANARY, owners={CANARY: CANARY}, tags={CANARY}, findings=[CANARY])
    await agent.update(title="other", owners={CANARY: "other"})
    assert (await launch.agent(CANARY).update(title=CANARY)).unseen == ("title",)
    await agent.checkpoint(CANARY, pinned=True)
    async with agent.lock(CANARY, ttl=MINUTE):
        planned = await launch.forget(everything=True, dry_run=True)
        receipt = await launch.forget(everything=True)
    await launch.settled()
    assert planned.counts["fields"] == receipt.counts["fields"] == 4

    tables = await owner.fetch(
        "select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'semmem'::regnamespace"
    )
    for table in tables:
        rows = [row["t"] for row in await owner.fetch(f"select t::text as t from {table['name']} t")]  # noqa: S608
        assert [row for row in rows if CANARY in row.lower() or CANARY.encode().hex() in row] == [], table["name"]
    for name in ("state", "fields", "conflicts", "locks", "checkpoints"):
        assert await owner.fetchval(f"select count(*) from semmem.{name}") == 0  # noqa: S608
    assert (await launch.state()).positions == {}


async def test_a_narrower_forget_leaves_the_state(launch: ScopedMemory) -> None:
    ann = launch.agent("ann")
    await ann.update(title="One")
    await ann.remember("The market is 4.2 bn USD.", session="s1")
    before = await ann.checkpoint()
    receipt = await launch.forget(agent="ann")
    assert (receipt.counts["events"], receipt.counts["fields"]) == (1, 0)
    assert (await launch.state())["title"] == "One"
    await launch.verify(before)
