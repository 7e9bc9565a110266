"""What is remembered while Postgres is away is on this disk, and in Postgres once, in its order, when it is back."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from semmem import (
    Ack,
    ConfigurationError,
    Event,
    KeyConflict,
    LocalLogFull,
    NewEvent,
    NotFound,
    ScopedMemory,
    StoreUnavailable,
    Unconfirmed,
)
from semmem.cli.checks import local_log_check
from semmem.domain.kept import KeptEvent
from semmem.runtime import failpoints
from semmem.stores.local import folder as local_folder
from semmem.stores.local import log as local_log
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener, opened
from tests.counts import times
from tests.faults.proxy import Proxy, Refuse
from tests.fleet.away import Deaf, replayed
from tests.state.launch import Launch

CANARY = "heliotrope"
AGENTS, EVENTS = times(10, 100), times(12, 40)
KILLS = ("event-kept", "replay-committed", "replay-settled")


@pytest_asyncio.fixture
async def application(behind: dict[str, Any], clock: ManualClock, proxy: Proxy) -> AsyncIterator[Application]:
    async with opened(behind, clock) as application:
        yield application
        await proxy.heal()


async def _events(memory: ScopedMemory) -> list[Event]:
    """In the order of the log."""
    entries = [entry async for entry in _entries(memory)]
    return [entry.event for entry in entries if entry.event]


async def _entries(memory: ScopedMemory) -> AsyncIterator[Any]:
    after = 0
    while page := await memory.entries(after=after, limit=1_000):
        for entry in page:
            yield entry
        after = page[-1].position


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in _files(folder))


async def test_what_postgres_cannot_take_is_kept_and_replayed(
    application: Application, alice: ScopedMemory, proxy: Proxy, folder: Path, clock: ManualClock
) -> None:
    told_at = clock.now
    await proxy.impose(Refuse())
    ack = await alice.remember("I moved to Berlin.", session="s1", metadata={"channel": "chat"})
    assert ack.status == "kept"
    assert {file.stat().st_mode & 0o077 for file in _files(folder)} == {0}
    clock.advance(minutes=10)
    await proxy.heal()
    await replayed(application, alice)

    event = await alice.event(ack.id)
    assert (event.content, event.session, event.metadata) == ("I moved to Berlin.", "s1", {"channel": "chat"})
    assert (event.occurred_at, event.recorded_at) == (told_at, clock.now)
    await wait_until(lambda: not _files(folder))


async def test_what_is_newer_comes_behind_it(application: Application, proxy: Proxy) -> None:
    alice = application.memory.scope(tenant="acme", user="alice", state=Launch)
    apollo = alice.branch("apollo")
    await proxy.impose(Refuse())
    for number in range(3):
        await alice.remember(f"step {number}")
        await apollo.remember(f"note {number}")
    await proxy.heal()
    assert (await alice.remember("step 3")).status in ("accepted", "kept")
    change = await alice.update(title="One")
    assert [event.content for event in await _events(alice)] == [f"step {number}" for number in range(4)]
    assert [event.content for event in await _events(apollo)] == [f"note {number}" for number in range(3)]
    assert change.position > 4


async def test_a_callers_own_retry_is_the_same_event(
    application: Application, alice: ScopedMemory, proxy: Proxy, clock: ManualClock
) -> None:
    said = NewEvent(content="I like tea.", key="k1", importance=1, metadata={"a": [1, 2.5]})
    await proxy.impose(Refuse())
    [first] = await alice.remember_many([said])
    [again] = await alice.remember_many([said])
    assert (first, again.status) == (again, "kept")
    with pytest.raises(KeyConflict):
        await alice.remember_many([NewEvent(content="undone"), NewEvent(content="I like coffee.", key="k1")])
    keeping = application.parts.keeping
    assert keeping
    assert [log.waiting[alice.scope] for log in keeping._logs] == [1], "what was undone is counted"
    with pytest.raises(KeyConflict):
        await alice.remember("Something else.", key="k1")
    clock.advance(minutes=1)
    await proxy.heal()
    await replayed(application, alice)
    assert await alice.remember_many([said]) == [Ack(id=first.id, status="duplicate")]


async def test_what_postgres_refuses_stays_on_the_disk_and_is_told(
    application: Application, alice: ScopedMemory, proxy: Proxy, folder: Path
) -> None:
    await alice.remember("I like tea.", key="k1")
    await proxy.impose(Refuse())
    await alice.remember("before")
    await alice.remember("I like coffee.", key="k1")
    await alice.remember("behind")
    await proxy.heal()
    await replayed(application, alice)
    assert [event.content for event in await _events(alice)] == ["I like tea.", "before", "behind"]
    found = await alice.health()
    assert found.local_log is not None
    assert (found.local_log.events, found.local_log.refused) == (0, 1)
    assert any("Postgres refused 1 events" in warning for warning in found.warnings)
    assert b"I like coffee." in _bytes(folder)


async def test_of_what_is_replayed_again_the_refused_event_is_the_one_that_is_named(
    application: Application, alice: ScopedMemory, clock: ManualClock
) -> None:
    await alice.remember("I like tea.", key="k1")
    said = [NewEvent(content="stored before"), NewEvent(content="I like coffee.", key="k1")]
    kept = [KeptEvent(id=uuid4(), event=event, at=clock.now) for event in said]
    replay = partial(application.parts.events.replay, alice.place, now=clock.now, dedup_window=timedelta())
    await replay(kept[:1])
    with pytest.raises(KeyConflict) as refused:
        await replay(kept)
    assert refused.value.index == 1


async def test_a_damaged_file_keeps_no_memory_from_being_opened(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    async with opened(behind, clock) as application:
        database = application.stores.postgres.identity.database
        (folder / f"{database}-0.kept").write_bytes(b"no database" * 1_000)
    async with opened(behind, clock) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("I like tea.")
        told = local_log_check(folder, database)
        assert (told.state, "file is not a database" in told.what) == ("failed", True)
        with pytest.raises(StoreUnavailable, match=r"0\.kept"):  # it may hold what is to be forgotten
            await alice.forget(everything=True)


async def test_answers_say_what_is_on_this_disk_alone(
    application: Application, alice: ScopedMemory, proxy: Proxy, clock: ManualClock
) -> None:
    await alice.remember("I like tea.")
    keeping = application.parts.keeping
    assert keeping
    assert keeping is not None
    await proxy.impose(Refuse())
    await alice.remember("I like coffee.")
    async with keeping._replaying:  # as if its turn had not come yet
        await proxy.heal()
        assert "local_log" in (await alice.recall("tea")).degraded
        assert "local_log" in (await alice.context("tea", budget=500)).degraded
        other = application.memory.scope(tenant="acme", user="bob")
        assert "local_log" not in (await other.recall("tea")).degraded
        found = await alice.health()
        assert found.local_log is not None
        assert (found.local_log.events, found.local_log.oldest) == (1, clock.now)
        assert any("on this machine's disk alone" in warning for warning in found.warnings)
        installed = (await application.memory.health()).local_log
        assert installed is not None
        assert installed.events == 1
        assert (await alice.remember("I like water.")).status == "kept"  # what comes now waits behind it
    await replayed(application, alice)
    assert "local_log" not in (await alice.recall("tea")).degraded
    assert [event.content for event in await _events(alice)][1:] == ["I like coffee.", "I like water."]


async def test_what_postgres_has_stored_unheard_is_not_stored_again(
    application: Application, alice: ScopedMemory, proxy: Proxy, opener: Opener
) -> None:
    await alice.remember("step 0")
    await proxy.impose(Deaf())
    ack = await alice.remember("step 1")
    assert ack.status == "kept"
    async with opener(worker=False) as elsewhere:
        seen = elsewhere.memory.scope(tenant="acme", user="alice")
        await wait_until(lambda: _stored(seen, ack))  # though nobody said so
    await proxy.heal()
    await replayed(application, alice)
    assert [event.content for event in await _events(alice)] == ["step 0", "step 1"]


async def _stored(memory: ScopedMemory, ack: Ack) -> bool:
    with suppress(NotFound):
        return (await memory.event(ack.id)).id == ack.id
    return False


async def test_a_report_that_may_be_another_events_by_now_is_not_kept(
    application: Application, alice: ScopedMemory, proxy: Proxy
) -> None:
    await alice.remember("The build is red.", role="system", agent="a1")
    await proxy.impose(Deaf())
    with pytest.raises(Unconfirmed):
        await alice.remember("The build is red.", role="system", agent="a2")
    await proxy.impose(Refuse())
    acks: list[Ack] = []
    while not acks:
        with suppress(Unconfirmed):  # by a connection that the fault has ended
            acks.append(await alice.remember("The build is red.", role="system", agent="a3"))
    assert acks[0].status == "kept"
    await proxy.heal()
    await replayed(application, alice)
    assert [(event.agent, event.witnesses) for event in await _events(alice)] == [("a1", ("a2",)), ("a3", ())]


async def test_a_fenced_write_is_not_kept(
    application: Application, alice: ScopedMemory, proxy: Proxy, folder: Path
) -> None:
    async with alice.lock("report", ttl=timedelta(minutes=1)) as lock:
        await proxy.impose(Refuse())
        with pytest.raises(StoreUnavailable):
            await alice.remember("The report is written.", lock=lock)
        await proxy.heal()
    assert not _files(folder)


async def test_without_the_setting_nothing_is_kept(behind: dict[str, Any], clock: ManualClock, proxy: Proxy) -> None:
    async with opened(behind | {"local_log": None}, clock) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await proxy.impose(Refuse())
        with pytest.raises(StoreUnavailable):
            await alice.remember("I like tea.")
        assert (await _health_of(application, alice, proxy)).local_log is None


async def _health_of(application: Application, memory: ScopedMemory, proxy: Proxy) -> Any:
    await proxy.heal()
    return await memory.health()


async def _fill(alice: ScopedMemory) -> list[Ack]:
    acks: list[Ack] = []
    with suppress(LocalLogFull):
        while len(acks) < 1_000:
            acks.append(await alice.remember(f"step {len(acks)} {'x' * 2_000}"))
    assert 0 < len(acks) < 1_000
    with pytest.raises(LocalLogFull, match="call again when Postgres is back"):
        await alice.remember("x" * 30_000)
    return acks


async def test_a_full_log_refuses_and_loses_nothing(
    application: Application, alice: ScopedMemory, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_log, "MAX_BYTES", 64 * 1024)
    await proxy.impose(Refuse())
    acks = await _fill(alice)
    assert 8 <= len(acks) <= 32
    await proxy.heal()
    await replayed(application, alice)
    assert [event.id for event in await _events(alice)] == [ack.id for ack in acks]
    await proxy.impose(Refuse())
    assert (await alice.remember("there is room again")).status == "kept"


async def test_a_full_disk_refuses_and_loses_nothing(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, small_disk: Path
) -> None:
    async with opened(behind | {"local_log": small_disk}, clock) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await proxy.impose(Refuse())
        acks = await _fill(alice)
        await proxy.heal()
        await replayed(application, alice)
        assert [event.id for event in await _events(alice)] == [ack.id for ack in acks]


async def test_nothing_of_what_is_forgotten_is_left_in_any_file(
    application: Application, behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    """Also not in those of other processes that share the folder."""
    async with opened(behind, clock) as another:
        places = [each.memory.scope(tenant="acme", user="alice") for each in (application, another)]
        await proxy.impose(Refuse())
        for place in places:
            for told_to in (place, place.branch("notes", owner="bob")):
                await told_to.remember(f"My safe word is {CANARY}.", session=CANARY, key=f"{CANARY}-{id(told_to)}")
        bob = another.memory.scope(tenant="acme", user="bob")
        kept = await bob.remember("I like tea.")
        assert CANARY.encode() in _bytes(folder)
        with pytest.raises(StoreUnavailable):  # Postgres has yet to forget what it has
            await places[0].forget(everything=True)
        assert CANARY.encode() not in _bytes(folder)
        await proxy.heal()
        await replayed(another, bob)
        assert await places[0].branches() == []
        assert (await bob.event(kept.id)).content == "I like tea."


async def test_a_narrower_forget_takes_what_it_means(
    application: Application, alice: ScopedMemory, proxy: Proxy, clock: ManualClock
) -> None:
    await proxy.impose(Refuse())
    named = await alice.remember("by its id")
    await alice.remember("of the session", session="s1")
    await alice.remember("of the agent", agent="r1")
    await alice.remember("long ago", occurred_at=clock.now - timedelta(days=9))
    await alice.remember("stays", session="s2", agent="r2")
    selections: list[dict[str, Any]] = [
        {"event": named.id},
        {"session": "s1"},
        {"agent": "r1"},
        {"before": clock.now - timedelta(days=1)},
    ]
    for selection in selections:
        with pytest.raises(StoreUnavailable):
            await alice.forget(**selection)
    await proxy.heal()
    await replayed(application, alice)
    assert [event.content for event in await _events(alice)] == ["stays"]


async def test_what_was_told_before_all_was_forgotten_elsewhere_does_not_come_back(
    application: Application, alice: ScopedMemory, proxy: Proxy, clock: ManualClock, opener: Opener
) -> None:
    await alice.remember("I like tea.")
    await proxy.impose(Refuse())
    kept = await alice.remember(f"My safe word is {CANARY}.")
    async with opener(worker=False) as elsewhere:  # of another machine, which has no such folder
        clock.advance(minutes=1)
        await elsewhere.memory.scope(tenant="acme", user="alice").forget(everything=True)
    clock.advance(minutes=1)
    await alice.remember("told after it")
    await proxy.heal()
    await replayed(application, alice)
    assert [event.content for event in await _events(alice)] == ["told after it"]
    with pytest.raises(NotFound):
        await alice.event(kept.id)


async def test_whoever_opens_next_replays_what_a_process_left(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    async with opened(behind, clock) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await proxy.impose(Refuse())
        acks = [await alice.remember(f"step {number}") for number in range(3)]
    assert _files(folder)
    await proxy.heal()
    async with opened(behind, clock) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await replayed(application, alice)
        assert [event.id for event in await _events(alice)] == [ack.id for ack in acks]
        await wait_until(lambda: not _files(folder))


async def test_the_log_of_a_process_that_lives_is_left_alone(
    application: Application, behind: dict[str, Any], clock: ManualClock, proxy: Proxy
) -> None:
    alice = application.memory.scope(tenant="acme", user="alice")
    keeping = application.parts.keeping
    assert keeping
    assert keeping is not None
    await proxy.impose(Refuse())
    await alice.remember("step 0")
    async with keeping._replaying:
        await proxy.heal()
        async with opened(behind, clock) as another:
            assert not another.parts.lacking(alice.view([]))
            assert await _events(alice) == []
    await replayed(application, alice)
    assert [event.content for event in await _events(alice)] == ["step 0"]


async def test_another_databases_events_are_not_taken_for_ours(
    elsewhere: Application, behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    async with opened(behind, clock) as application:
        await proxy.impose(Refuse())
        await application.memory.scope(tenant="acme", user="alice").remember("step 0")
    await proxy.heal()
    given = {"postgres_url": elsewhere.settings.postgres_url}
    async with opened(behind | given, clock) as other:
        alice = other.memory.scope(tenant="acme", user="alice")
        assert not other.parts.lacking(alice.view([]))
        assert await _events(alice) == []
    assert _files(folder)


@pytest.mark.parametrize("failpoint", KILLS)
async def test_a_kill_loses_nothing_and_doubles_nothing(
    failpoint: str, urls: dict[str, Any], folder: Path, opener: Opener
) -> None:
    told = json.dumps(urls | {"local_log": str(folder)})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fleet.keeper", told, "acme", "5"),
        env=os.environ | {failpoints.ENVIRONMENT: failpoint},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL, f"the failpoint {failpoint} was never reached"
    said = [line.split() for line in output.decode().splitlines()]
    assert {status for _, _, status in said} <= {"kept"}
    async with opener(local_log=folder, worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await replayed(application, alice)
        events = await _events(alice)
        await wait_until(lambda: not _files(folder))
    contents = [event.content for event in events]
    assert contents == [f"step {number}" for number in range(len(contents))]
    assert {id for _, id, _ in said} <= {str(event.id) for event in events}
    assert len(contents) == (1 if failpoint == "event-kept" else 5)  # kept, and killed before it could say so


async def test_agents_that_talk_while_postgres_comes_and_goes_lose_nothing(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy
) -> None:
    chance = random.Random(14)
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(opened(behind, clock)) for _ in range(2)]
        agents = [_talk(processes[n % 2].memory.scope(tenant="acme", workspace="launch"), n) for n in range(AGENTS)]
        talking = asyncio.gather(*agents)
        while not talking.done():
            await proxy.impose(Refuse())
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            await proxy.heal()
            await asyncio.sleep(chance.uniform(0.05, 0.3))
        told = [ack for acks in await talking for ack in acks]
        launch = processes[0].memory.scope(tenant="acme", workspace="launch")
        for process in processes:
            await replayed(process, launch)
        events = await _events(launch)
    assert len(told) == AGENTS * EVENTS
    assert "kept" in {ack.status for ack in told}
    for number in range(AGENTS):
        own = [event.content for event in events if event.agent == f"a{number}"]
        assert own == [f"step {step}" for step in range(EVENTS)]


async def _talk(memory: ScopedMemory, number: int) -> list[Ack]:
    """In order, and again under the same key where nobody said whether it is stored."""
    acks = []
    for step in range(EVENTS):
        while True:
            with suppress(Unconfirmed):
                acks.append(await memory.remember(f"step {step}", agent=f"a{number}", key=f"{number}-{step}"))
                break
        await asyncio.sleep(0.01)
    return acks


async def test_a_folder_that_cannot_be_written_to_is_refused(urls: dict[str, Any], clock: ManualClock) -> None:
    with pytest.raises(ConfigurationError, match="SEMMEM_LOCAL_LOG=/proc/none cannot be written to"):
        async with opened(urls | {"local_log": "/proc/none"}, clock):
            pass


async def test_the_doctor_tells_what_is_on_this_disk_alone(
    behind: dict[str, Any], clock: ManualClock, proxy: Proxy, folder: Path
) -> None:
    async with opened(behind, clock) as application:
        database = application.stores.postgres.identity.database
        alice = application.memory.scope(tenant="acme", user="alice")
        assert (local_log_check(folder, database).state, local_log_check(folder, None).state) == ("ok", "ok")
        await proxy.impose(Refuse())
        await alice.remember("I like tea.", key="k1")
        told = local_log_check(folder, database)
        assert (told.state, told.fix) == ("degraded", "they are replayed when Postgres is back")
        assert told.what.startswith("1 events and 0 updates wait in")
    assert "their process is gone" in local_log_check(folder, database).fix
    assert "of another database" in local_log_check(folder, "another").what
    await proxy.heal()
    async with opened(behind | {"local_log": None}, clock) as application:
        await application.memory.scope(tenant="acme", user="alice").remember("I like coffee.", key="k1")
    async with opened(behind, clock) as application:
        await replayed(application, application.memory.scope(tenant="acme", user="alice"))
        told = local_log_check(folder, database)
        assert (told.state, "1 were refused" in told.what) == ("degraded", True)


def test_a_file_that_goes_while_the_folder_is_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_folder, "_paths", lambda *asked: [tmp_path / "gone.kept"])
    assert local_folder.survey(tmp_path) == []
