"""Times to live: minutes after the last write, or the last read that refreshes."""

from typing import Any

import pytest
from langgraph.store.base import GetOp, PutOp, TTLConfig

from semmem import InvalidInput, Record, Records
from semmem.integrations.langgraph import SemmemStore
from semmem.testing import ManualClock, wait_until
from tests.applications import FAST
from tests.integrations.test_langgraph.conftest import StoreMaker
from tests.integrations.test_langgraph.memories import contents

NOTES = ("notes",)
CODE = {"text": "The code of the door is 4711."}
QUERY = "What is the code of the door?"


@pytest.fixture
def shared(urls: dict[str, Any], clock: ManualClock) -> dict[str, Any]:
    """Stores of this test's own: no worker with another clock may find something expired in them."""
    return FAST | urls | {"clock": lambda: clock.now}


def test_an_expired_item_is_gone_from_every_reading(alices: SemmemStore, clock: ManualClock) -> None:
    alices.put(NOTES, "code", CODE, ttl=10)
    assert alices.search(NOTES, query=QUERY, refresh_ttl=False)
    clock.advance(minutes=9, seconds=59)
    assert alices.get(NOTES, "code", refresh_ttl=False) is not None
    clock.advance(seconds=1)

    assert alices.get(NOTES, "code") is None
    assert alices.search(NOTES) == []
    assert alices.search(NOTES, query=QUERY) == []
    assert alices.list_namespaces() == []


async def test_an_expired_item_is_swept_with_its_event(alices: SemmemStore, clock: ManualClock) -> None:
    await alices.aput(NOTES, "code", CODE, ttl=10)
    await alices.aput(NOTES, "kept", {"text": "The door is green."})
    clock.advance(minutes=10)

    await wait_until(lambda: contents(alices) == ["The door is green."])


@pytest.mark.parametrize("reading", ["get", "search", "query"])
@pytest.mark.parametrize("refreshes", [True, False])
def test_a_reading_starts_the_time_again_unless_it_says_not_to(
    alices: SemmemStore, clock: ManualClock, reading: str, refreshes: bool
) -> None:
    alices.put(NOTES, "code", CODE, ttl=10)
    clock.advance(minutes=6)
    refresh: dict[str, Any] = {} if refreshes else {"refresh_ttl": False}
    if reading == "get":
        assert alices.get(NOTES, "code", **refresh)
    else:
        assert alices.search(NOTES, query=QUERY if reading == "query" else None, **refresh)
    clock.advance(minutes=6)

    assert bool(alices.get(NOTES, "code")) == refreshes


def test_a_search_refreshes_what_it_returns_alone(alices: SemmemStore, clock: ManualClock) -> None:
    for key in ("a", "b"):
        for namespace in (NOTES, ("others",)):
            alices.put(namespace, key, {"text": key}, ttl=10)
    clock.advance(minutes=6)
    assert [item.key for item in alices.search((), filter={"text": "a"}, limit=1)] == ["a"]
    clock.advance(minutes=6)

    assert [(item.namespace, item.key) for item in alices.search(())] == [(NOTES, "a")]


def test_a_search_refreshes_what_it_shows_in_one_go(
    alices: SemmemStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    named = Records.named

    async def counted(records: Records, keys: list[str], **more: Any) -> list[Record]:
        asked.append(len(keys))
        return await named(records, keys, **more)

    monkeypatch.setattr(Records, "named", counted)
    for labels in (NOTES, (*NOTES, "more")):
        alices.batch([PutOp(labels, str(number), CODE, index=False, ttl=10) for number in range(60)])
    clock.advance(minutes=6)
    assert len(alices.search(NOTES, limit=100)) == 100
    clock.advance(minutes=6)

    assert len(alices.search(NOTES, limit=1_000, refresh_ttl=False)) == 100
    assert sorted(asked) == [40, 60]


def test_a_put_without_a_time_takes_it_away(alices: SemmemStore, clock: ManualClock) -> None:
    alices.put(NOTES, "code", CODE, ttl=10)
    alices.put(NOTES, "code", CODE)
    clock.advance(days=400)

    assert alices.get(NOTES, "code") is not None


def test_the_stores_own_times(make: StoreMaker, clock: ManualClock) -> None:
    store = make(ttl=TTLConfig(default_ttl=10, refresh_on_read=False))
    store.put(NOTES, "default", CODE)
    store.put(NOTES, "longer", CODE, ttl=30)
    store.put(NOTES, "kept", CODE, ttl=None)
    store.batch([PutOp(NOTES, "batched", CODE)])  # an operation says all itself
    clock.advance(minutes=6)
    store.get(NOTES, "default")
    clock.advance(minutes=6)

    assert [item.key for item in store.search(NOTES)] == ["longer", "kept", "batched"]
    clock.advance(minutes=20)
    assert [item.key for item in store.search(NOTES)] == ["kept", "batched"]


def test_an_item_put_again_after_its_time_is_a_new_one(alices: SemmemStore, clock: ManualClock) -> None:
    alices.put(NOTES, "code", CODE, ttl=10)
    clock.advance(minutes=10)
    alices.put(NOTES, "code", CODE)

    (item,) = alices.batch([GetOp(NOTES, "code")])

    assert item.created_at == clock.now  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "ttl", [0, -1, 10**9, 10**400, float("inf"), float("nan"), True, "10"], ids=lambda ttl: str(ttl)[:9]
)
def test_times_that_cannot_be(ttl: Any) -> None:
    nowhere: dict[str, Any] = {
        "tenant": "acme",
        "user": "alice",
        "postgres_url": "postgresql://nobody@127.0.0.1:9/none",
    }

    with pytest.raises(InvalidInput, match="ttl: must be minutes above 0"):
        SemmemStore(ttl={"default_ttl": ttl}, **nowhere)
    with SemmemStore(**nowhere) as store, pytest.raises(InvalidInput, match="ttl: must be minutes above 0"):
        store.put(NOTES, "code", CODE, ttl=ttl)
