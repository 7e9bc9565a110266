"""How many hits a recall gives: as many as were asked for, and asking for more changes none of the first."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from semmem import NewEvent, ScopedMemory

ASKED = "Which parcels went to the harbour?"
PLACES = ("harbour", "station", "market", "old mill")
COURIERS = ("ana", "rui")
FIRST = datetime(2024, 5, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def parcels(alice: ScopedMemory) -> ScopedMemory:
    """320 events, half of them of each courier."""
    said = [
        NewEvent(
            content=f"Parcel {number} of {number % 7} kilos went to the {PLACES[number % 4]} on day {number // 3}.",
            agent=COURIERS[number % 2],
            session=f"day {number // 20}",
            occurred_at=FIRST + timedelta(hours=number),
        )
        for number in range(320)
    ]
    await alice.remember_many(said)
    await alice.settled(timeout=240)  # facts that are drawn meanwhile would move what stands between two recalls
    return alice


@pytest.mark.parametrize("asked", [ASKED, "How many kilos has the harbour parcel?"], ids=["what", "number"])
async def test_a_longer_answer_begins_like_a_shorter_one(parcels: ScopedMemory, asked: str) -> None:
    longest = [(hit.id, hit.score) for hit in await parcels.recall(asked, limit=200)]
    assert len(longest) == 200
    for limit in (1, 3, 10, 60):
        shorter = await parcels.recall(asked, limit=limit)
        assert [(hit.id, hit.score) for hit in shorter] == longest[:limit]


async def test_a_filter_leaves_as_many_as_were_asked_for(parcels: ScopedMemory) -> None:
    for limit in (10, 150):
        found = await parcels.recall(ASKED, limit=limit, agent="rui")
        assert len(found) == limit
