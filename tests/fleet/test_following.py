"""Following: it catches up, then each entry comes as it is committed, in one order, and what was forgotten is told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import asyncpg
import pytest

from semmem import Closed, Entry, InvalidInput, NewEvent, StoreUnavailable, TooFarBehind
from semmem.domain.entry import Wanted
from semmem.memory import watching
from semmem.memory.scoped import ScopedMemory
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener, opened
from tests.faults.proxy import Proxy, Refuse

pytestmark = pytest.mark.shared

SECONDS = 60  # for what should take a moment, on a machine that is busy


@pytest.fixture(scope="module")
def opened_with() -> dict[str, Any]:
    return {"worker": False}


async def _take(follower: AsyncGenerator[Entry], count: int) -> list[Entry]:
    async with asyncio.timeout(SECONDS):
        return [await anext(follower) for _ in range(count)]


def _said(entries: list[Entry]) -> list[str]:
    return [entry.event.content if entry.event else entry.kind for entry in entries]


async def test_it_catches_up_and_then_waits_for_what_comes(alice: ScopedMemory) -> None:
    await alice.remember_many([NewEvent(content=f"step {n}") for n in range(250)])
    async with aclosing(alice.follow(after=0)) as follower:
        assert _said(await _take(follower, 250)) == [f"step {n}" for n in range(250)]
        coming = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0.1)
        assert not coming.done()
        await alice.remember("the next step", agent="r1")
        async with asyncio.timeout(SECONDS):
            entry = await coming
    assert (entry.position, entry.kind, entry.agent, entry.scope) == (251, "event", "r1", alice.scope)
    assert _said([entry]) == ["the next step"]


async def test_without_a_position_it_begins_now_and_with_one_it_goes_on_there(alice: ScopedMemory) -> None:
    await alice.remember("before")
    async with aclosing(alice.follow()) as follower:
        coming = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0.2)
        await alice.remember("after")
        async with asyncio.timeout(SECONDS):
            first = await coming
    await alice.remember("while nobody looked")
    async with aclosing(alice.follow(after=first.position)) as follower:
        assert _said([first, *await _take(follower, 1)]) == ["after", "while nobody looked"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["a", "b", "c", "d", "forgotten"]),
        ({"event_types": {"invoice"}}, ["b", "d", "forgotten"]),
        ({"agents": ["r1"]}, ["a", "b", "forgotten"]),
        ({"min_importance": 0.7}, ["c", "d", "forgotten"]),
        ({"event_types": ["invoice"], "min_importance": 0.7}, ["d", "forgotten"]),
        ({"fields": {"verdict"}}, ["forgotten"]),
        ({"fields": {"verdict"}, "event_types": ["invoice"]}, ["b", "d", "forgotten"]),
    ],
)
async def test_a_follower_chooses_and_is_told_of_what_was_forgotten_all_the_same(
    alice: ScopedMemory, wanted: dict[str, Any], found: list[str]
) -> None:
    await alice.remember("a", agent="r1", importance=0.1)
    await alice.remember("b", agent="r1", importance=0.2, event_type="invoice")
    await alice.remember("c", agent="r2", importance=0.8)
    await alice.remember("d", agent="r2", importance=0.9, event_type="invoice")
    gone = await alice.remember("e", agent="r3", importance=1.0, event_type="other")
    await alice.forget(event=gone.id)
    async with aclosing(alice.follow(after=0, **wanted)) as follower:
        entries = await _take(follower, len(found))
    assert _said(entries) == found
    assert entries[-1].ids == (gone.id,)


async def test_changes_are_chosen_by_their_fields(alice: ScopedMemory, owner: asyncpg.Connection) -> None:
    await alice.remember("an event", agent="r1")
    for position, field in ((2, "findings"), (3, "verdict")):
        await owner.execute(
            """insert into semmem.entries (tenant, scope_kind, scope_id, position, kind, agent, fields, at)
               values ('acme', 'user', 'alice', semmem.advance('acme', 'user', 'alice'), 'change', 'r1', $1, now())""",
            [field],
        )
        assert (await alice.entries(after=position - 1))[0].position == position
    async with aclosing(alice.follow(after=0, fields={"verdict"})) as follower:
        (entry,) = await _take(follower, 1)
    assert (entry.position, entry.kind, entry.fields, entry.event) == (3, "change", ("verdict",), None)


async def test_an_agent_s_own_entries_are_no_news_to_it(application: Application, alice: ScopedMemory) -> None:
    for agent in ("r1", "r2", None):
        await alice.remember(f"by {agent}", agent=agent)
    page = await application.parts.entries.page(alice.scope, Wanted(without="r1"), after=0, limit=10)
    assert _said(list(page.entries)) == ["by r2", "by None"]


async def test_what_is_forgotten_is_told_by_its_ids_and_everything_by_one_entry(alice: ScopedMemory) -> None:
    acks = await alice.remember_many([NewEvent(content=f"step {n}", session="s") for n in range(3)])
    async with aclosing(alice.follow(after=3)) as follower:
        await alice.forget(session="s")
        (entry,) = await _take(follower, 1)
        assert (entry.kind, entry.position, set(entry.ids)) == ("forgotten", 4, {ack.id for ack in acks})
        assert not entry.forgets_everything
        await alice.remember("once more")
        await alice.forget(everything=True)
        # The event went before it was read: its position stays empty.
        (entry,) = (each for each in await _take(follower, 1))
    assert (entry.position, entry.ids, entry.forgets_everything) == (6, (), True)
    assert [each.position for each in await alice.entries()] == [4, 6]


async def test_nothing_of_another_place_is_told(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    async with aclosing(alice.follow(after=0)) as follower:
        for memory in (*strangers, alice.branch("notes")):
            await memory.remember("not alice's")
        await alice.remember("alice's")
        (entry,) = await _take(follower, 1)
    assert _said([entry]) == ["alice's"]


async def test_another_process_is_woken_through_redis(
    opener: Opener, alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_EVERY", 3_600)
    async with opener(worker=False) as other:
        follower = other.memory.at(alice.place).follow()
        coming = asyncio.ensure_future(anext(follower))

        async def arrives() -> bool:
            await alice.remember("news")
            return coming.done()

        await wait_until(arrives)
        assert coming.result().position >= 1
        await follower.aclose()


async def test_without_redis_another_process_finds_it_by_looking(opener: Opener) -> None:
    async with opener(worker=False, redis_url=None) as writing, opener(worker=False, redis_url=None) as reading:
        assert reading.stores.wakeups is None
        alice = writing.memory.scope(tenant="acme", user="alice")
        async with aclosing(reading.memory.at(alice.place).follow(after=0)) as follower:
            for n in range(3):
                await alice.remember(f"step {n}")
                assert _said(await _take(follower, 1)) == [f"step {n}"]


async def test_many_followers_wait_without_connections(opener: Opener) -> None:
    """With a pool of two, half of them in another tenant."""
    async with opener(worker=False, postgres_pool=2) as application:
        places = [application.memory.scope(tenant=f"t{n % 2}", user=f"u{n}") for n in range(100)]
        followers = [place.follow(after=0) for place in places]
        coming = [asyncio.ensure_future(anext(follower)) for follower in followers]
        await asyncio.sleep(0.3)
        for place in places:
            await place.remember("news")
        async with asyncio.timeout(SECONDS):
            entries = await asyncio.gather(*coming)
        assert [entry.scope for entry in entries] == [place.scope for place in places]
        for follower in followers:
            await follower.aclose()
        assert application.parts.watching._watchers == {}


async def test_a_process_follows_so_many_scopes_and_no_more(
    own_application: Application, alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST_SCOPES", 1)
    await alice.remember("news")
    other = own_application.memory.scope(tenant="acme", user="bob")
    async with aclosing(alice.follow(after=0)) as first, aclosing(alice.follow(after=0)) as second:
        for follower in (first, second):
            await _take(follower, 1)
        with pytest.raises(InvalidInput, match=r"^scope: is one more than the 1 "):
            await anext(other.follow(after=0))
    async with aclosing(other.follow(after=0)) as follower:
        await other.remember("news")
        await _take(follower, 1)


async def test_a_follower_outlives_its_connections(
    application: Application, alice: ScopedMemory, owner: asyncpg.Connection
) -> None:
    async with aclosing(alice.follow(after=0)) as follower:
        for n in range(3):

            async def is_stored(n: int = n) -> bool:
                with suppress(StoreUnavailable):
                    return bool(await alice.remember(f"step {n}", key=f"k{n}"))
                return False

            await wait_until(is_stored)
            assert _said(await _take(follower, 1)) == [f"step {n}"]
            await owner.fetch(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid() and application_name = 'semmem'"
            )


async def test_a_follower_that_begins_while_postgres_is_away_waits(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(behind | {"local_log": None}, clock) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("before")
        await proxy.impose(Refuse())
        async with aclosing(alice.follow()) as follower:
            coming = asyncio.ensure_future(anext(follower))
            await wait_until(lambda: coming.done() or "a follower waits for Postgres" in caplog.text)
            await proxy.heal()

            async def arrives() -> bool:
                with suppress(StoreUnavailable):
                    await alice.remember("news")
                return coming.done()

            await wait_until(arrives)
            assert _said([coming.result()]) == ["news"]


async def test_behind_the_floor_nobody_jumps_in_silence(alice: ScopedMemory, owner: asyncpg.Connection) -> None:
    await alice.remember_many([NewEvent(content=f"step {n}") for n in range(5)])
    await owner.execute("update semmem.heads set floor = 3")
    for after in (0, 2):
        with pytest.raises(TooFarBehind) as error:
            await anext(alice.follow(after=after))
        assert (error.value.after, error.value.floor) == (after, 3)
    assert _said(await alice.entries(after=3)) == ["step 3", "step 4"]


async def test_closing_the_memory_ends_who_follows(opener: Opener) -> None:
    async with opener(worker=False) as application:
        follower = application.memory.scope(tenant="acme", user="alice").follow(after=0)
        coming = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0.1)
    with pytest.raises(Closed):
        async with asyncio.timeout(SECONDS):
            await coming


async def test_entries_are_read_in_parts_and_waited_for(alice: ScopedMemory) -> None:
    await alice.remember_many([NewEvent(content=f"step {n}") for n in range(5)])
    assert _said(await alice.entries(after=1, until=4, limit=2)) == ["step 1", "step 2"]
    assert _said(await alice.entries(after=3, until=4)) == ["step 3"]
    assert await alice.entries(until=0) == []
    assert await alice.entries(after=5) == []
    assert await alice.entries(after=5, wait=0.05) == []
    waiting = asyncio.create_task(alice.entries(after=5, wait=SECONDS))
    await asyncio.sleep(0.1)
    await alice.remember("step 5")
    assert _said(await waiting) == ["step 5"]


async def test_the_latest_are_where_everybody_stands(alice: ScopedMemory) -> None:
    for agent, kind, content in (
        ("r1", "status", "reading"),
        ("r2", "status", "idle"),
        ("r1", "result", "4.2 bn"),
        ("r1", "status", "done"),
    ):
        await alice.remember(content, agent=agent, event_type=kind)
    assert [event.content for event in await alice.latest()] == ["done", "4.2 bn", "idle"]
    assert [event.content for event in await alice.latest(event_type="status")] == ["done", "idle"]
    assert [event.content for event in await alice.latest(agent="r2")] == ["idle"]
    assert await alice.latest(agent="r3") == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"after": -1}, "after"),
        ({"after": "3"}, "after"),
        ({"after": 4}, "after"),  # a position that is yet to come
        ({"event_types": "invoice"}, "event_types"),
        ({"event_types": [3]}, r"event_types\[0\]"),
        ({"agents": [""]}, r"agents\[0\]"),
        ({"fields": ["x"] * 1_001}, "fields"),
        ({"min_importance": float("nan")}, "min_importance"),
        ({"own": 1}, "own"),
    ],
)
async def test_bad_input_is_named(alice: ScopedMemory, given: dict[str, Any], field: str) -> None:
    await alice.remember("the only one")
    with pytest.raises(InvalidInput, match=f"^{field}: "):
        async with asyncio.timeout(SECONDS):
            await anext(alice.follow(**given))
