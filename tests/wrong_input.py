"""What no caller should give to anything, and how a call with it has to end: with an answer, or with a SemmemError."""

import asyncio
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from semmem import Branch, InvalidInput, NewEvent, Scope, SemmemError

Row = tuple[str, Callable[[], Any]]  # what is wrong in a call, and the call
NOTHING: Mapping[str, Any] = {}
SECONDS = 60  # after which a call counts as hanging; the machine may be busy


class Text(str):
    """A string of a class of its own."""


class Colour(Enum):
    RED = "red"


def _deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


CYCLE: dict[str, Any] = {}
CYCLE["itself"] = CYCLE

WRONG: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "zero": lambda: 0,
    "one": lambda: 1,
    "negative": lambda: -1,
    "2**31": lambda: 2**31,
    "2**63": lambda: 2**63,
    "2**70": lambda: 2**70,
    "-2**70": lambda: -(2**70),
    "float": lambda: 1.5,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "complex": lambda: 1j,
    "bytes": lambda: b"bytes",
    "bytearray": lambda: bytearray(b"bytes"),
    "empty text": lambda: "",
    "blank text": lambda: " \t\n",
    "text": lambda: "text",
    "text of a class": lambda: Text("text"),
    "NUL": lambda: "a\x00b",
    "lone surrogate": lambda: "\ud800",
    "huge text": lambda: "x" * 3_000_000,
    "list": lambda: [],
    "list of None": lambda: [None],
    "list of text": lambda: ["text"],
    "list of odd text": lambda: ["\x00"],
    "list of lists": lambda: [[]],
    "tuple": lambda: (),
    "tuple of objects": lambda: (object(),),
    "set": set,
    "set of text": lambda: {"text"},
    "frozenset": lambda: frozenset({1}),
    "dict": dict,
    "dict of text": lambda: {"key": "value"},
    "dict of numbers": lambda: {1: 2},
    "dict of objects": lambda: {"key": object()},
    "dict of nan": lambda: {"key": math.nan},
    "dict of NUL": lambda: {"a\x00b": "\x00"},
    "dict of itself": lambda: CYCLE,
    "deep list": lambda: _deep(10_000),
    "deep dict": lambda: {"key": _deep(10_000)},
    "long list": lambda: list(range(100_000)),
    "generator": lambda: (n for n in range(3)),
    "iterator": lambda: iter(["text"]),
    "object": object,
    "class": lambda: object,
    "function": lambda: lambda *given: None,
    "enum": lambda: Colour.RED,
    "uuid": uuid4,
    "uuid as text": lambda: str(UUID(int=1)),
    "naive": lambda: datetime(2026, 1, 1),  # noqa: DTZ001 - the missing zone is the point
    "year 1": lambda: datetime.min.replace(tzinfo=UTC),
    "year 9999": lambda: datetime.max.replace(tzinfo=UTC),
    "before year 1": lambda: datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    "after year 9999": lambda: datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
    "date": lambda: date(2026, 1, 1),
    "duration": lambda: timedelta(days=1),
    "no duration": lambda: timedelta(),
    "negative duration": lambda: timedelta(days=-1),
    "longest duration": lambda: timedelta.max,
    "event": lambda: NewEvent(content="I like tea."),
    "scope": lambda: Scope.user("acme", "bob"),
    "branch": lambda: Branch(Scope.user("acme", "bob"), ("a",)),
}


def each_wrong(call: Callable[..., Any], name: str, right: dict[str, Any]) -> Iterator[Row]:
    """Calls with each parameter wrong in each way, the others right; what is not named in `right` is left out."""
    parameters = inspect.signature(call).parameters.values()
    keywords = {
        each.name: right[each.name] for each in parameters if each.kind is each.KEYWORD_ONLY and each.name in right
    }
    before = {name: value for name, value in right.items() if name not in keywords}
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        for told, make in WRONG.items():
            row = f"{name}({parameter.name}={told})"
            if parameter.kind is parameter.VAR_POSITIONAL:
                yield row, partial(_with_last, partial(call, **keywords), before, make)
            else:
                yield row, partial(_with, call, right, parameter.name, make)


def wrong_keywords(call: Callable[..., Any], names: Iterable[str], right: Mapping[str, Any] = NOTHING) -> Iterator[Row]:
    """Calls with each of these keywords wrong in each way, the others right."""
    for name in names:
        for told, make in WRONG.items():
            yield f"{name}={told}", partial(_with, call, right, name, make)


def wrong_values(call: Callable[[Any], Any]) -> Iterator[Row]:
    """Calls with each wrong value alone."""
    for told, make in WRONG.items():
        yield told, partial(_with_last, call, NOTHING, make)


def _with(call: Callable[..., Any], right: Mapping[str, Any], name: str, make: Callable[[], Any]) -> Any:
    return call(**{**right, name: make()})


def _with_last(call: Callable[..., Any], right: Mapping[str, Any], make: Callable[[], Any]) -> Any:
    return call(*right.values(), make())


async def _fault(call: Callable[[], Any]) -> str | None:
    """What is wrong with how a call ended; None for an answer, or an error that tells the way out."""
    try:
        async with asyncio.timeout(SECONDS):
            answer = call()
            if inspect.isawaitable(answer):
                await answer
            elif hasattr(answer, "__aiter__"):
                async for _ in answer:
                    pass
    except InvalidInput as error:
        return None if error.field and error.limit and error.fix else f"says too little: {error!r}"
    except SemmemError as error:
        return None if str(error) else f"says nothing: {error!r}"
    except TimeoutError:
        return "hangs"
    except Exception as error:
        return f"{type(error).__name__}: {error!s:.80}"
    return None


async def faults(calls: Iterator[Row]) -> dict[str, str]:
    return {row: fault for row, call in calls if (fault := await _fault(call))}
