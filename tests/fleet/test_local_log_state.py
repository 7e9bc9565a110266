"""Updates that can come late are on this disk while Postgres is away, and in the state once when it is back."""

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

import semmem
from semmem import (
    Change,
    Entry,
    Forbidden,
    InvalidInput,
    LocalLogFull,
    ScopedMemory,
    State,
    StoreUnavailable,
    Unconfirmed,
    add,
    append,
    best,
    replace,
    told,
)
from semmem.cli.agent_pictures import change as drawn
from semmem.cli.checks import local_log_check
from semmem.domain.change import KeptChange, NewChange
from semmem.domain.schema import declaration_of, new_values
from semmem.integrations.mcp.server import one_agent
from semmem.runtime import failpoints
from semmem.stores.local import log as local_log
from semmem.stores.postgres.late_changes import LateChanges
from semmem.stores.postgres.log import hold_head
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener, opened
from tests.counts import times
from tests.faults.proxy import Proxy, Refuse
from tests.fleet.away import Deaf, gone, replayed
from tests.integrations.mcp_hosts import calling
from tests.state.launch import Launch

CANARY = "heliotrope"
AGENTS, UPDATES = times(8, 50), times(10, 40)
SEEDS, STEPS = times(3, 40), times(40, 80)
KILLS = ("change-kept", "replay-writing", "replay-committed", "replay-settled")


@pytest_asyncio.fixture
async def application(behind: dict[str, Any], clock: ManualClock, proxy: Proxy) -> AsyncIterator[Application]:
    async with opened(behind, clock) as application:
        yield application
        await proxy.heal()


@pytest.fixture
def launch(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", workspace="launch", state=Launch)


async def _entries(memory: ScopedMemory) -> list[Entry]:
    return await memory.entries(after=0, limit=1_000)


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in _files(folder))


async def _kept(memory: ScopedMemory, **changes: Any) -> Change:
    change = await memory.update(**changes)
    assert change.status == "kept"
    return change


async def test_what_can_come_late_is_kept_and_replayed(
    application: Application, launch: ScopedMemory, proxy: Proxy, folder: Path, clock: ManualClock
) -> None:
    seen_at = clock.now
    await gone(proxy, launch)
    change = await launch.agent("r1", role="writer").update(
        findings=["4.2 bn"],
        calls_left=-1,
        spent=0.1,
        highest=7,
        tags={"a"},
        status="on",
        verdict=told("enter", confidence=0.7),
    )
    assert (change.status, change.position, change.written, change.unseen) == ("kept", 0, (), ())
    assert str(drawn(change)) == f"kept on this disk as {change.id}, until Postgres is back"
    assert launch.seen == 0
    clock.advance(minutes=10)
    await proxy.heal()
    await replayed(application, launch)

    state = await launch.state()
    assert (state["findings"], state["calls_left"], state["spent"], state["highest"]) == (["4.2 bn"], 99, 0.1, 7)
    assert (state["tags"], state["status"], state["verdict"]) == ({"a"}, "on", "enter")
    assert (state.by["findings"], state.told_at["findings"]) == ("r1", seen_at)
    declared, written, marked = await _entries(launch)
    assert (declared.kind, written.kind, written.agent) == ("declared", "change", "r1")
    assert (marked.kind, marked.ids, marked.fields) == ("replayed", (change.id,), ())
    await wait_until(lambda: not _files(folder))


NEVER_KEPT: Mapping[str, Mapping[str, Any]] = {
    "what replaces": {"title": "One"},
    "what is refused unseen": {"report": "One"},
    "keys, of which the last stands": {"owners": {"a": "b"}},
    "a list that drops its oldest": {"news": [1]},
    "one such field among others": {"calls_left": -1, "title": "One"},
    "what nobody may have changed": {"calls_left": -1, "expected": {"calls_left": 0}},
    "what is said to be seen": {"calls_left": -1, "seen": 0},
    "a function": {"fn": lambda snapshot: {"calls_left": -1}},
}


