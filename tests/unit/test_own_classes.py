"""Values of a caller's own classes, and values that change: what was checked is what is stored, or nothing is."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from semmem import Closed, InvalidInput, Memory, NewEvent, NewRecord, ScopedMemory
from semmem.domain.checks import MAX_CONTENT_BYTES, MAX_ID_BYTES, MAX_KEYS, MAX_VALUE_BYTES
from semmem.retrieval.budget import MAX_BUDGET

pytestmark = pytest.mark.shared


class Liar(str):
    """Says of itself that it is short."""

    def encode(self, *_: Any) -> bytes:
        return b"x"

    def strip(self, *_: Any) -> str:
        return "x"


@pytest.mark.parametrize("text", [Liar("x" * (MAX_CONTENT_BYTES + 1)), Liar(" "), Liar("\x00"), Liar("\ud800")])
def test_a_text_is_measured_as_it_is(text: str) -> None:
    with pytest.raises(InvalidInput, match="content"):
        NewEvent(content=text)


def test_so_is_an_id() -> None:
    with pytest.raises(InvalidInput, match=f"session: must be at most {MAX_ID_BYTES} bytes"):
        NewEvent(content="tea", session=Liar("x" * 300))


class Zone(tzinfo):
    """Answers with what it is given, or raises it."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def utcoffset(self, _: datetime | None) -> timedelta | None:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer  # type: ignore[no-any-return]

    def dst(self, _: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _: datetime | None) -> str | None:
        return None


class Stamp(datetime):
    """As libraries of data tables have it; it compares with nothing."""

    def __le__(self, other: object) -> bool:
        raise TypeError

    __ge__ = __lt__ = __gt__ = __le__


NAMELESS = tzinfo()  # type: ignore[abstract]
BAD_ZONES = [NAMELESS, *map(Zone, [ValueError(), KeyError(), RecursionError(), timedelta(days=1), 5, "Z", None])]


@pytest.mark.parametrize("zone", BAD_ZONES, ids=lambda zone: repr(getattr(zone, "_answer", "none")))
async def test_a_zone_that_cannot_tell_its_offset_is_none(alice: ScopedMemory, zone: tzinfo) -> None:
    moment = datetime(2020, 1, 1, tzinfo=zone)
    for call in (
        lambda: alice.remember("tea", occurred_at=moment),
        lambda: alice.recall("tea", since=moment),
        lambda: alice.forget(before=moment),
    ):
        with pytest.raises(InvalidInput, match="must be a datetime with a time zone"):
            await call()


