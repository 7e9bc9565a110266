"""Bad input is refused by an error that names field, limit and fix, and leaves nothing half-written."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from semmem import InvalidInput, KeyConflict, Memory, NewEvent, ScopedMemory
from semmem.domain.checks import MAX_CONTENT_BYTES, MAX_EVENTS_PER_CALL, MAX_ID_BYTES, MAX_METADATA_BYTES
from semmem.domain.context import TIERS
from semmem.retrieval.budget import MIN_BUDGET
from semmem.testing import ManualClock

pytestmark = pytest.mark.shared

Call = Callable[[ScopedMemory], Awaitable[object]]

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - the missing zone is the point
AWARE = datetime(2026, 1, 1, tzinfo=UTC)
CYCLE: dict[str, Any] = {}
CYCLE["itself"] = CYCLE

EMPTY = ["", " ", "\n\t"]
UNSTORABLE = ["\x00", "a\x00b", "\ud800", "a\udfffb"]
NOT_TEXT = [7, 1.5, b"bytes", ["list"], True]
LONG_TEXT = ["x" * (MAX_CONTENT_BYTES + 1), "é" * (MAX_CONTENT_BYTES // 2 + 1)]
BAD_TEXTS = [*EMPTY, *UNSTORABLE, *NOT_TEXT, *LONG_TEXT, None]
BAD_IDS = [*EMPTY, *UNSTORABLE, *NOT_TEXT, "x" * (MAX_ID_BYTES + 1), "é" * (MAX_ID_BYTES // 2 + 1)]
BAD_UNITS = [-0.1, 1.1, float("nan"), float("inf"), "high", True, None]
BAD_LIMITS = [0, -1, 1_001, 1.0, "10", True, None]
BAD_MOMENTS = [NAIVE, "2026-01-01T00:00:00Z", 1_767_225_600]
# Postgres stores the first, and no client could read it again.
BEYOND_UTC = [
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
]

BAD_METADATA = [
    None,
    "text",
    [1],
    {1: "a key that is no string"},
    {"when": AWARE},
    {"set": {1}},
    {"bytes": b"x"},
    {"nan": float("nan")},
    {"deep": {"infinite": [float("inf")]}},
    {"nul": "a\x00b"},
    {"a\x00b": 1},
    {"half": "\ud800"},
    {"\udfff": 1},
    {"large": "x" * MAX_METADATA_BYTES},
    CYCLE,
]
BAD_EVENTS: dict[str, list[Any]] = {
    "content": BAD_TEXTS,
    "role": ["", "User", "human", None, 1, ["user"]],
    **dict.fromkeys(("speaker", "agent", "agent_type", "session", "key"), BAD_IDS),
    "event_type": [*BAD_IDS, None],
    "importance": BAD_UNITS,
    "metadata": BAD_METADATA,
    "occurred_at": [*BAD_MOMENTS, *BEYOND_UTC],
}
# Told by the clock, which stands at noon of 1 March 2026: more than a day ahead.
TOO_LATE = [datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]


def _recall(**given: Any) -> Call:
    return lambda alice: alice.recall(**({"query": "tea"} | given))


def _context(**given: Any) -> Call:
    asked: dict[str, Any] = {"query": "tea", "budget": 500} | given
    return lambda alice: alice.context(**asked)


def _history(**given: Any) -> Call:
    return lambda alice: alice.history(**given)


def _facts(**given: Any) -> Call:
    return lambda alice: alice.facts(**given)


def _timeline(**given: Any) -> Call:
    return lambda alice: alice.timeline(**given)


def _receipt(**given: Any) -> Call:
    return lambda alice: alice.receipt(**given)


def _forget(**given: Any) -> Call:
    return lambda alice: alice.forget(**given)


BAD_CALLS: list[tuple[str, list[Any], tuple[Callable[..., Call], ...]]] = [
    ("query", BAD_TEXTS, (_recall, _context)),
    ("limit", BAD_LIMITS, (_recall, _history, _facts)),
    ("min_score", BAD_UNITS, (_recall,)),
    ("min_importance", BAD_UNITS, (_recall,)),
    ("agent", BAD_IDS, (_recall, _history, _forget)),
    ("session", BAD_IDS, (_recall, _history, _context, _forget)),
    ("subject", BAD_IDS, (_facts,)),
    ("category", ["", "food", "Profile", 1], (_recall, _facts, _forget)),
    ("where", ["role", [], {1: 2}, {"metadata": {"n": float("nan")}}, CYCLE], (_recall, _context)),
    ("since", BAD_MOMENTS, (_recall,)),
    ("until", BAD_MOMENTS, (_recall,)),
    ("as_of", BAD_MOMENTS, (_recall,)),
    ("before", BAD_MOMENTS, (_forget,)),
    ("before", [0, -1, "3", 2**63, True], (_history,)),
    ("budget", [0, -1, MIN_BUDGET - 1, 500.0, "500", True, None], (_context,)),
    ("format", ["", "html", "Text", None], (_context,)),
    ("tiers", [[], (), {"Recent"}, ["recent", "facts"], ["recent", None], [["recent"]]], (_context,)),
    ("tiers", ["recent", "", b"recent", 7, None, (tier for tier in TIERS)], (_context,)),
    ("event", ["not-a-uuid", 1], (_forget,)),
    ("fact", ["not-a-uuid", 1], (_forget, _timeline)),
    ("id", ["not-a-uuid", 1, None], (_receipt,)),
]


def _bad_calls() -> Iterator[tuple[str, str, Call]]:
    """The field, the call for a reader, and the call."""
    for field, values, verbs in BAD_CALLS:
        for verb in verbs:
            yield from (
                (field, f"{verb.__name__}({field}={_named(value)})", verb(**{field: value})) for value in values
            )
    yield "until", "_recall(until < since)", _recall(since=AWARE, until=AWARE - timedelta(days=1))
    yield "forget", "_forget()", _forget()
    yield "forget", "_forget(dry_run)", _forget(dry_run=True)
    yield "forget", "_forget(everything and session)", _forget(everything=True, session="s1")


def _named(value: object) -> str:
    return ascii(value)[:24]


async def _fault(call: Awaitable[object], field: str) -> str | None:
    """What is wrong with how a call was refused; None if it was refused as it should be."""
    try:
        answer = await call
    except InvalidInput as error:
        told = error.limit and error.fix and str(error) == f"{error.field}: {error.limit}; {error.fix}"
        return None if told and error.field == field else f"refused as {error}"
    except Exception as error:
        return f"broke with {error!r:.100}"
    return f"accepted: {answer!r:.60}"


@pytest.fixture
async def quiet(alice: ScopedMemory) -> AsyncIterator[ScopedMemory]:
    """Alice's memory with one event in it, and nothing more when the test is over."""
    first = await alice.remember("I like jasmine tea.", key="first", session="s1")
    yield alice
    assert [event.id for event in await alice.history()] == [first.id]
    assert "jasmine" in (await alice.context("What does she drink?", budget=500)).text