@pytest.mark.parametrize("given", NEVER_KEPT.values(), ids=list(NEVER_KEPT))
async def test_what_depends_on_what_was_written_meanwhile_is_not_kept(
    given: Mapping[str, Any], launch: ScopedMemory, proxy: Proxy, folder: Path
) -> None:
    await gone(proxy, launch)
    with pytest.raises(StoreUnavailable):
        await launch.update(**given)
    assert not _files(folder)


async def test_a_fenced_update_a_checkpoint_and_a_restore_are_not_kept(
    launch: ScopedMemory, proxy: Proxy, folder: Path
) -> None:
    await launch.update(calls_left=-1)
    before = await launch.checkpoint("before")
    async with launch.lock("report", ttl=timedelta(minutes=1)) as lock:
        await gone(proxy, launch)
        with pytest.raises(StoreUnavailable):
            await launch.update(calls_left=-1, lock=lock)
        with pytest.raises(StoreUnavailable):
            await launch.checkpoint("after")
        with pytest.raises(StoreUnavailable):
            await launch.restore(before)
        await proxy.heal()
    assert not _files(folder)
    assert (await launch.state())["calls_left"] == 99


async def test_without_the_setting_nothing_is_kept(behind: dict[str, Any], clock: ManualClock, proxy: Proxy) -> None:
    async with opened(behind | {"local_log": None}, clock) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await gone(proxy, launch)
        with pytest.raises(StoreUnavailable):
            await launch.update(calls_left=-1)
        await proxy.heal()


async def test_what_postgres_may_have_written_is_not_kept(
    application: Application, launch: ScopedMemory, proxy: Proxy, folder: Path, opener: Opener
) -> None:
    await launch.update(calls_left=-1)
    await proxy.impose(Deaf())
    with pytest.raises(Unconfirmed):
        await launch.update(calls_left=-1)
    assert not _files(folder)
    async with opener(worker=False) as elsewhere:
        seen = elsewhere.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await wait_until(lambda: _stands_at(seen, 98))  # though nobody said so
    await proxy.heal()
    await replayed(application, launch)
    assert (await launch.state())["calls_left"] == 98


async def _stands_at(memory: ScopedMemory, calls_left: int) -> bool:
    return bool((await memory.state())["calls_left"] == calls_left)


class Guarded(State, version=1):
    spent: Annotated[int, add(writable={"boss"})]
    notes: Annotated[list[str], append]
    picked: Annotated[str, best] = ""


async def test_rights_and_types_are_checked_before_it_is_kept(
    application: Application, proxy: Proxy, folder: Path, clock: ManualClock
) -> None:
    place = application.memory.scope(tenant="acme", workspace="launch", state=Guarded)
    await gone(proxy, place)
    with pytest.raises(Forbidden, match="spent"):
        await place.agent("w1", role="writer").update(notes=["a"], spent=1)
    with pytest.raises(InvalidInput, match="notes"):
        await place.update(notes=[1])
    with pytest.raises(InvalidInput, match="told_at"):
        await place.update(notes=["a"], told_at=clock.now + timedelta(days=30))
    assert not _files(folder)
    await _kept(place.agent("b1", role="boss"), spent=1)
    await proxy.heal()
    await replayed(application, place)
    assert (await place.state())["spent"] == 1


class Closed(State, version=2):
    """As Guarded, but that nobody but the auditor writes `spent` any more, and `notes` are gone."""

    spent: Annotated[int, add(writable={"auditor"})]
    picked: Annotated[str, best] = ""


