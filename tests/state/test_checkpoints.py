"""Checkpoints name a moment of the state, say when it was tampered with, and lead back to it."""

from datetime import timedelta

import asyncpg
import pytest

from semmem import Checkpoint, Damaged, InvalidInput, NotFound, ScopedMemory, told
from semmem.memory.memory import Memory
from semmem.testing import ManualClock
from tests.state.launch import Launch

pytestmark = pytest.mark.shared


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def _fill(launch: ScopedMemory) -> Checkpoint:
    ann = launch.agent("ann")
    await ann.update(title="One", findings=["a", "b"], owners={"x": "ann"}, tags={"p", "q"})
    await ann.update(title="Two", calls_left=-1, verdict=told("enter", confidence=0.5))
    return await ann.checkpoint("before-sending")


async def test_the_state_is_read_as_it_was_and_goes_back_to_it(launch: ScopedMemory, clock: ManualClock) -> None:
    before = await _fill(launch)
    then = await launch.state()
    clock.advance(minutes=5)
    await launch.agent("bob").update(title="Three", findings=["c"], owners={"x": "bob", "y": "bob"}, tags={"r"})

    for at in (before, before.position, clock.now - timedelta(minutes=1)):
        assert (await launch.state(at=at)).values == then.values
    change = await launch.agent("bob").restore(before)
    assert change.written == ("findings", "owners", "tags", "title")
    now = await launch.state()
    assert (now.values, now.by) == (then.values, then.by)
    assert now.positions["title"] == now.position == change.position
    await launch.restore(change.position - 1)  # a restore can be undone like any other change
    assert (await launch.state())["title"] == "Three"
    restored = [entry for entry in await launch.entries() if entry.kind == "restored"]
    assert [(entry.agent, entry.subject) for entry in restored] == [("bob", "before-sending"), (None, None)]


async def test_another_checkpoint_of_the_same_name_is_another_one(launch: ScopedMemory) -> None:
    before = await _fill(launch)
    for number in range(3):  # which push it out
        await launch.update(title=f"Title {number}")
        await launch.checkpoint()
    await launch.update(title="Other")
    await launch.checkpoint("before-sending")
    for call in (launch.restore(before), launch.verify(before), launch.pin(before)):
        with pytest.raises(NotFound, match=f"no checkpoint before-sending at position {before.position} here"):
            await call
    assert (await launch.state())["title"] == "Other"


async def test_what_was_before_all_was_forgotten_is_out_of_reach(launch: ScopedMemory) -> None:
    before = await _fill(launch)
    await launch.forget(everything=True)
    await launch.update(title="Anew")
    with pytest.raises(InvalidInput, match="must be a position from"):
        await launch.state(at=before)
    with pytest.raises(InvalidInput, match="must be a position from"):
        await launch.restore(before.position)
    assert (await launch.state())["title"] == "Anew"


async def test_what_was_restored_is_reduced_as_before(launch: ScopedMemory) -> None:
    before = await _fill(launch)
    await launch.update(verdict=told("stay", confidence=0.9), calls_left=-50)
    await launch.restore(before)
    await launch.update(verdict=told("no", confidence=0.4), calls_left=-1, findings=["c"])
    state = await launch.state()
    assert (state["verdict"], state["calls_left"], state["findings"]) == ("enter", 98, ["a", "b", "c"])


async def test_another_agents_restore_is_a_change_that_was_not_seen(launch: ScopedMemory) -> None:
    before = await _fill(launch)
    ann = launch.agent("ann")
    await ann.update(title="Three")
    await ann.state()
    await launch.agent("bob").restore(before)
    assert (await ann.update(title="Four")).unseen == ("title",)


TAMPERED = {
    "a value": "update semmem.state set value = '\"Other\"' where field = 'title' and to_position is null",
    "a past value": "update semmem.state set value = '\"x\"' where field = 'findings'",
    "a confidence": "update semmem.state set confidence = 0.6 where field = 'verdict'",
    "a teller": "update semmem.state set agent = 'bob' where field = 'tags'",
    "a time": "update semmem.state set told_at = told_at + interval '1 us' where field = 'owners'",
    "a beginning": "update semmem.state set from_position = 3 where field = 'owners'",
    "an end": "update semmem.state set to_position = 4 where field = 'owners'",
    "a name": "update semmem.state set piece = 'z' where field = 'owners'",
    "a loss": "delete from semmem.state where field = 'calls_left'",
    "an addition": "insert into semmem.state select tenant, scope_kind, scope_id, 'report', piece, from_position, "
    "to_position, shape, value, confidence, agent, told_at, recorded_at from semmem.state where field = 'calls_left'",
    "a digest": "update semmem.checkpoints set digest = sha256('')",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
async def test_what_was_tampered_with_is_damaged(
    launch: ScopedMemory, owner: asyncpg.Connection, statement: str
) -> None:
    before = await _fill(launch)
    await launch.update(status="later", title="Three")
    await launch.verify(before)
    await owner.execute(statement)
    if statement == TAMPERED["a value"]:  # it began after the checkpoint
        await launch.verify(before)
        return
    for call in (launch.verify(before), launch.restore(before)):
        with pytest.raises(Damaged, match="before-sending"):
            await call


async def test_three_are_kept_and_what_is_pinned(launch: ScopedMemory, owner: asyncpg.Connection) -> None:
    await launch.update(title="0")
    pinned = await launch.checkpoint("pinned", pinned=True)
    made = []
    for number in range(1, 6):
        await launch.update(title=str(number))
        made.append(await launch.checkpoint())
    kept = await launch.checkpoints()
    assert [checkpoint.name for checkpoint in kept] == [*(each.name for each in reversed(made[2:])), "pinned"]
    assert [(await launch.state(at=each))["title"] for each in kept] == ["5", "4", "3", "0"]
    with pytest.raises(NotFound, match=made[0].name):
        await launch.restore(made[0])

    await launch.pin(pinned, pinned=False)
    await launch.update(title="6")
    newest = await launch.checkpoint()
    assert [checkpoint.name for checkpoint in await launch.checkpoints()] == [newest.name, made[4].name, made[3].name]
    for call in (launch.state(at=made[2]), launch.restore(made[2].position)):
        with pytest.raises(InvalidInput, match=f"from {made[3].position}"):
            await call
    assert await owner.fetchval("select count(*) from semmem.state") == 3  # 4, 5 and 6
    await launch.restore(made[3])
    assert (await launch.state())["title"] == "4"


async def test_a_name_is_taken_once_and_a_checkpoint_is_of_its_scope(
    memory: Memory, launch: ScopedMemory, tenant: str
) -> None:
    before = await _fill(launch)
    with pytest.raises(InvalidInput, match="name"):
        await launch.checkpoint("before-sending")
    other = memory.scope(tenant=tenant, workspace="other", state=Launch)
    for call in (other.state(at=before), other.restore(before), other.verify(before), other.pin(before)):
        with pytest.raises(InvalidInput, match="scope"):
            await call
    await launch.forget(everything=True)
    for call in (launch.verify(before), launch.restore(before), launch.pin(before)):
        with pytest.raises(NotFound):
            await call