async def test_every_bad_event_is_refused(quiet: ScopedMemory) -> None:
    faults = {
        f"{field}={_named(value)}": await _fault(quiet.remember(**({"content": "Mint."} | {field: value})), field)
        for field, values in BAD_EVENTS.items()
        for value in values
    }
    assert {row: fault for row, fault in faults.items() if fault} == {}


async def test_what_is_no_field_of_an_event_is_named(quiet: ScopedMemory) -> None:
    with pytest.raises(InvalidInput, match=r"^sesion: is no field of an event: .*session.*; put what is your own"):
        await quiet.remember("I like tea.", sesion="s1")  # type: ignore[call-arg]


async def test_an_event_of_the_future_is_refused(quiet: ScopedMemory) -> None:
    for moment in TOO_LATE:
        assert await _fault(quiet.remember("Mint.", occurred_at=moment), "events[0].occurred_at") is None


async def test_an_event_may_be_a_day_ahead_for_clocks_differ(alice: ScopedMemory, clock: ManualClock) -> None:
    assert (await alice.remember("Mint.", occurred_at=clock.now + timedelta(days=1))).status == "accepted"


async def test_every_bad_question_and_every_bad_forget_is_refused(quiet: ScopedMemory) -> None:
    faults = {row: await _fault(call(quiet), field) for field, row, call in _bad_calls()}
    assert {row: fault for row, fault in faults.items() if fault} == {}


