"""A record is kept under the caller's own key: a new value takes the place of the earlier one, in every store."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from semmem import InvalidInput, NewEvent, NewRecord, ScopedMemory
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.faults.oracle import drift

pytestmark = pytest.mark.shared

TEA, COFFEE = NewEvent(content="I drink jasmine tea."), NewEvent(content="I drink black coffee.")


async def _texts(memory: ScopedMemory, query: str) -> set[str]:
    return {hit.text for hit in await memory.recall(query)}


async def test_a_record_is_read_by_its_key_and_found_by_what_its_event_says(alice: ScopedMemory) -> None:
    made = await alice.records.put("drink", {"name": "tea"}, event=TEA)
    await alice.settled(facts=False)

    assert await alice.records.get("drink") == made
    hit = (await alice.recall("What does she drink?"))[0]
    assert await alice.records.of([hit.sources[0].event_id]) == {made.event: made}


async def test_a_new_value_takes_the_place_of_the_earlier_one(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    first = await alice.records.put("drink", {"name": "tea"}, event=TEA)
    await alice.settled()
    clock.advance(hours=1)
    second = await alice.records.put("drink", {"name": "coffee"}, event=COFFEE)
    await alice.settled()

    assert (second.created_at, second.value) == (first.created_at, {"name": "coffee"})
    assert second.updated_at > first.updated_at
    assert not any("tea" in text for text in await _texts(alice, "What does she drink?"))
    assert not any("tea" in fact.text for fact in await alice.facts(superseded=True))
    assert [event.id for event in await alice.history()] == [second.event]
    assert await drift(application, alice) == set()


async def test_a_record_without_an_event_is_kept_and_never_found(alice: ScopedMemory) -> None:
    await alice.records.put("counter", {"count": 3})
    assert await alice.history() == []
    found = await alice.records.get("counter")
    assert found is not None
    assert found.value == {"count": 3}


async def test_two_writers_of_one_key_leave_one_record_and_one_event(alice: ScopedMemory) -> None:
    events = [NewEvent(content=f"Version {number}.") for number in range(8)]
    await asyncio.gather(*(alice.records.put("k", {}, event=event) for event in events))

    (record,) = await alice.records.find()
    assert [event.id for event in await alice.history()] == [record.event]


async def test_two_records_may_say_the_same(alice: ScopedMemory) -> None:
    same = [NewEvent(content="Same.", agent=agent) for agent in ("a", "b")]
    one, two = [await alice.records.put(event.agent or "", {}, event=event) for event in same]
    await alice.records.delete([one.key])
    assert await alice.records.get(two.key) == two


async def test_records_are_listed_in_the_order_they_were_first_put(alice: ScopedMemory) -> None:
    branch = alice.branch("b")
    await alice.records.put("1", {"kind": "x", "tags": ["a", "b"]})
    await branch.records.put("2", {"kind": "y"})
    await alice.records.put("3", {"kind": "x"})
    await alice.records.put("1", {"kind": "x", "tags": ["c"]})

    assert [record.key for record in await alice.records.find(also=[branch])] == ["1", "2", "3"]
    assert [record.key for record in await alice.records.find(also=[branch], offset=1, limit=1)] == ["2"]
    assert [record.key for record in await alice.records.find(matching={"kind": "x"})] == ["1", "3"]
    assert [record.key for record in await alice.records.find(matching={"tags": ["c"]})] == ["1"]


async def test_records_are_read_by_their_keys_from_several_places(alice: ScopedMemory, clock: ManualClock) -> None:
    branch = alice.branch("b")
    here, there = await alice.records.put("1", {"n": 1}), await branch.records.put("1", {"n": 2})
    await branch.records.put("2", {}, ttl=timedelta(minutes=5))
    clock.advance(minutes=5)
    assert await alice.records.named(["1", "2", "3"]) == [here]
    assert await alice.records.named(["2", "1"], also=[branch]) == [here, there]
    assert await alice.records.named([]) == []
    with pytest.raises(InvalidInput, match=r"keys\[1\]"):
        await alice.records.named(["1", ""])


async def test_deleting_forgets_the_events_too(alice: ScopedMemory, application: Application) -> None:
    await alice.records.put("drink", {}, event=TEA)
    await alice.records.put("counter", {})
    await alice.settled()

    assert await alice.records.delete(["drink", "counter", "unknown"]) == 2
    await alice.settled()
    assert (await alice.history(), await alice.facts(), await alice.records.find()) == ([], [], [])
    assert await drift(application, alice) == set()


async def test_forgetting_deletes_the_records(alice: ScopedMemory) -> None:
    record = await alice.records.put("drink", {}, event=TEA)
    await alice.records.put("counter", {})
    receipt = await alice.forget(event=record.event)
    assert receipt.counts["records"] == 1
    assert [left.key for left in await alice.records.find()] == ["counter"]
    assert (await alice.forget(everything=True)).counts["records"] == 1
    assert await alice.records.find() == []


async def test_an_expired_record_is_gone_at_once_and_its_event_is_swept(
    alice: ScopedMemory, application: Application, clock: ManualClock
) -> None:
    record = await alice.records.put("code", {}, event=TEA, ttl=timedelta(minutes=5))
    await alice.records.put("counter", {}, ttl=timedelta(minutes=5))
    await alice.settled()
    clock.advance(minutes=5)

    assert await alice.records.get("code") is None
    assert await alice.records.find() == []
    assert record.event
    assert await alice.records.of([record.event]) == {}

    await wait_until(lambda: _empty(alice))
    await alice.settled()
    assert await drift(application, alice) == set()


async def _empty(alice: ScopedMemory) -> bool:
    return not await alice.history()


async def test_reading_may_start_the_time_to_live_again(alice: ScopedMemory, clock: ManualClock) -> None:
    await alice.records.put("code", {}, ttl=timedelta(minutes=5))
    clock.advance(minutes=4)
    assert await alice.records.get("code", refresh=True)
    clock.advance(minutes=4)
    assert await alice.records.find(refresh=True)
    clock.advance(minutes=4)
    assert await alice.records.named(["code"], refresh=True)
    clock.advance(minutes=4)
    assert await alice.records.get("code")
    clock.advance(minutes=1)
    assert await alice.records.get("code") is None


async def test_only_what_was_read_lives_on(alice: ScopedMemory, clock: ManualClock) -> None:
    branch = alice.branch("b")
    for place in (alice, branch):
        await place.records.put("code", {}, ttl=timedelta(minutes=5))
    clock.advance(minutes=4)
    assert len(await alice.records.find(also=[branch], refresh=True, limit=1)) == 1
    clock.advance(minutes=4)
    assert await alice.records.get("code")
    assert await branch.records.get("code") is None


async def test_an_expired_key_starts_anew(alice: ScopedMemory, clock: ManualClock) -> None:
    first = await alice.records.put("code", {"n": 1}, event=TEA, ttl=timedelta(minutes=5))
    clock.advance(minutes=6)
    second = await alice.records.put("code", {"n": 2}, event=COFFEE)
    assert second.created_at > first.created_at
    assert [event.content for event in await alice.history()] == [COFFEE.content]


async def test_all_records_of_a_call_are_stored_or_none(alice: ScopedMemory, clock: ManualClock) -> None:
    late = NewEvent(content="x", occurred_at=clock() + timedelta(days=2))
    with pytest.raises(InvalidInput, match=r"records\[1\]\.event\.occurred_at"):
        await alice.records.put_many([NewRecord(key="a", value={}), NewRecord(key="b", value={}, event=late)])
    assert await alice.records.find() == []


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("key", {"key": ""}),
        ("value", {"value": {"x": float("nan")}}),
        ("value", {"value": {"x": "y" * 70_000}}),
        ("event.key", {"event": NewEvent(content="x", key="k")}),
        ("ttl", {"ttl": timedelta()}),
        ("ttl", {"ttl": timedelta(days=40_000)}),
    ],
)
def test_a_record_that_can_not_be_kept_is_refused(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        NewRecord(**({"key": "k", "value": {}} | given))
    assert refused.value.field == field


async def test_one_call_names_a_key_once(alice: ScopedMemory) -> None:
    with pytest.raises(InvalidInput, match="records"):
        await alice.records.put_many([NewRecord(key="a", value={}), NewRecord(key="a", value={})])
    with pytest.raises(InvalidInput, match="records"):
        await alice.records.put_many([])
