"""The old part of a log goes into a file, which can be imported again; what facts rest on stays."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from semmem import Archive, InvalidInput, NewEvent, ScopedMemory, TooFarBehind
from semmem.memory import archiving
from semmem.memory.memory import Memory
from semmem.stores.postgres import archiving as taking_out
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

DAY = timedelta(days=1)


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def _told(launch: ScopedMemory, clock: ManualClock) -> None:
    """A fact, events without one, a change of the state, and ten days later one event more."""
    await launch.remember("I live in Munich.", session="s1", key="home")
    await launch.remember_many([NewEvent(content=f"ok, step {number}", role="tool") for number in range(5)])
    await launch.update(title="One")
    await launch.branch("apollo").remember("ok", role="tool")
    clock.advance(days=10)
    await launch.remember("ok, step 5", role="tool")
    await launch.settled(also=[launch.branch("apollo")])


def _contents(events: list[Any]) -> list[str]:
    return [event.content for event in events]


async def test_what_is_to_be_read_again_since_the_file_was_written_stays(
    application: Application, launch: ScopedMemory, clock: ManualClock
) -> None:
    await _told(launch, clock)
    before, archiver, postgres = clock.now - DAY, application.parts.archiver, application.stores.postgres
    floor, through = await archiver.reach(launch.scope, before)
    async with postgres.transaction(launch.scope) as tx:  # as a replay does, or a forget
        again = "update semmem.events set consolidated_at = null where content = 'ok, step 2' returning position"
        position: int = await tx.connection.fetchval(again)

    removed, reached = await archiver.take_out(launch.scope, before, through, clock.now)

    assert (floor, removed, reached) == (0, 2, position - 1)
    assert "ok, step 2" in _contents(await launch.history())


async def test_old_events_go_into_a_file_and_facts_stay(
    launch: ScopedMemory, clock: ManualClock, tmp_path: Path
) -> None:
    await _told(launch, clock)
    head = (await launch.health()).head
    before = await launch.facts()
    path = tmp_path / "old.jsonl"
    made = await launch.archive(clock.now - DAY, path)
    assert made == Archive(path=path, events=6, removed=5, floor=head - 1)
    assert path.stat().st_mode & 0o077 == 0

    assert _contents(await launch.history()) == ["ok, step 5", "I live in Munich."]
    assert await launch.facts() == before
    assert (await launch.state())["title"] == "One"
    assert (await launch.health()).floor == head - 1
    assert [entry.position for entry in await launch.entries(after=made.floor)] == [head]
    with pytest.raises(TooFarBehind):
        await launch.entries(after=made.floor - 1)
    assert [entry.position for entry in (await launch.overview()).recent] == [head]
    assert _contents(await launch.branch("apollo").history()) == ["ok"]
    await launch.settled()
    assert all("step 2" not in hit.text for hit in await launch.recall("step 2"))
    assert all(receipt.complete for receipt in await launch.receipts())


async def test_the_file_brings_back_what_was_taken_out(
    launch: ScopedMemory, memory: Memory, tenant: str, clock: ManualClock, tmp_path: Path
) -> None:
    await _told(launch, clock)
    was = {event.id: event for event in await launch.history()}
    path = tmp_path / "old.jsonl"
    await launch.archive(clock.now - DAY, path)
    for _ in range(2):  # again it stores nothing
        with path.open("rb") as lines:
            found = await launch.import_(lines)
        await launch.settled()
        back = {event.id: event for event in await launch.history()}
        assert back.keys() == was.keys()
        assert {id: event.content for id, event in back.items()} == {id: event.content for id, event in was.items()}
    assert (found.stored, found.known) == ({}, {"event": 6})
    assert len(await launch.facts()) == 1  # none is drawn twice
    other = memory.scope(tenant=tenant, workspace="other")
    with path.open("rb") as lines:
        await other.import_(lines)
    assert len(await other.history()) == 6


async def test_nothing_that_is_old_is_an_archive_of_nothing(
    launch: ScopedMemory, memory: Memory, tenant: str, clock: ManualClock, tmp_path: Path
) -> None:
    await _told(launch, clock)
    made = await launch.archive(clock.now - 30 * DAY, tmp_path / "a.jsonl")
    assert (made.events, made.removed, made.floor) == (0, 0, 0)
    empty = memory.scope(tenant=tenant, workspace="nobody")
    assert (await empty.archive(clock.now, tmp_path / "b.jsonl")).events == 0
    with (tmp_path / "b.jsonl").open("rb") as lines:
        assert (await empty.import_(lines)).stored == {}


async def test_it_ends_before_what_a_group_or_a_worker_has_yet_to_look_at(
    opener: Opener, clock: ManualClock, tmp_path: Path
) -> None:
    async with opener(worker=False) as application:
        launch = application.memory.scope(tenant="acme", workspace="launch")
        await launch.remember("ok", role="tool")
        clock.advance(days=10)
        assert (await launch.archive(clock.now, tmp_path / "a.jsonl")).floor == 0  # nobody has indexed it
    async with opener() as application:
        launch = application.memory.scope(tenant="acme", workspace="launch")
        await launch.settled()
        group = launch.group("billing", start="first")
        async with group.deliveries(consumer="b-1") as inbox:
            assert (await launch.archive(clock.now, tmp_path / "b.jsonl")).floor == 0
            delivery = await anext(inbox)
            assert (await launch.archive(clock.now, tmp_path / "c.jsonl")).floor == 0
            await delivery.settle()
            assert (await launch.archive(clock.now, tmp_path / "d.jsonl")).floor == 1


async def test_a_long_log_is_taken_out_in_parts(
    launch: ScopedMemory, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_out, "BATCH", 3)
    await _told(launch, clock)
    made = await launch.archive(clock.now - DAY, tmp_path / "old.jsonl")
    assert (made.events, made.removed) == (6, 5)
    assert (await launch.health()).floor == made.floor


async def test_a_file_that_exists_stays_as_it_is(launch: ScopedMemory, clock: ManualClock, tmp_path: Path) -> None:
    await _told(launch, clock)
    path = tmp_path / "old.jsonl"
    path.write_text("mine")
    with pytest.raises(InvalidInput, match=r"to: must be a new file, and .*old.jsonl exists; name another one"):
        await launch.archive(clock.now, path)
    assert path.read_text() == "mine"
    assert len(await launch.history()) == 7


@pytest.mark.parametrize("to", ["", 7, None, "/proc/none/old.jsonl", "a\0b"])
async def test_a_path_that_is_none_is_refused(launch: ScopedMemory, clock: ManualClock, to: Any) -> None:
    with pytest.raises(InvalidInput, match="to: "):
        await launch.archive(clock.now, to)


async def test_broken_off_the_log_is_as_it_was_and_no_file_is_left(
    launch: ScopedMemory, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _told(launch, clock)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archiving, "_flush", full)
    with pytest.raises(InvalidInput, match=r"cannot be written: .*No space left on device"):
        await launch.archive(clock.now, tmp_path / "old.jsonl")
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []
    assert (len(await launch.history()), (await launch.health()).floor) == (7, 0)


async def test_events_that_a_forget_took_are_in_no_archive(
    application: Application, launch: ScopedMemory, clock: ManualClock, tmp_path: Path
) -> None:
    await _told(launch, clock)
    await launch.forget(session="s1")
    path = tmp_path / "old.jsonl"
    await launch.archive(clock.now - DAY, path)
    assert "Munich" not in path.read_text("utf-8")
