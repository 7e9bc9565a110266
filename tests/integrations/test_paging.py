"""Whole lists of records, while others delete some and others expire."""

from contextlib import aclosing
from datetime import timedelta

import pytest

from semmem import NewRecord, ScopedMemory
from semmem.integrations.paging import pages_of
from semmem.testing import ManualClock

pytestmark = pytest.mark.shared

KEYS = [f"k{number}" for number in range(9)]


async def fill(place: ScopedMemory, **kept: timedelta) -> None:
    await place.records.put_many([NewRecord(key=key, value={"of": "list"}, ttl=kept.get(key)) for key in KEYS])


@pytest.mark.parametrize("gone", [["k0"], ["k1", "k2"], ["k2", "k4"], ["k0", "k1", "k2"]])
async def test_what_another_caller_deletes_hides_nothing_else(alice: ScopedMemory, gone: list[str]) -> None:
    await fill(alice)
    found: list[str] = []
    async with aclosing(pages_of([alice, alice.branch("b")], matching={"of": "list"}, size=3)) as pages:
        async for page in pages:
            found += [record.key for record in page]
            await alice.records.delete(gone)

    assert found == [key for key in KEYS if key in KEYS[:3] or key not in gone]


async def test_what_expires_meanwhile_hides_nothing_else(alice: ScopedMemory, clock: ManualClock) -> None:
    await fill(alice, k1=timedelta(minutes=5), k2=timedelta(minutes=5))
    found: list[str] = []
    async with aclosing(pages_of([alice], matching={}, size=3)) as pages:
        async for page in pages:
            found += [record.key for record in page]
            clock.advance(minutes=6)

    assert found == KEYS


async def test_what_is_deleted_and_put_again_hides_nothing_else(alice: ScopedMemory, clock: ManualClock) -> None:
    await fill(alice)
    found: list[str] = []
    async with aclosing(pages_of([alice], matching={"of": "list"}, size=3)) as pages:
        async for page in pages:
            found += [record.key for record in page]
            if found == KEYS[:3]:
                clock.advance(seconds=1)
                await alice.records.delete(["k2"])
                await alice.records.put("k2", {"of": "list"})

    assert found == KEYS


async def test_a_record_that_was_replaced_keeps_its_place(alice: ScopedMemory, clock: ManualClock) -> None:
    await fill(alice)
    first, *_ = await alice.records.find(limit=1)
    clock.advance(seconds=1)
    await alice.records.put("k0", {"of": "list"})

    assert [record.key for record in await alice.records.find(after=first, limit=2)] == ["k1", "k2"]
