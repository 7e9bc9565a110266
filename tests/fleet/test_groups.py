"""Consumer groups: each event is worked by one consumer, and what it led to is stored once, whoever dies meanwhile."""

import asyncio
import os
import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from semmem import Conflict, Delivery, Inbox, InvalidInput, LeaseLost, LockLost, Memory, NewEvent, NotFound
from semmem.domain.entry import MAX_POSITION
from semmem.memory.groups import Group
from semmem.memory.scoped import ScopedMemory
from semmem.stores.postgres import groups
from semmem.testing import ManualClock, wait_until
from tests.counts import whole_count
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

SECONDS = 60
SHORTEST = timedelta(seconds=1)
WHOLE, KILLS = int(os.environ.get("SEMMEM_TEST_DELIVERIES", "2000")), 50


@pytest.fixture(scope="module")
def opened_with() -> dict[str, Any]:
    return {"worker": False}


async def _next(inbox: Inbox) -> Delivery:
    async with asyncio.timeout(SECONDS):
        return await anext(inbox)


def _paid(delivery: Delivery) -> NewEvent:
    assert delivery.entry.event is not None
    return NewEvent(content=f"paid {delivery.entry.event.content}", event_type="payment")


async def _invoices(alice: ScopedMemory, count: int) -> None:
    for start in range(0, count, 500):
        batch = range(start, min(count, start + 500))
        await alice.remember_many([NewEvent(content=f"invoice {n}", event_type="invoice") for n in batch])


async def _payments(alice: ScopedMemory) -> Counter[str]:
    return Counter([event.content async for event in alice.events() if event.event_type == "payment"])


async def test_a_delivery_and_what_it_led_to_end_together(alice: ScopedMemory) -> None:
    group = alice.group("billing", event_types={"invoice"}, start="first")
    await alice.remember("not an invoice")
    await _invoices(alice, 2)
    async with group.deliveries(consumer="b-1") as inbox:
        first, second = await _next(inbox), await _next(inbox)
        assert [each.entry.position for each in (first, second)] == [2, 3]
        assert (first.attempt, inbox.group) == (1, "billing")
        assert first.key.startswith("billing:")
        assert first.key != second.key
        await first.settle(remember=[_paid(first)])
        assert (await group.lag()).leased == 1
        await second.settle()
    assert await _payments(alice) == {"paid invoice 0": 1}
    with pytest.raises(LeaseLost):
        await first.settle(remember=[_paid(first)])
    assert (await _payments(alice)).total() == 1


async def test_a_change_of_the_state_ends_with_the_delivery_or_neither_does(
    memory: Memory, alice: ScopedMemory
) -> None:
    shared = memory.at(alice.place, state=Launch)
    me, other = shared.agent("b-1"), shared.agent("r-1")
    await _invoices(alice, 3)
    async with me.group("billing", start="first").deliveries(consumer="b-1") as inbox:
        delivery = await _next(inbox)
        await delivery.settle(remember=[_paid(delivery)], update={"calls_left": -1})
        with pytest.raises(LeaseLost):
            await delivery.settle(update={"calls_left": -1})
        assert (await me.state())["calls_left"] == 99
        assert [event.agent for event in await alice.latest(event_type="payment")] == ["b-1"]

        delivery = await _next(inbox)
        await other.update(report="theirs")
        with pytest.raises(Conflict):
            await delivery.settle(remember=[_paid(delivery)], update={"calls_left": -1, "report": "mine"})
        state = await me.state()
        assert (state["calls_left"], state["report"]) == (99, "theirs")
        await delivery.settle(update={"report": "mine"})  # it has seen theirs now, and the delivery is still its own

        delivery = await _next(inbox)
        async with me.lock("desk", ttl=SHORTEST) as lock:
            await asyncio.sleep(1.1)
            async with other.lock("desk", ttl=SHORTEST):
                for update in (None, {"calls_left": -1}):
                    with pytest.raises(LockLost):
                        await delivery.settle(remember=[_paid(delivery)], update=update, lock=lock)
        assert (await me.state())["calls_left"] == 99
        await delivery.settle()
    assert await _payments(alice) == {"paid invoice 0": 1}