async def test_what_postgres_refuses_stays_on_the_disk_and_is_named(
    application: Application, proxy: Proxy, folder: Path, opener: Opener
) -> None:
    place = application.memory.scope(tenant="acme", workspace="launch", state=Guarded)
    await place.update(spent=1, notes=["a"], picked="x")
    await gone(proxy, place)
    boss = place.agent("b1", role="boss")
    await _kept(boss, spent=5)
    await _kept(boss, notes=[CANARY])
    await _kept(boss, picked="y")
    await boss.remember("behind")
    async with opener(worker=False) as elsewhere:
        await elsewhere.memory.scope(tenant="acme", workspace="launch", state=Closed).update(
            spent=0, picked=told("z", confidence=0.1)
        )
    await proxy.heal()
    await replayed(application, place)

    after = application.memory.scope(tenant="acme", workspace="launch", state=Closed)
    state = await after.state()
    assert (state["spent"], state["picked"]) == (1, "y")  # a field that both declare alike takes what comes late
    assert [event.content for event in await place.history()] == ["behind"]
    found = (await after.health()).local_log
    assert found is not None
    assert (found.events, found.changes, found.refused) == (0, 0, 2)
    [reason] = found.reasons
    assert "a later one" in reason
    assert any(reason in warning for warning in (await after.health()).warnings)
    told_of = local_log_check(folder, application.stores.postgres.identity.database)
    assert (told_of.state, reason in told_of.fix) == ("degraded", True)
    assert CANARY.encode() in _bytes(folder)


async def test_what_outgrows_its_field_is_refused_and_the_rest_is_written(
    application: Application, launch: ScopedMemory, proxy: Proxy
) -> None:
    await launch.update(calls_left=10**18 - 100)
    await gone(proxy, launch)
    await _kept(launch, calls_left=-1)
    await _kept(launch, calls_left=2, findings=["never"])
    await _kept(launch, calls_left=-1)
    await proxy.heal()
    await replayed(application, launch)
    state = await launch.state()
    assert (state["calls_left"], state["findings"]) == (10**18 - 2, [])
    found = (await launch.health()).local_log
    assert found is not None
    assert (found.refused, found.reasons) == (1, found.reasons)
    assert "calls_left: would outgrow its limit" in found.reasons[0]


async def test_events_and_updates_keep_their_order(
    application: Application, launch: ScopedMemory, proxy: Proxy
) -> None:
    notes = application.memory.at(launch.branch("notes").place, state=Launch)
    await gone(proxy, launch)
    for number in range(0, 9, 3):
        await launch.remember(f"step {number}")
        await _kept(launch, findings=[f"step {number + 1}"])
        await _kept(launch, findings=[f"step {number + 2}"])
        await _kept(notes, findings=[f"note {number}"])
    await proxy.heal()
    newer = await launch.update(title="newer")
    told_of = [entry for entry in await _entries(launch) if entry.kind in ("event", "change")]
    changes = iter((await launch.state())["findings"])
    order = [entry.event.content if entry.event else next(changes, "newer") for entry in told_of]
    assert order == [*(f"step {number}" for number in range(9)), "newer"]
    assert (newer.status, newer.position) == ("accepted", told_of[-1].position)
    assert (await notes.state())["findings"] == ["note 0", "note 3", "note 6"]
    assert notes.place in await launch.branches()


