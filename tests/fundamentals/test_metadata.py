"""Metadata and records' values: bounded in depth, keys and size, and given back as they were."""

import json
import math
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from semmem import Event, InvalidInput, NewEvent, NewRecord, ScopedMemory
from semmem.domain.checks import MAX_DEPTH, MAX_KEYS
from semmem.wiring.bootstrap import Application
from tests.cached import cached_events

pytestmark = pytest.mark.shared

NUMBERS: list[int | float] = [
    *(0, -0.0, 0.0, 1, 1.0, -1.0, 2**53 + 1, -(2**63), 2**64, 10**400, 0.1, 0.1 + 0.2),
    *(1e15, 1e16, 1e22, 1e23, 1.5e300, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 123456789.123456789),
]


def nested(levels: int, of: Callable[[Any], Any] = lambda inner: {"a": inner}) -> Any:
    value: Any = {"a": 1}
    for _ in range(levels - 1):
        value = of(value)
    return value


def alike(one: object, other: object) -> bool:
    """With the same types and the same sign of zero, in the same order."""
    return json.dumps(one) == json.dumps(other)


async def test_numbers_come_back_as_they_went_in(application: Application, alice: ScopedMemory) -> None:
    given = {"numbers": NUMBERS, "z": [True, None, ""], "a": {"b": -0.0, "a": 1e16}}
    await alice.remember("I like tea.", metadata=given)
    made = await alice.records.put("k", given, event=NewEvent(content="I like mint.", metadata=given))
    await alice.settled()

    kept = [event.metadata for event in await alice.history()]
    found = [hit.item.metadata for hit in await alice.recall("tea") if isinstance(hit.item, Event)]
    record = await alice.records.get("k")
    assert record is not None
    assert all(alike(each, given) for each in [*kept, *found, made.value, record.value])
    cached = [event.metadata for event in await cached_events(application, alice)]
    assert all(alike(each, given) for each in cached)


async def test_an_archive_keeps_them_too(alice: ScopedMemory, memory: Any) -> None:
    given = {"numbers": NUMBERS}
    await alice.remember("I like tea.", metadata=given)
    await alice.records.put("k", given)
    bob = memory.scope(tenant=alice.scope.tenant, user="bob")
    await bob.import_([line async for line in alice.export()])
    [event] = await bob.history()
    record = await bob.records.get("k")
    assert record is not None
    assert alike(event.metadata, given)
    assert alike(record.value, given)


async def test_records_are_found_by_their_numbers(alice: ScopedMemory) -> None:
    await alice.records.put("k", {"n": 1e16, "m": 10**30})
    assert len(await alice.records.find(matching={"n": 10**16})) == 1
    assert await alice.records.find(matching={"m": 10**30 + 1}) == []


BAD = {
    "levels": nested(MAX_DEPTH + 1),
    "levels of lists": {"a": nested(MAX_DEPTH, lambda inner: [inner])},
    "256 levels": nested(256),
    "100,000 levels": nested(100_000),
    "keys": {str(number): 0 for number in range(MAX_KEYS + 1)},
    "keys of many": {"a": [{"k": 0} for _ in range(MAX_KEYS)]},
    "a number as a key": {"a": {1: 2}},
    "infinity": {"a": json.loads("1e400")},
    "-infinity": {"a": [-math.inf]},
    "NaN": {"a": {"b": math.nan}},
    "5,000 digits": {"a": 10**5_000},
}


@pytest.mark.parametrize("told", BAD)
def test_what_cannot_be_kept_is_refused(told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        NewEvent(content="tea", metadata=BAD[told])
    assert refused.value.field == "metadata"
    with pytest.raises(InvalidInput) as refused:
        NewRecord(key="k", value=BAD[told])
    assert refused.value.field == "value"


async def test_the_deepest_and_the_widest_that_is_taken_is_read(alice: ScopedMemory) -> None:
    deep, wide = nested(MAX_DEPTH), {str(number): 0 for number in range(MAX_KEYS)}
    for given in (deep, wide):
        await alice.remember("I like tea.", metadata=given)
        await alice.records.put("k", given)
    await alice.settled()
    for _ in range(2):  # from Postgres, then from Redis
        assert (await alice.context("tea", budget=500)).degraded == frozenset()
    assert [event.metadata for event in await alice.history()] == [wide, deep]


async def test_deeper_rows_that_are_there_already_are_read(alice: ScopedMemory, postgres_url: str) -> None:
    await alice.remember("I like tea.")
    await alice.settled()
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("update semmem.events set metadata = $1", json.dumps(nested(500)))
    await connection.execute("update semmem.scopes set epoch = epoch + 1")  # as where Redis has lost its list
    await connection.close()
    assert "tea" in (await alice.context("tea", budget=500)).text
    assert len(await alice.recall("tea")) == 2
    await alice.forget(everything=True)


@pytest.mark.parametrize("number", [10**400, -(10**400), 2, -1, math.nan, math.inf, "1", True, None])
def test_an_importance_is_a_number_from_0_to_1(number: Any) -> None:
    with pytest.raises(InvalidInput, match="importance"):
        NewEvent(content="tea", importance=number)