async def test_a_bad_scope_is_refused(memory: Memory) -> None:
    async def scoped(**ids: Any) -> object:
        return memory.scope(**ids)

    faults = {}
    for id in BAD_IDS:
        faults[f"tenant={_named(id)}"] = await _fault(scoped(tenant=id, user="a"), "tenant")
        faults[f"user={_named(id)}"] = await _fault(scoped(tenant="a", user=id), "user")
        faults[f"workspace={_named(id)}"] = await _fault(scoped(tenant="a", workspace=id), "workspace")
    faults["no tenant"] = await _fault(scoped(tenant=None, user="a"), "tenant")
    faults["neither"] = await _fault(scoped(tenant="a"), "scope")
    faults["both"] = await _fault(scoped(tenant="a", user="a", workspace="a"), "scope")
    assert {row: fault for row, fault in faults.items() if fault} == {}


async def test_a_view_stays_inside_its_tenant(quiet: ScopedMemory, memory: Memory) -> None:
    stranger = memory.scope(tenant="globex", user="alice")
    assert await _fault(quiet.recall("tea", also=[stranger]), "also") is None
    assert await _fault(quiet.context("tea", budget=500, also=[stranger]), "also") is None


@pytest.mark.parametrize("count", [0, MAX_EVENTS_PER_CALL + 1])
async def test_a_batch_has_one_to_a_thousand_events(quiet: ScopedMemory, count: int) -> None:
    events = [NewEvent(content=f"Mint {n}.") for n in range(count)]
    assert await _fault(quiet.remember_many(events), "events") is None


@pytest.mark.parametrize("place", [0, 500, 999])
async def test_one_bad_event_of_a_thousand_and_none_is_stored(quiet: ScopedMemory, place: int) -> None:
    def batch(**of_one: Any) -> list[NewEvent]:
        said: list[dict[str, Any]] = [{"content": f"Mint {n}.", "key": f"mint-{n}"} for n in range(MAX_EVENTS_PER_CALL)]
        said[place] |= of_one
        return [NewEvent(**event) for event in said]

    assert await _fault(quiet.remember_many(batch(occurred_at=TOO_LATE[0])), f"events[{place}].occurred_at") is None
    with pytest.raises(KeyConflict) as refused:
        await quiet.remember_many(batch(key="first"))
    assert (refused.value.index, refused.value.field) == (place, f"events[{place}].key")
    assert "Mint" not in str(refused.value)


async def test_a_batch_that_contradicts_itself_is_refused(quiet: ScopedMemory) -> None:
    twice = [NewEvent(content=text, key="same") for text in ("Mint.", "Mint.", "Sage.")]
    with pytest.raises(KeyConflict) as refused:
        await quiet.remember_many(twice)
    assert refused.value.index == 2


async def test_what_just_fits_is_accepted_and_comes_back_whole(alice: ScopedMemory) -> None:
    content, id = "é" * (MAX_CONTENT_BYTES // 2), "é" * (MAX_ID_BYTES // 2)
    metadata = {"looks like NUL": "\\u0000"}
    metadata["note"] = "x" * (MAX_METADATA_BYTES - len(json.dumps(metadata | {"note": ""})))
    await alice.remember(content, session=id, agent=id, key=id, speaker=id, metadata=metadata)
    await alice.settled()

    (event,) = await alice.history(session=id, agent=id)

    assert (event.content, event.key, event.speaker, event.metadata) == (content, id, id, metadata)