async def test_a_best_value_that_comes_late_gives_way_to_a_later_one_as_sure(
    application: Application, launch: ScopedMemory, proxy: Proxy, clock: ManualClock, opener: Opener
) -> None:
    await gone(proxy, launch)
    await _kept(launch, verdict=told("early", confidence=0.5), status="early", calls_left=-1)
    clock.advance(minutes=1)
    async with opener(worker=False) as elsewhere:
        there = elsewhere.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await there.update(verdict=told("later", confidence=0.5), status="later")
    await proxy.heal()
    await replayed(application, launch)
    state = await launch.state()
    assert (state["verdict"], state["status"], state["calls_left"]) == ("later", "later", 99)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_what_comes_late_leaves_what_it_would_have_left_in_time(
    seed: int, application: Application, launch: ScopedMemory, proxy: Proxy, clock: ManualClock, opener: Opener
) -> None:
    """Two processes, of which one has no Postgres now and then: the state is what all updates make in their order."""
    chance, given = random.Random(seed), list[tuple[str, datetime, dict[str, Any]]]()
    async with opener(worker=False) as elsewhere:
        other = elsewhere.memory.scope(tenant="acme", workspace="launch", state=Launch)
        is_away = False
        for number in range(STEPS):
            clock.advance(seconds=1)
            if chance.random() < 0.2:
                is_away = not is_away
                await (gone(proxy, launch) if is_away else proxy.heal())
            who, memory = chance.choice([("here", launch), ("there", other)])
            changes = _random_changes(chance, f"{who} {number}")
            given.append((who, clock.now, changes))
            if who == "here" and is_away:
                await _kept(memory.agent(who, role="worker"), **changes)
            else:
                await memory.agent(who, role="worker").update(**changes)
        await proxy.heal()
        await replayed(application, launch)
        state = await other.state()
    for name, expected in _expected(given).items():
        assert state[name] == expected, name
    items = [(who, item) for who, _, changes in given for item in changes.get("findings", ())]
    assert sorted(state["findings"]) == sorted(item for _, item in items)
    for who in ("here", "there"):
        assert [item for item in state["findings"] if item.startswith(who)] == [item for by, item in items if by == who]


def _random_changes(chance: random.Random, item: str) -> dict[str, Any]:
    may: dict[str, Any] = {
        "calls_left": chance.randint(-9, 9),
        "spent": chance.choice([0.1, 0.25, -0.3]),
        "highest": chance.randint(0, 99),
        "lowest": float(chance.randint(-99, 0)),
        "tags": {str(chance.randint(0, 9))},
        "findings": [item],
        "status": item,
        "verdict": told(item, confidence=chance.choice([0.2, 0.5, 0.5])),
    }
    return {name: may[name] for name in chance.sample(sorted(may), chance.randint(1, 4))}


def _expected(given: list[tuple[str, datetime, dict[str, Any]]]) -> dict[str, Any]:
    """What the reducers make of all updates as if each had come when it was told."""
    of = {name: [(at, each[name]) for _, at, each in given if name in each] for name in Launch.model_fields}
    made: dict[str, Any] = {
        "calls_left": 100 + sum(value for _, value in of["calls_left"]),
        "highest": max([0, *(value for _, value in of["highest"])]),
        "tags": set().union(*(value for _, value in of["tags"])),
    }
    if of["spent"]:
        made["spent"] = pytest.approx(sum(value for _, value in of["spent"]), abs=1e-9)
    if of["lowest"]:
        made["lowest"] = min(value for _, value in of["lowest"])
    if of["status"]:
        made["status"] = of["status"][-1][1]
    if of["verdict"]:
        made["verdict"] = max(of["verdict"], key=lambda each: (each[1].confidence, each[0]))[1].value
    return made