async def test_what_is_not_settled_in_time_is_taken_over_and_the_late_one_stores_nothing(alice: ScopedMemory) -> None:
    await _invoices(alice, 1)
    group = alice.group("billing", start="first")
    async with group.deliveries(consumer="slow", lease=SHORTEST) as slow, group.deliveries(consumer="quick") as quick:
        late = await _next(slow)
        taken = await _next(quick)
        assert (taken.entry.position, taken.attempt) == (late.entry.position, 2)
        with pytest.raises(LeaseLost) as error:
            await late.settle(remember=[_paid(late)])
        assert (error.value.group, error.value.position) == ("billing", 1)
        assert slow._held == {}, "a lease that was lost is kept"
        await taken.settle(remember=[_paid(taken)])
    assert await _payments(alice) == {"paid invoice 0": 1}


async def test_leases_that_lapse_are_not_kept(alice: ScopedMemory, clock: ManualClock) -> None:
    await _invoices(alice, 3)
    async with alice.group("billing", start="first").deliveries(consumer="b-1", lease=SHORTEST) as inbox:
        for _ in range(3):
            await _next(inbox)
            clock.advance(seconds=2)
        assert len(inbox._held) == 1


async def test_who_leaves_gives_back_at_once_what_was_not_settled(alice: ScopedMemory) -> None:
    await _invoices(alice, 1)
    group = alice.group("billing", start="first")
    async with group.deliveries(consumer="b-1", lease=timedelta(hours=1)) as inbox:
        await _next(inbox)
    async with group.deliveries(consumer="b-2") as inbox:
        assert (await _next(inbox)).attempt == 2


async def test_what_fails_again_and_again_is_a_dead_letter_until_it_is_replayed(
    alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "ATTEMPTS", 2)
    await _invoices(alice, 2)
    group = alice.group("billing", start="first")
    async with group.deliveries(consumer="b-1") as inbox:
        for attempt in (1, 2):
            poison = await _next(inbox)
            assert (poison.entry.position, poison.attempt) == (1, attempt)
            await poison.release()
        assert (await _next(inbox)).entry.position == 2
        assert [letter.position for letter in await group.dead_letters()] == [1]
        assert (await group.lag()).dead == 1
        assert (await group.replay([9]), await group.replay([1])) == (0, 1)
        again = await _next(inbox)
        assert (again.entry.position, again.attempt) == (1, 1)
        await again.settle()
    assert await group.dead_letters() == []


async def test_groups_begin_where_they_are_told_and_do_not_meet(alice: ScopedMemory) -> None:
    await _invoices(alice, 3)
    seen = {}
    for name, start in (("first", "first"), ("behind", 2), ("next", "next")):
        async with alice.group(name, start=start).deliveries(consumer="c") as inbox:  # type: ignore[arg-type]
            if name == "next":
                await _invoices(alice, 1)
            delivery = await _next(inbox)
            seen[name] = delivery.entry.position
            await delivery.settle()
    assert seen == {"first": 1, "behind": 3, "next": 4}


async def test_a_key_is_the_same_at_every_attempt_and_of_one_place_alone(
    memory: Memory, alice: ScopedMemory, tenant: str
) -> None:
    """Whoever refuses repetitions outside would else pay one tenant's invoice for another's."""
    places = [alice, alice.branch("july"), memory.scope(tenant=tenant.replace("acme", "globex"), user="alice")]
    keys = []
    for place in places:
        await place.remember("invoice 0", event_type="invoice", key="invoice-0")
        async with place.group("billing", start="first").deliveries(consumer="b-1") as inbox:
            first = await _next(inbox)
            await first.release()
            again = await _next(inbox)
        assert (first.key, again.attempt) == (again.key, 2)
        keys.append(first.key)
    assert len(set(keys)) == len(places)


