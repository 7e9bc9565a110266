"""What a delivery led to may be a change of the state, in the transaction that settles it."""

from datetime import timedelta
from typing import Any

import pytest

from semmem import Conflict, Delivery, InvalidInput, LockLost, NewEvent, ScopedMemory
from semmem.memory.memory import Memory
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

MINUTE = timedelta(minutes=1)


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch", state=Launch)


async def test_an_event_is_counted_once(launch: ScopedMemory) -> None:
    for number in range(5):
        await launch.remember(f"Invoice {number}.", event_type="invoice")
    group = launch.agent("billing").group("billing", event_types={"invoice"}, start="first")
    async with group.deliveries(consumer="b-1") as inbox:
        for _ in range(5):
            delivery = await anext(inbox)
            paid = NewEvent(content=f"Paid {delivery.key}.", agent="billing")
            await delivery.settle(remember=[paid], update={"calls_left": -1, "tags": {delivery.key}})
    state = await launch.state()
    assert (state["calls_left"], len(state["tags"]), state.by["tags"]) == (95, 5, "billing")
    assert (await group.lag()).leased == 0


async def test_what_cannot_be_written_settles_nothing(launch: ScopedMemory) -> None:
    await launch.remember("Invoice 1.", event_type="invoice")
    await launch.agent("ann").update(report="By ann.")
    billing = launch.agent("billing")
    async with billing.lock("report", ttl=MINUTE) as lost:
        pass
    group = billing.group("billing", event_types={"invoice"}, start="first")

    async def settle(delivery: Delivery) -> None:
        paid = [NewEvent(content="Paid.")]
        with pytest.raises(Conflict):
            await delivery.settle(remember=paid, update={"calls_left": -1, "report": "By billing."})
        for change in ({"calls_left": -1}, None):
            with pytest.raises(LockLost):
                await delivery.settle(remember=paid, update=change, lock=lost)
        wrong: Any
        for wrong in ({"unknown": 1}, {}, [], 3):
            with pytest.raises(InvalidInput):
                await delivery.settle(remember=paid, update=wrong)

    async with group.deliveries(consumer="b-1") as inbox:
        delivery = await anext(inbox)
        await settle(delivery)
        assert (await group.lag()).leased == 1
        assert (await launch.state())["calls_left"] == 100
        assert len(await launch.history()) == 1
        async with billing.lock("report", ttl=MINUTE) as lock:
            await delivery.settle(update={"calls_left": -1}, lock=lock)
    assert ((await group.lag()).leased, (await launch.state())["calls_left"]) == (0, 99)