@pytest.mark.parametrize("failpoint", KILLS)
async def test_a_kill_loses_nothing_and_doubles_nothing(
    failpoint: str, urls: dict[str, Any], folder: Path, opener: Opener
) -> None:
    given = json.dumps(urls | {"local_log": str(folder)})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fleet.keeper", given, "acme", "8", "state"),
        env=os.environ | {failpoints.ENVIRONMENT: failpoint},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL, f"the failpoint {failpoint} was never reached"
    said = [line.split() for line in output.decode().splitlines()]
    assert {status for _, _, status in said} <= {"kept"}
    async with opener(local_log=folder, worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice", state=Launch)
        await replayed(application, alice)
        state, events = await alice.state(), await alice.history()
        entries = await _entries(alice)
        await wait_until(lambda: not _files(folder))
    count = 1 if failpoint == "change-kept" else 8  # kept, and killed before it could say so
    assert state["findings"] == [f"step {number}" for number in range(count) if number % 3 < 2]
    assert state["calls_left"] == 100 - len(state["findings"])
    assert [event.content for event in reversed(events)] == [
        f"step {number}" for number in range(count) if number % 3 == 2
    ]
    replayed_ids = [str(id) for entry in entries if entry.kind == "replayed" for id in entry.ids]
    assert len(replayed_ids) == len(set(replayed_ids)) == len(state["findings"])
    assert {id for number, id, _ in said if int(number) % 3 < 2} <= set(replayed_ids)


async def test_agents_that_update_while_postgres_comes_and_goes_lose_nothing(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy
) -> None:
    chance = random.Random(7)
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(opened(behind, clock)) for _ in range(2)]
        places = [each.memory.scope(tenant="acme", workspace="launch", state=Launch) for each in processes]
        working = asyncio.gather(*(_work(places[number % 2], number) for number in range(AGENTS)))
        while not working.done():
            await proxy.impose(Refuse())
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            await proxy.heal()
            await asyncio.sleep(chance.uniform(0.05, 0.3))
        statuses = {item: status for each in await working for item, status in each.items()}
        for process, place in zip(processes, places, strict=True):
            await replayed(process, place)
        state = await places[0].state()
    assert len(statuses) == AGENTS * UPDATES
    assert "kept" in statuses.values()
    findings = state["findings"]
    assert len(findings) == len(set(findings)) == 100 - state["calls_left"]
    assert {item for item, status in statuses.items() if status != "in doubt"} <= set(findings) <= statuses.keys()
    for number in range(AGENTS):
        steps = [int(item.partition(":")[2]) for item in findings if item.startswith(f"{number}:")]
        assert steps == sorted(steps)


async def _work(memory: ScopedMemory, number: int) -> dict[str, str]:
    """What each update was answered; one that may have been written is not sent again."""
    agent, statuses = memory.agent(f"a{number}", role="worker"), {}
    for step in range(UPDATES):
        item = f"{number}:{step}"
        try:
            statuses[item] = str((await agent.update(findings=[item], calls_left=-1)).status)
        except Unconfirmed:
            statuses[item] = "in doubt"
        await asyncio.sleep(0.01)
    return statuses


async def _fill(launch: ScopedMemory) -> int:
    """Until no more is kept; how many were."""
    kept = 0
    with suppress(LocalLogFull):
        while kept < 1_000:
            await _kept(launch, findings=[f"{kept} {'x' * 2_000}"], calls_left=-1)
            kept += 1
    assert 0 < kept < 1_000
    return kept


async def test_a_full_log_refuses_and_loses_nothing(
    application: Application, launch: ScopedMemory, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_log, "MAX_BYTES", 128 * 1024)
    await gone(proxy, launch)
    kept = await _fill(launch)
    await proxy.heal()
    await replayed(application, launch)
    state = await launch.state()
    assert [item.partition(" ")[0] for item in state["findings"]] == [str(number) for number in range(kept)]
    assert state["calls_left"] == 100 - kept
    await gone(proxy, launch)
    await _kept(launch, calls_left=-1)  # there is room again


async def test_a_full_disk_refuses_loses_nothing_and_doubles_nothing(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, small_disk: Path
) -> None:
    async with opened(behind | {"local_log": small_disk}, clock) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await gone(proxy, launch)
        kept = await _fill(launch)
        await proxy.heal()
        await replayed(application, launch)
        state = await launch.state()
    assert (len(state["findings"]), state["calls_left"]) == (kept, 100 - kept)


class Telling(State, version=1):
    """Whose own words are not to stay either."""

    heliotrope: Annotated[list[str], append]


class Broken(State, version=2):
    calls_left: Annotated[int, add] = 0

    @classmethod
    def upgrade(cls, values: dict[str, Any], version: int) -> dict[str, Any]:
        return {"calls_left": len(values["never told"])}