@pytest.mark.parametrize("start", [4, MAX_POSITION])
async def test_a_group_does_not_begin_ahead_of_the_log(alice: ScopedMemory, start: int) -> None:
    await _invoices(alice, 3)
    with pytest.raises(InvalidInput, match="must be from 0 to 3, where the log is"):
        await alice.group("billing", start=start).deliveries(consumer="b-1").__aenter__()
    async with alice.group("billing", start=3).deliveries(
        consumer="b-1"
    ):  # nothing is left of the one that was refused
        assert (await alice.group("billing").lag()).behind == 0


async def test_replayed_dead_letters_of_a_group_in_order_come_one_by_one(
    alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "ATTEMPTS", 1)
    await _invoices(alice, 3)
    group = alice.group("ledger", ordered=True, start="first")
    async with group.deliveries(consumer="a") as one, group.deliveries(consumer="b") as other:
        first = await _after_a_replay(group, one, other, 3)
        waiting = asyncio.ensure_future(anext(one))
        await asyncio.sleep(0.7)
        assert not waiting.done()
        await first.settle()
        async with asyncio.timeout(SECONDS):
            second = await waiting
        assert (first.entry.position, second.entry.position) == (1, 2)


async def _after_a_replay(group: Group, one: Inbox, other: Inbox, count: int) -> Delivery:
    """What the other is given first, once all have failed in the hands of the one, and are replayed."""

    async def all_are_dead() -> bool:
        return len(await group.dead_letters()) == count

    for _ in range(count):
        await (await _next(one)).release()
    waiting = asyncio.ensure_future(anext(other))
    await wait_until(all_are_dead)
    assert await group.replay() == count
    async with asyncio.timeout(SECONDS):
        return await waiting


async def test_of_what_lapsed_together_each_goes_to_one_consumer_and_none_waits(
    alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "ATTEMPTS", 1)
    await _invoices(alice, 5)
    group = alice.group("billing", start="first")
    async with group.deliveries(consumer="a") as one, group.deliveries(consumer="b") as other:
        first = await _after_a_replay(group, one, other, 5)
        taken = [first, *[await _next(inbox) for inbox in (one, other, one, other)]]
        assert [(each.entry.position, each.attempt) for each in taken] == [(n, 1) for n in range(1, 6)]


@pytest.mark.usefixtures("own_application")
async def test_a_group_that_catches_up_does_not_wait_between_its_looks(
    alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "REACH", 10)
    monkeypatch.setattr("semmem.memory.groups.LOOK_FOR_LAPSED", 3_600)
    monkeypatch.setattr("semmem.memory.watching.LOOK_EVERY", 3_600)
    await alice.remember_many([NewEvent(content=f"note {number}") for number in range(95)])
    await _invoices(alice, 1)
    async with alice.group("billing", event_types={"invoice"}, start="first").deliveries(consumer="b-1") as inbox:
        assert (await _next(inbox)).entry.position == 96


async def test_in_order_one_is_settled_before_the_next_is_handed_out(alice: ScopedMemory) -> None:
    await _invoices(alice, 2)
    group = alice.group("ledger", ordered=True, start="first")
    async with group.deliveries(consumer="a") as one, group.deliveries(consumer="b") as other:
        first = await _next(one)
        waiting = asyncio.ensure_future(anext(other))
        await asyncio.sleep(0.7)
        assert not waiting.done()
        await first.settle()
        async with asyncio.timeout(SECONDS):
            assert (await waiting).entry.position == 2


async def test_what_is_forgotten_is_delivered_no_more(alice: ScopedMemory) -> None:
    await _invoices(alice, 3)
    group = alice.group("billing", start="first")
    async with group.deliveries(consumer="b-1") as inbox:
        held = await _next(inbox)
        first, second = (entry.event for entry in await alice.entries(limit=2))
        assert first
        assert second
        await alice.forget(event=first.id)
        await alice.forget(event=second.id)
        with pytest.raises(LeaseLost):
            await held.settle(remember=[_paid(held)])
        assert (await _next(inbox)).entry.position == 3
        await alice.forget(everything=True)
        with pytest.raises(NotFound):
            await _next(inbox)
    assert await _payments(alice) == {}


