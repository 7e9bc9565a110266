"""Threads are of one scope: nobody else's saver reads them, and they are forgotten with it, to the last byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from langgraph.types import Command

from semmem import Memory, Receipt, ThreadLost
from semmem.integrations.langgraph import SemmemSaver
from semmem.testing import wait_until
from tests.integrations.test_langgraph.conftest import SaverMaker
from tests.integrations.test_langgraph.graphs import Gate, asking, on, walking

TABLES = ("threads", "thread_checkpoints", "thread_values", "thread_writes")


@pytest.fixture
def canary() -> str:
    """A word that no other test has left in the database."""
    return f"heliotrope-{uuid4().hex[:8]}"


@pytest_asyncio.fixture
async def owner(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Looks into all tables, past row level security."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def kept(owner: asyncpg.Connection, saver: SemmemSaver) -> dict[str, int]:
    """How many rows of each table are of the saver's tenant."""
    return {
        name: await owner.fetchval(f"select count(*) from semmem.{name} where tenant = $1", saver._root.root.tenant)  # noqa: S608
        for name in TABLES
    }


async def holding(owner: asyncpg.Connection, word: str) -> set[str]:
    """The tables in which it stands, as text or as bytes."""
    names = await owner.fetch(
        "select relname as name from pg_class where relkind = 'r' and relnamespace = 'semmem'::regnamespace"
    )
    found = set()
    for name in [row["name"] for row in names]:
        rows = [row["t"] for row in await owner.fetch(f"select t::text as t from semmem.{name} t")]  # noqa: S608
        if any(word in row or word.encode().hex() in row for row in rows):
            found.add(name)
    return found


async def forget(saver: SemmemSaver, *, dry_run: bool = False) -> Receipt:
    async def all_of_it(memory: Memory) -> Receipt:
        return await memory.at(saver._root).forget(everything=True, dry_run=dry_run)

    return await saver._bridge.arun(all_of_it)


async def fill(saver: SemmemSaver, canary: str) -> None:
    """Leaves the word wherever something is kept: ids, namespaces, values, writes, metadata."""
    graph = asking(saver, nested=True)
    config: Any = {**on(f"{canary}-1"), "metadata": {"topic": canary, "run_id": canary}}
    for thread in (f"{canary}-1", f"{canary}-2"):
        config["configurable"]["thread_id"] = thread
        await graph.ainvoke({"steps": [canary]}, config)
    await graph.ainvoke(Command(resume=canary), config)


async def test_a_forgotten_scope_leaves_no_byte_of_its_threads(
    saver: SemmemSaver, make_saver: SaverMaker, owner: asyncpg.Connection, canary: str
) -> None:
    await fill(saver, canary)
    assert set(TABLES) <= await holding(owner, canary)
    other = make_saver(user="bob")
    await asking(other).ainvoke({"steps": []}, on("t"))

    planned, receipt = await forget(saver, dry_run=True), await forget(saver)

    assert planned.counts["threads"] == receipt.counts["threads"] == 2
    assert await holding(owner, canary) == set()
    assert [each async for each in saver.alist(None)] == []
    assert (await asking(other).aget_state(on("t"))).next == ("ask",)


Deletion = Callable[[SemmemSaver, str], Awaitable[None]]
DELETIONS: dict[str, Deletion] = {
    "delete_thread": lambda saver, canary: saver.adelete_thread(f"{canary}-1"),
    "prune": lambda saver, canary: saver.aprune([f"{canary}-1"], strategy="delete"),
    "delete_for_runs": lambda saver, canary: saver.adelete_for_runs([canary]),
}


@pytest.mark.parametrize("name", DELETIONS)
async def test_what_is_deleted_leaves_no_byte(
    name: str, saver: SemmemSaver, owner: asyncpg.Connection, canary: str
) -> None:
    config = on(f"{canary}-1") | {"metadata": {"run_id": canary}}
    await asking(saver, nested=True).ainvoke({"steps": [canary]}, config)
    await asking(saver).ainvoke({"steps": []}, on("other"))
    before = await kept(owner, saver)

    await DELETIONS[name](saver, canary)

    assert await holding(owner, canary) == set()
    assert before["threads"] == 3
    assert (await kept(owner, saver))["threads"] == 1
    assert (await asking(saver).aget_state(on("other"))).next == ("ask",)


async def test_pruning_takes_the_values_that_nobody_holds_any_more(
    saver: SemmemSaver, owner: asyncpg.Connection
) -> None:
    await asking(saver).ainvoke({"steps": []}, on("once"))
    await saver.aprune(["once"])
    lean = await kept(owner, saver)
    for _ in range(3):
        await walking(saver).ainvoke({"steps": []}, on("many"))
    await saver.aprune(["many", "once"])

    full = await kept(owner, saver)
    assert (full["threads"], full["thread_checkpoints"]) == (2, 2)
    assert full["thread_values"] <= 2 * lean["thread_values"] + 4
    assert full["thread_writes"] == lean["thread_writes"]
    assert len((await walking(saver).aget_state(on("many"))).values["steps"]) == 9


@pytest.mark.parametrize("began", [False, True])
async def test_what_was_forgotten_is_not_written_again_by_a_run_that_goes_on(
    saver: SemmemSaver, owner: asyncpg.Connection, canary: str, began: bool
) -> None:
    graph = walking(saver)
    if began:
        await graph.ainvoke({"steps": [canary]}, on("t"))
    gate = Gate()
    run = asyncio.create_task(walking(saver, gate=gate).ainvoke({"steps": [canary]}, on("t")))
    await gate.reached.wait()

    async def begun() -> bool:
        return (await kept(owner, saver))["thread_checkpoints"] > 0

    await wait_until(begun)  # a graph goes on while its checkpoints are stored
    await forget(saver)
    gate.opened.set()

    with pytest.raises(ThreadLost):
        await run
    assert await kept(owner, saver) == dict.fromkeys(TABLES, 0)
    assert await holding(owner, canary) == set()


async def test_another_user_tenant_or_workspace_sees_nothing(saver: SemmemSaver, make_saver: SaverMaker) -> None:
    await asking(saver).ainvoke({"steps": []}, on("t"))
    others = [
        make_saver(user="alice2"),
        make_saver(user="ALICE"),
        make_saver(workspace="alice"),
        make_saver(tenant="globex"),
    ]

    for number, other in enumerate(others):
        assert await other.aget_tuple(on("t")) is None
        assert [each async for each in other.alist(None)] == []
        await other.adelete_thread("t")
        await other.aprune(["t"], strategy="delete")
        await other.acopy_thread("t", "copy")
        await asking(other).ainvoke({"steps": [f"of {number}"]}, on("t"))
    assert (await asking(saver).aget_state(on("t"))).values["steps"] == ["one"]
    for number, other in enumerate(others):
        assert (await asking(other).aget_state(on("t"))).values["steps"] == [f"of {number}", "one"]


async def test_an_archive_says_how_many_threads_it_leaves_behind(saver: SemmemSaver, canary: str) -> None:
    await fill(saver, canary)

    async def first_line(memory: Memory) -> str:
        lines = memory.at(saver._root).export()
        line = await anext(lines)
        await lines.aclose()
        return line

    assert '"threads":2' in await saver._bridge.arun(first_line)