async def test_an_update_that_cannot_be_written_holds_back_nothing(
    application: Application, launch: ScopedMemory, proxy: Proxy
) -> None:
    await launch.update(calls_left=-1)
    broken = application.memory.at(launch.place, state=Broken)
    await gone(proxy, launch)
    await _kept(broken, calls_left=1)
    await _kept(launch, findings=["kept behind it"])
    await proxy.heal()
    await replayed(application, launch)
    assert (await launch.remember("written at once")).status == "accepted"
    assert (await launch.state())["findings"] == ["kept behind it"]
    health = await application.memory.health()
    assert health.local_log is not None
    assert health.local_log.refused == 1
    assert health.local_log.reasons == (
        "upgrade: fails on the values of version 1 (KeyError); let it take fields that were never told",
    )


@pytest.mark.parametrize("error", [KeyError("whatever"), ValueError("it is")])
async def test_what_breaks_the_replay_of_one_is_refused_and_the_others_are_stored(
    application: Application, launch: ScopedMemory, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    replay = application.parts.events.replay

    async def breaking(place: Any, kept: Any, **given: Any) -> Any:
        if any(each.event.content == "poison" for each in kept):
            raise error
        return await replay(place, kept, **given)

    monkeypatch.setattr(application.parts.events, "replay", breaking)
    await gone(proxy, launch)
    for content in ("one", "poison", "two"):
        assert (await launch.remember(content)).status == "kept"
    await proxy.heal()
    await replayed(application, launch)
    assert [event.content async for event in launch.events()] == ["one", "two"]
    health = await application.memory.health()
    assert health.local_log is not None
    assert health.local_log.reasons == (f"cannot be stored: {type(error).__name__}",)


async def test_nothing_of_what_is_forgotten_is_left_in_any_file(
    application: Application, behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    async with opened(behind, clock) as another:
        places = [each.memory.scope(tenant="acme", user="alice", state=Telling) for each in (application, another)]
        for place in places:
            await gone(proxy, place)
        for place in places:
            await _kept(place, heliotrope=["x"])
            await _kept(another.memory.at(place.branch("notes").place, state=Launch), findings=[CANARY])
        bob = another.memory.scope(tenant="acme", user="bob", state=Launch)
        await _kept(bob, findings=["tea"])
        with pytest.raises(StoreUnavailable):
            await places[0].forget(agent="r1")  # a state is nobody's, and stays
        assert CANARY.encode() in _bytes(folder)
        with pytest.raises(StoreUnavailable):  # Postgres has yet to forget what it has
            await places[0].forget(everything=True)
        assert CANARY.encode() not in _bytes(folder)
        await proxy.heal()
        await replayed(another, bob)
        assert await _entries(places[0]) == []
        assert (await bob.state())["findings"] == ["tea"]


async def test_what_was_told_before_all_was_forgotten_elsewhere_does_not_come_back(
    application: Application, launch: ScopedMemory, proxy: Proxy, clock: ManualClock, opener: Opener
) -> None:
    await launch.update(findings=["first"])
    await gone(proxy, launch)
    await _kept(launch, findings=[CANARY])
    async with opener(worker=False) as elsewhere:
        clock.advance(minutes=1)
        await elsewhere.memory.scope(tenant="acme", workspace="launch").forget(everything=True)
    clock.advance(minutes=1)
    await _kept(launch, findings=["told after it"])
    await proxy.heal()
    await replayed(application, launch)
    assert (await launch.state())["findings"] == ["told after it"]


def _late(clock: ManualClock, state: type[State] = Launch, **changes: Any) -> KeptChange:
    declaration = declaration_of(state)
    change = NewChange(
        declaration=declaration,
        values=new_values(declaration, changes),
        agent="r1",
        role=None,
        seen=0,
        told_at=clock.now,
    )
    return KeptChange(id=uuid4(), change=change, at=clock.now)


async def test_what_is_replayed_again_is_known_whatever_became_of_the_log(
    application: Application, launch: ScopedMemory, clock: ManualClock
) -> None:
    late = LateChanges(application.stores.postgres, application.parts.state)
    kept = [_late(clock, calls_left=-1), _late(clock, findings=["a"]), _late(clock, highest=-1)]
    assert (await late.replay(launch.place, kept[:2], clock.now)).head == 4
    await launch.update(highest=-5)
    clock.advance(days=2)
    before = clock.now - timedelta(days=1)
    await launch.forget(agent="r1")
    await launch.forget(before=before)
    assert [entry.kind for entry in await _entries(launch)][:1] == ["replayed"]
    assert (await late.replay(launch.place, kept, clock.now)).head > 0  # of what is new
    state = await launch.state()
    assert (state["calls_left"], state["findings"]) == (99, ["a"])
    await launch.forget(everything=True)
    assert {entry.kind for entry in await _entries(launch)} == {"forgotten"}


async def test_of_replays_that_meet_one_writes(
    application: Application, launch: ScopedMemory, clock: ManualClock, owner: asyncpg.Connection
) -> None:
    """As where a first try, whose process is dead, is still under way in Postgres."""
    await launch.update(calls_left=-1)
    late, kept = LateChanges(application.stores.postgres, application.parts.state), [_late(clock, calls_left=-1)]

    async def are_waiting() -> bool:
        return bool(await owner.fetchval("select count(*) = 3 from pg_locks where not granted"))

    async with application.stores.postgres.transaction(launch.scope, clock.now) as tx:
        await hold_head(tx)
        replays = asyncio.gather(*(late.replay(launch.place, kept, clock.now) for _ in range(3)))
        await wait_until(are_waiting)
    assert sorted(each.head for each in await replays) == [0, 0, 4]
    assert (await launch.state())["calls_left"] == 98


async def test_what_an_archive_took_out_of_the_log_is_known_still(
    application: Application, launch: ScopedMemory, clock: ManualClock, tmp_path: Path
) -> None:
    late = LateChanges(application.stores.postgres, application.parts.state)
    kept = [_late(clock, calls_left=-1)]
    await late.replay(launch.place, kept, clock.now)
    clock.advance(days=2)
    await launch.archive(before=clock.now - timedelta(days=1), to=tmp_path / "old.jsonl")
    assert (await launch.health()).floor == 3
    assert (await late.replay(launch.place, kept, clock.now)).head == 0
    assert (await launch.state())["calls_left"] == 99


async def test_whoever_opens_next_replays_what_a_process_left(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    """Without the class, of which the file says what Postgres has to know."""
    async with opened(behind, clock) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await gone(proxy, launch)
        for number in range(3):
            await _kept(launch, findings=[f"step {number}"], calls_left=-1)
    await proxy.heal()
    async with opened(behind, clock) as application:
        plain = application.memory.scope(tenant="acme", workspace="launch")
        await replayed(application, plain)
        await wait_until(lambda: not _files(folder))
        launch = application.memory.scope(tenant="acme", workspace="launch", state=Launch)
        state = await launch.state()
        assert (state["findings"], state["calls_left"]) == ([f"step {number}" for number in range(3)], 97)
        await launch.update(title="One")  # the class is the one that was declared


class Grown(Launch, version=2):
    """Of which `title` is made of what `verdict` was."""

    best_title: Annotated[str, best] = ""

    @classmethod
    def upgrade(cls, values: dict[str, Any], version: int) -> Mapping[str, Any]:
        return {"best_title": f"{values['title']} of version {version}"}


async def test_a_process_upgrades_what_it_kept_itself(
    application: Application, launch: ScopedMemory, proxy: Proxy, folder: Path
) -> None:
    await launch.update(title="One", calls_left=-1)
    grown = application.memory.scope(tenant="acme", workspace="launch", state=Grown)
    await gone(proxy, launch)
    await _kept(grown, best_title=told("unsure", confidence=0.1), calls_left=-1)
    await proxy.heal()
    await replayed(application, launch)
    state = await grown.state()
    assert (state["best_title"], state["calls_left"]) == ("One of version 1", 98)


async def test_what_only_a_dead_process_could_upgrade_is_refused_and_told(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy
) -> None:
    class New(State, version=2):
        """Declares `calls_left` otherwise, of which the class alone would know what becomes of the old value."""

        calls_left: Annotated[float, add] = 100.0

    async with opened(behind, clock) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await launch.update(calls_left=-1)
        await gone(proxy, launch)
        await _kept(application.memory.scope(tenant="acme", workspace="launch", state=New), calls_left=-1)
    await proxy.heal()
    async with opened(behind, clock) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await replayed(application, launch)
        assert (await launch.state())["calls_left"] == 99
        found = (await launch.health()).local_log
        assert found is not None
        assert found.refused == 1
        assert "went with the process that kept this update" in found.reasons[0]


async def test_a_file_of_before_takes_updates_too(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    async with opened(behind, clock) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch")
        await gone(proxy, launch)
        await launch.remember("step 0")
    [file] = [file for file in _files(folder) if file.suffix == ".kept"]
    with closing(sqlite3.connect(file)) as database:
        database.execute("alter table kept drop column class")
        database.execute("drop table classes")
    await proxy.heal()
    async with opened(behind, clock) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch", state=Launch)
        await replayed(application, launch)
        assert [event.content for event in await launch.history()] == ["step 0"]


async def test_followers_are_told_and_those_of_fields_hear_of_nothing_else(
    application: Application, launch: ScopedMemory, proxy: Proxy, opener: Opener
) -> None:
    await launch.update(title="One")
    await gone(proxy, launch)
    await _kept(launch, findings=["a"])
    await proxy.heal()
    async with asyncio.timeout(30):
        async for entry in launch.follow(after=2, fields={"findings"}):
            assert (entry.kind, entry.fields) == ("change", ("findings",))
            break
        async for entry in launch.follow(after=3):
            assert entry.kind == "replayed"
            break


async def test_an_agent_whose_role_is_not_known_yet_is_not_kept(
    application: Application, launch: ScopedMemory, proxy: Proxy, folder: Path
) -> None:
    """The roster is in Postgres; once it was read, its updates are."""
    await launch.begin("Enter Vietnam?", roster={"r1": "researcher"})
    known, unknown = launch.agent("r1"), launch.agent("r1")
    await known.state()
    await gone(proxy, launch)
    with pytest.raises(StoreUnavailable):
        await unknown.update(calls_left=-1)
    assert not _files(folder)
    await _kept(known, calls_left=-1)
    await proxy.heal()
    await replayed(application, launch)
    assert (await launch.state())["calls_left"] == 99


async def test_a_model_is_told_that_its_update_is_kept(
    application: Application, launch: ScopedMemory, proxy: Proxy
) -> None:
    async with calling(one_agent(application.memory, launch.scope, "r1", Launch)) as call:
        assert (await call("update_state", changes={"calls_left": -1}))["kept"] is False
        await gone(proxy, launch)
        changed = await call("update_state", changes={"calls_left": -1})
        assert changed == {"position": 0, "written": [], "unseen": [], "kept": True}
        assert "postgres is unavailable" in await call.refused("update_state", changes={"title": "One"})
    await proxy.heal()
    await replayed(application, launch)
    assert (await launch.state())["calls_left"] == 98


class Replaced(State, version=1):
    mine: Annotated[str, replace] = ""
    most: Annotated[int, semmem.max] = 0


async def test_what_cannot_wait_comes_behind_what_is_being_replayed(application: Application, proxy: Proxy) -> None:
    place = application.memory.scope(tenant="acme", workspace="launch", state=Replaced)
    keeping = application.parts.keeping
    assert keeping is not None
    await gone(proxy, place)
    await _kept(place, most=1)
    async with keeping._replaying:  # as if its turn had not come yet
        await proxy.heal()
        assert (await place.update(most=2)).status == "kept"
        writing = asyncio.create_task(place.update(mine="last"))
        await asyncio.sleep(0)
        assert not writing.done()
    change = await writing
    assert (change.status, change.written) == ("accepted", ("mine",))
    state = await place.state()
    assert (state["most"], state.positions["most"] < change.position) == (2, True)