async def test_nobody_is_given_what_is_another_place_s(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    for memory in strangers:
        await _invoices(memory, 1)
    async with alice.group("billing", start="first").deliveries(consumer="b-1") as inbox:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(inbox)
        for memory in strangers:
            with pytest.raises(NotFound):
                await memory.group("billing").lag()


async def test_a_deleted_group_ends_its_consumers(alice: ScopedMemory) -> None:
    group = alice.group("billing")
    async with group.deliveries(consumer="b-1") as inbox:
        assert (await group.delete(), await group.delete()) == (True, False)
        with pytest.raises(NotFound, match="billing"):
            await _next(inbox)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "g", "event_types": "invoice"}, "event_types"),
        ({"name": "g", "ordered": 1}, "ordered"),
        ({"name": "g", "start": "last"}, "start"),
        ({"name": "g", "start": -1}, "start"),
    ],
)
def test_bad_groups_are_named(alice: ScopedMemory, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{field}: "):
        alice.group(**given)


async def test_bad_calls_are_named(alice: ScopedMemory) -> None:
    group = alice.group("billing", event_types=["invoice"])
    for lease in (timedelta(), timedelta(hours=2), 30):
        with pytest.raises(InvalidInput, match=r"^lease: "):
            group.deliveries(consumer="b-1", lease=lease)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"^consumer: "):
        group.deliveries(consumer="")
    with pytest.raises(InvalidInput, match=r"^deliveries: "):
        await anext(group.deliveries(consumer="b-1"))
    async with group.deliveries(consumer="b-1"):
        with pytest.raises(InvalidInput, match=r"^name: is another group's"):
            await alice.group("billing").deliveries(consumer="b-1").__aenter__()
    for n in range(groups.MAX_GROUPS - 1):
        async with alice.group(f"group {n}").deliveries(consumer="c"):
            pass
    with pytest.raises(InvalidInput, match=r"^name: would be one of more than 16 groups"):
        await alice.group("one more").deliveries(consumer="c").__aenter__()


async def _consume(group: Group, name: str, chance: random.Random) -> None:
    async with group.deliveries(consumer=name, lease=SHORTEST) as inbox:
        async for delivery in inbox:
            if chance.random() < 0.02:
                await asyncio.sleep(1.2)  # stands still for longer than its lease
            with suppress(LeaseLost):
                await delivery.settle(remember=[_paid(delivery)])


async def _once(alice: ScopedMemory, count: int, kills: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five consumers, of whom one is cancelled wherever it is, again and again."""
    monkeypatch.setattr(groups, "ATTEMPTS", 1_000)
    chance = random.Random(7)
    await _invoices(alice, count)
    group = alice.group("billing", event_types={"invoice"}, start="first")
    consumers = [asyncio.create_task(_consume(group, f"b-{n}", chance)) for n in range(5)]
    killed = 0
    async with asyncio.timeout(1_800):
        while (await _payments(alice)).total() < count or killed < kills:
            await asyncio.sleep(0.02 + chance.random() * 0.1)
            if killed < kills:
                victim = chance.randrange(5)
                consumers[victim].cancel()
                await asyncio.wait({consumers[victim]})
                consumers[victim] = asyncio.create_task(_consume(group, f"b-{victim}-{killed}", chance))
                killed += 1
    for consumer in consumers:
        consumer.cancel()
    await asyncio.wait(consumers)
    payments = await _payments(alice)
    assert payments == {f"paid invoice {n}": 1 for n in range(count)}
    lag = await group.lag()
    assert (lag.leased, lag.dead) == (0, 0)


@pytest.mark.usefixtures("own_application")
async def test_each_effect_happens_once(alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    await _once(alice, 60, 8, monkeypatch)


@whole_count
@pytest.mark.usefixtures("own_application")
async def test_each_effect_happens_once_of_the_whole_count(
    alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _once(alice, WHOLE, KILLS, monkeypatch)
