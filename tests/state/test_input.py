"""Wrong types and sizes, one argument at a time: each answers, or says what is wrong."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from semmem import InvalidInput, Memory, ScopedMemory
from tests.state.launch import Launch
from tests.wrong_input import faults, wrong_keywords, wrong_values

pytestmark = pytest.mark.shared


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


@pytest.mark.parametrize("name", ["expected", "seen", "lock", "told_at", "timeout"])
async def test_what_an_update_says_of_itself(launch: ScopedMemory, name: str) -> None:
    assert await faults(wrong_keywords(partial(launch.update, title="x"), [name])) == {}


@pytest.mark.parametrize("field", Launch.model_fields)
async def test_every_field(launch: ScopedMemory, field: str) -> None:
    assert await faults(wrong_keywords(launch.update, [field])) == {}
    await launch.state()


async def test_every_function(launch: ScopedMemory) -> None:
    rows = wrong_values(lambda wrong: launch.update(lambda state: wrong))
    assert await faults(rows) == {}


@pytest.mark.parametrize("name", ["at", "fields", "timeout"])
async def test_what_is_asked_of_the_state(launch: ScopedMemory, name: str) -> None:
    await launch.update(title="x")
    assert await faults(wrong_keywords(launch.state, [name])) == {}


async def test_how_long_a_lock_is_renewed_for(launch: ScopedMemory) -> None:
    async with launch.lock("report", ttl=timedelta(minutes=1)) as lock:
        assert await faults(wrong_values(lock.renew)) == {}


async def test_a_position_lies_within_the_log(launch: ScopedMemory) -> None:
    head = (await launch.update(title="x")).position
    for at in (head + 1, 2**62, -1):
        with pytest.raises(InvalidInput, match="at"):
            await launch.state(at=at)
    with pytest.raises(InvalidInput, match="to"):
        await launch.restore(head + 1)


async def test_an_update_names_fields_of_a_declared_state(memory: Memory, launch: ScopedMemory) -> None:
    with pytest.raises(InvalidInput, match="unknown"):
        await launch.update(unknown=1)
    with pytest.raises(InvalidInput, match="unknown"):
        await launch.state(fields=["unknown"])
    with pytest.raises(InvalidInput, match="changes"):
        await launch.update()
    plain = memory.at(launch.place)
    with pytest.raises(InvalidInput, match="state"):
        await plain.update(title="x")
    wrong: Any
    for wrong in (object, Launch(spent=1, lowest=1, findings=[], news=[], owners={}, tags=set()), "Launch", 3):
        with pytest.raises(InvalidInput, match="state"):
            memory.at(launch.place, state=wrong)


async def test_a_field_holds_so_many_parts_and_so_large_a_number(launch: ScopedMemory) -> None:
    for start in range(0, 10_000, 1_000):
        await launch.update(findings=[str(number) for number in range(start, start + 1_000)])
    with pytest.raises(InvalidInput, match="findings"):
        await launch.update(findings=["one too many"])
    await launch.update(calls_left=10**18 - 100)
    with pytest.raises(InvalidInput, match="calls_left"):
        await launch.update(calls_left=1)
    state = await launch.state()
    assert (len(state["findings"]), state["calls_left"]) == (10_000, 10**18)
