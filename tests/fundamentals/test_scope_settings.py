"""What is settled about a place: the zone in which its days are, and how long its events are kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from semmem import InvalidInput, ScopedMemory, ScopeSettings
from semmem.memory.memory import Memory
from semmem.testing import ManualClock, wait_until

pytestmark = pytest.mark.shared

LATE = datetime(2025, 7, 1, 22, 30, tzinfo=UTC)  # on 2 July in Berlin
DAY = timedelta(days=1)


async def test_nothing_is_settled_until_somebody_does(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    assert await alice.settings() == ScopeSettings()
    await alice.configure(ScopeSettings(zone="Europe/Berlin", keep_events_for=30 * DAY))
    await alice.configure(replace(await alice.settings(), keep_events_for=60 * DAY))
    assert await alice.settings() == ScopeSettings(zone="Europe/Berlin", keep_events_for=60 * DAY)
    apollo = alice.branch("apollo")
    await apollo.configure(ScopeSettings(zone="Asia/Tokyo"))
    assert (await alice.settings()).zone == "Europe/Berlin"
    for stranger in strangers:
        assert await stranger.settings() == ScopeSettings()
    await alice.configure(ScopeSettings())
    assert await alice.settings() == ScopeSettings()


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Europe/Berlin", LATE, "3 July 2025"),
        ("America/New_York", LATE, "2 July 2025"),
        ("Asia/Kathmandu", LATE, "3 July 2025"),
        ("Europe/Berlin", datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "2 January 2026"),  # standard time, an hour east
        ("Europe/London", datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "1 January 2026"),
        ("Pacific/Auckland", datetime(2024, 2, 28, 12, tzinfo=UTC), "1 March 2024"),  # the 29th there already
        (None, LATE, "2 July 2025"),
    ],
)
async def test_days_without_an_offset_are_those_of_the_zone(
    alice: ScopedMemory, zone: str | None, moment: datetime, day: str
) -> None:
    await alice.configure(ScopeSettings(zone=zone))
    ack = await alice.remember("My surgery is tomorrow.", occurred_at=moment)
    event = await alice.event(ack.id)
    assert event.occurred_at == moment
    await alice.settled()
    [fact] = await alice.facts()
    assert day in fact.text
    assert f"[{event.occurred_at:%Y-%m-%d}]" in (await alice.context("surgery", budget=300)).text


async def test_an_offset_that_a_caller_gave_counts_all_the_same(alice: ScopedMemory) -> None:
    await alice.configure(ScopeSettings(zone="Asia/Tokyo"))
    said_at = datetime.fromisoformat("2025-11-20T22:00:00-08:00")
    ack = await alice.remember("My surgery is tomorrow.", occurred_at=said_at)
    await alice.settled()
    assert (await alice.event(ack.id)).occurred_at.utcoffset() == said_at.utcoffset()
    assert "21 November 2025" in (await alice.facts())[0].text


@pytest.mark.usefixtures("own_application")
async def test_what_is_told_now_is_of_the_zones_day_whatever_answers(alice: ScopedMemory, clock: ManualClock) -> None:
    clock.now = LATE
    await alice.configure(ScopeSettings(zone="Europe/Berlin"))
    await alice.remember("I like tea.", key="k1")
    assert (await alice.remember("I like tea.", key="k1")).status == "duplicate"
    for _ in range(2):  # by the cache, and by Postgres
        assert "[2025-07-02]" in (await alice.context("tea", budget=300, tiers=("recent",))).text
        [event] = await alice.history()
        assert event.occurred_at.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("zone", "fix"),
    [
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Berlin", "did you mean Europe/Berlin?"),
        ("Europe/Munich", "did you mean "),
        ("+02:00", "pass a name like"),
        ("", "visible character"),
        ("../../etc/passwd", "pass a name like"),
        (7, "str"),
    ],
)
def test_a_zone_that_does_not_exist_is_refused_with_the_fix(zone: Any, fix: str) -> None:
    with pytest.raises(InvalidInput, match="zone") as refused:
        ScopeSettings(zone=zone)
    assert fix in str(refused.value)


@pytest.mark.parametrize("span", [timedelta(0), timedelta(minutes=59), timedelta(days=40_000), 30, "P30D"])
def test_a_time_that_no_event_is_kept_for_is_refused(span: Any) -> None:
    with pytest.raises(InvalidInput, match=r"keep_events_for: must be a timedelta from 1 h to 36,500 days"):
        ScopeSettings(keep_events_for=span)


async def test_a_worker_forgets_what_is_older_than_it_is_kept(alice: ScopedMemory, clock: ManualClock) -> None:
    await alice.remember("I live in Munich.", session="s1")
    await alice.settled()
    await alice.configure(ScopeSettings(keep_events_for=30 * DAY))
    clock.advance(days=20)
    await alice.remember("I like tea.", session="s2")
    await alice.settled()
    assert len(await alice.history()) == 2

    clock.advance(days=11)
    await wait_until(lambda: _left(alice, ["I like tea."]))
    await alice.settled()
    assert not any("Munich" in fact.text for fact in await alice.facts())
    assert "Munich" not in (await alice.context("Where does she live?", budget=500)).text
    [receipt] = await alice.receipts()
    assert receipt.counts["events"] == 1
    assert [entry.kind for entry in await alice.entries() if entry.kind == "forgotten"] == ["forgotten"]

    clock.advance(days=20)
    await wait_until(lambda: _left(alice, []))


async def test_what_is_imported_is_kept_no_longer_than_it_would_have_been(
    memory: Memory, alice: ScopedMemory, clock: ManualClock, tenant: str
) -> None:
    await alice.remember("I live in Munich.", session="s1")
    await alice.settled()
    lines = [line async for line in alice.export()]
    clock.advance(days=40)
    bob = memory.scope(tenant=tenant, user="bob")
    await bob.configure(ScopeSettings(keep_events_for=30 * DAY))
    await bob.remember("I like tea.", session="s2")
    await bob.settled()
    await bob.import_(lines)
    await wait_until(lambda: _left(bob, ["I like tea."]))


async def _left(memory: ScopedMemory, contents: list[str]) -> bool:
    return [event.content for event in await memory.history()] == contents


async def test_settings_go_with_all_of_a_place(memory: Memory, alice: ScopedMemory, owner: asyncpg.Connection) -> None:
    bob = memory.scope(tenant="acme", user="bob")
    await bob.configure(ScopeSettings(zone="Europe/Berlin"))  # before anything was remembered
    await bob.forget(everything=True)
    assert await bob.settings() == ScopeSettings()
    await alice.configure(ScopeSettings(zone="Europe/Berlin"))
    await alice.remember("I like tea.")
    await alice.forget(session="s1")
    assert (await alice.settings()).zone == "Europe/Berlin"
    await alice.forget(everything=True)
    assert await alice.settings() == ScopeSettings()
    assert await owner.fetchval("select count(*) from semmem.scope_settings") == 0