@pytest.mark.parametrize(
    "moment",
    [
        Stamp(2020, 1, 1, tzinfo=UTC),
        Stamp(2020, 7, 1, tzinfo=ZoneInfo("Asia/Kathmandu")),
        datetime(2020, 1, 1, tzinfo=Zone(timedelta(hours=23, minutes=59))),
        datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
)
async def test_any_other_moment_is_kept(alice: ScopedMemory, moment: datetime) -> None:
    await alice.remember("I like tea.", occurred_at=moment)
    [kept] = await alice.history()
    expected = datetime.combine(moment.date(), moment.time(), timezone(moment.utcoffset() or timedelta()))
    assert (kept.occurred_at, kept.occurred_at.utcoffset()) == (expected, expected.utcoffset())
    await alice.settled()
    assert await alice.recall("tea", since=moment, until=moment)


class Endless(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return 0

    def __iter__(self) -> Iterator[str]:
        number = 0
        while True:
            yield str(number)
            number += 1

    def __len__(self) -> int:
        return -1


class Word(StrEnum):
    TEA = "tea"


class Number(IntEnum):
    ONE = 1


KEPT_AS = [
    (MappingProxyType({"a": 1}), {"a": 1}),
    ({Word.TEA: Word.TEA}, {"tea": "tea"}),
    ({"a": Number.ONE, "b": np.float64(0.5)}, {"a": 1, "b": 0.5}),
    ({np.str_("a"): (1, (2,))}, {"a": [1, [2]]}),
    ({"": "", "\\u0000": "\\u0000"}, {"": "", "\\u0000": "\\u0000"}),
    ({"a": "a\u0301", "å": "\u00e5", "a\u030a": "\U0010ffff\ufffe"}, None),
]
REFUSED = [
    *({key: 1} for key in (1, 1.5, True, None, (1,), b"a", Number.ONE)),
    *({"a": value} for value in ({1}, frozenset(), b"x", range(3), iter(()), object(), 1j, np.int64(1), np.array([1]))),
    *({"a": value} for value in (np.nan, [float("inf")], MappingProxyType({"b": 1}), 10**4_300, "\ud83d\ude00")),
    {"a": [0] * MAX_VALUE_BYTES},
    {"a": [[]] * 10**6},
    {"k" * MAX_VALUE_BYTES: 0},
    Endless(),
    dict.fromkeys(map(str, range(MAX_KEYS + 1))),
]


@pytest.mark.parametrize(("given", "kept"), KEPT_AS, ids=range(len(KEPT_AS)))
async def test_metadata_is_kept_as_plain_json(alice: ScopedMemory, given: Any, kept: Any) -> None:
    await alice.remember("tea", metadata=given)
    await alice.records.put("k", given)
    record = await alice.records.get("k")
    assert record is not None
    assert [(await alice.history())[0].metadata, record.value] == [kept or given] * 2


@pytest.mark.parametrize("given", REFUSED, ids=range(len(REFUSED)))
def test_metadata_that_would_change_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput, match="metadata"):
        NewEvent(content="tea", metadata=given)
    with pytest.raises(InvalidInput, match="value"):
        NewRecord(key="k", value=given)


@pytest.mark.parametrize("later", [object(), "x" * 10**6, float("nan"), 2], ids=["object", "large", "nan", "another"])
async def test_what_a_caller_does_with_its_dict_afterwards_changes_nothing(alice: ScopedMemory, later: Any) -> None:
    given: dict[str, Any] = {"a": {"b": [1]}}
    event, record = NewEvent(content="tea", metadata=given), NewRecord(key="k", value=given)
    given["a"]["b"].append(later)
    await alice.remember_many([event])
    [put] = await alice.records.put_many([record])
    assert [(await alice.history())[0].metadata, put.value] == [{"a": {"b": [1]}}] * 2


@pytest.mark.parametrize("change", [list.clear, lambda events: events.append(5), lambda events: events.reverse()])
async def test_a_list_that_changes_while_it_is_stored_is_stored_as_it_was(
    alice: ScopedMemory, change: Callable[[list[Any]], None]
) -> None:
    events = [NewEvent(content=f"cup {number}") for number in range(5)]
    records = [NewRecord(key=str(number), value={}) for number in range(5)]
    remembered = asyncio.create_task(alice.remember_many(events))
    kept = asyncio.create_task(alice.records.put_many(records))
    await asyncio.sleep(0)
    change(events)
    change(records)
    acks, put = await remembered, await kept
    assert len(acks) == len(put) == 5
    assert [event.content for event in await alice.history()] == [f"cup {number}" for number in (4, 3, 2, 1, 0)]


class Fickle(Sequence[Any]):
    """Another one each time that it is read; as long as it says."""

    def __init__(self, length: int, *answers: Any) -> None:
        self._length, self._answers = length, list(answers)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if not self._answers:
            raise IndexError
        return self._answers.pop(0)


async def test_a_sequence_is_read_once(alice: ScopedMemory) -> None:
    tea = NewEvent(content="tea")
    assert len(await alice.remember_many(Fickle(-1, tea, tea))) == 2
    with pytest.raises(InvalidInput, match=r"events\[1\]: must be a NewEvent"):
        await alice.remember_many(Fickle(1, tea, 5))
    with pytest.raises(InvalidInput, match="events: must be 1 to"):
        await alice.remember_many(Fickle(7))


@pytest.mark.parametrize("budget", [MAX_BUDGET + 1, 2**63, 10**400])
async def test_a_budget_beyond_any_model_is_refused_before_anything_is_read(alice: ScopedMemory, budget: int) -> None:
    with pytest.raises(InvalidInput, match="budget"):
        await alice.context("tea", budget=budget)


@pytest.mark.parametrize("tiers", [np.array([1, 2]), [np.array(["recent"])], [Number.ONE], {"": 1}])
async def test_tiers_that_are_no_words(alice: ScopedMemory, tiers: Any) -> None:
    with pytest.raises(InvalidInput, match="tiers"):
        await alice.context("tea", budget=500, tiers=tiers)


async def test_another_event_loop_is_refused_and_the_first_goes_on(alice: ScopedMemory, memory: Memory) -> None:
    await alice.remember("I like tea.")

    async def read(call: Callable[[], Any]) -> None:
        answer = call()
        if hasattr(answer, "__aiter__"):
            async for _ in answer:
                pass
        else:
            await answer

    calls: list[Callable[[], Any]] = [
        *(lambda: alice.remember("mint"), lambda: alice.recall("tea"), lambda: alice.context("tea", budget=500)),
        *(lambda: alice.forget(everything=True), lambda: alice.records.put("k", {}), lambda: alice.import_([])),
        *(alice.history, alice.facts, alice.events, alice.export, alice.settled, alice.receipts, alice.usage),
    ]
    for call in calls:
        with pytest.raises(Closed, match=r"another event loop.*run_coroutine_threadsafe"):
            await asyncio.to_thread(asyncio.run, read(call))
    assert [event.content for event in await alice.history()] == ["I like tea."]
