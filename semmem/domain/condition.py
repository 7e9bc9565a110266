"""Conditions on what memories carry beside their words, in the shape that LangGraph's stores filter by.

A mapping holds a condition for each field, all of which have to be met:
`{"role": "user", "metadata": {"ticket": {"priority": {"$gte": 3}}}}`. `$and` and `$or` take a list of such mappings,
`$not` one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import UUID

from semmem.domain.checks import check_json, check_one_of
from semmem.domain.event import Role
from semmem.errors import InvalidInput

MAX_BYTES = 16 * 1024
MAX_COMPARISONS = 100  # of one condition, each value of an `$in` counted

Scalar = str | int | float | bool | None
Operator = Literal["==", ">", ">=", "<", "<="]

FIELDS = ("role", "speaker", "agent", "agent_type", "session", "event_type")  # of an event, besides its metadata
METADATA = "metadata"

_ORDER: dict[str, Operator] = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_OPERATORS = ("$eq", "$ne", *_ORDER, "$in")
_JOINERS = ("$and", "$or", "$not")
_EXAMPLE = "write it like {'metadata': {'channel': 'chat'}}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The scalar at a path, compared; what is absent equals None, and is in no order to anything."""

    path: tuple[str, ...]
    operator: Operator
    operand: Scalar


@dataclass(frozen=True, slots=True)
class Every:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition = Comparison | Every | Some | Not


@dataclass(frozen=True, slots=True)
class Meeting:
    """What of a view meets a condition: events, newest first, and facts that rest on any of them.

    Not `whole` where more meet it than were asked for; then the oldest are missing.
    """

    events: tuple[UUID, ...]
    facts: tuple[UUID, ...]
    whole: bool

    @property
    def ids(self) -> tuple[UUID, ...]:
        return (*self.events, *self.facts)


def condition_of(field: str, wanted: object) -> Condition | None:
    """Reads a condition on events; None where it asks nothing. Raises InvalidInput."""
    condition = _read(field, wanted)
    for each in comparisons(condition):
        _check_of_event(field, each)
    return condition


def condition_on_value(field: str, wanted: object) -> Condition | None:
    """Reads a condition on a record's value, whose fields are its caller's. Raises InvalidInput."""
    return _read(field, wanted)


def comparisons(condition: Condition | None) -> Iterator[Comparison]:
    """Yields what a condition compares, in the order it was written."""
    match condition:
        case Comparison():
            yield condition
        case Not(part):
            yield from comparisons(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from comparisons(part)


def _read(field: str, wanted: object) -> Condition | None:
    plain = check_json(field, wanted, MAX_BYTES)  # of bounded depth, so that it can be walked
    if not plain:
        return None
    condition = _object(field, (), plain)
    if sum(1 for _ in comparisons(condition)) > MAX_COMPARISONS:
        raise InvalidInput(field, f"must compare at most {MAX_COMPARISONS} values", "ask in several calls")
    return condition


def _object(at: str, path: tuple[str, ...], wanted: object) -> Condition:
    """Reads the conditions on the fields below a path, all of which have to be met."""
    if not isinstance(wanted, dict) or not wanted:
        raise InvalidInput(at, "must be an object that names one field or more", _EXAMPLE)
    parts = []
    for name, value in wanted.items():
        here = f"{at}.{name:.50}"
        if name in _JOINERS:
            parts.append(_joined(here, path, name, value))
        elif name.startswith("$"):
            known = ", ".join([*_OPERATORS, *_JOINERS])
            raise InvalidInput(here, "is no operator, or stands where a field has to", f"use one of {known}")
        else:
            parts.append(_value(here, (*path, name), value))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _joined(at: str, path: tuple[str, ...], name: str, value: Any) -> Condition:
    if name == "$not":
        return Not(_object(at, path, value))
    if not isinstance(value, list) or not value:
        raise InvalidInput(at, "must be a list of one condition or more", "write it like [{'role': 'user'}]")
    parts = tuple(_object(f"{at}[{index}]", path, each) for index, each in enumerate(value))
    return Every(parts) if name == "$and" else Some(parts)


def _value(at: str, path: tuple[str, ...], wanted: Any) -> Condition:
    """Reads what the value at a path has to be: a scalar, operators with operands, or an object with more fields."""
    if isinstance(wanted, dict) and any(name in _OPERATORS for name in wanted):
        if unknown := [name for name in wanted if name not in _OPERATORS]:
            raise InvalidInput(at, f"has {unknown[0]!r:.60} beside operators", f"use {', '.join(_OPERATORS)} alone")
        parts = [_compared(f"{at}.{name}", path, name, operand) for name, operand in wanted.items()]
        return parts[0] if len(parts) == 1 else Every(tuple(parts))
    if isinstance(wanted, dict):
        return _object(at, path, wanted)
    return _compared(at, path, "$eq", wanted)


def _compared(at: str, path: tuple[str, ...], name: str, operand: Any) -> Condition:
    if name == "$in":
        if not isinstance(operand, list) or not operand:
            raise InvalidInput(at, "must be a list of one value or more", "write it like ['chat', 'mail']")
        return Some(tuple(Comparison(path, "==", _scalar(at, each)) for each in operand))
    if name in _ORDER:
        if isinstance(operand, bool) or not isinstance(operand, str | int | float):
            raise InvalidInput(at, "must be a number or a string, which have an order", "use $eq for other values")
        return Comparison(path, _ORDER[name], operand)
    equal = Comparison(path, "==", _scalar(at, operand))
    return Not(equal) if name == "$ne" else equal


def _scalar(at: str, value: Any) -> Scalar:
    if isinstance(value, dict | list):
        limit = f"must be compared with a scalar, not with {'an object' if isinstance(value, dict) else 'a list'}"
        raise InvalidInput(at, limit, "name a key below it, or use $in for one of several values")
    scalar: Scalar = value
    return scalar


def _check_of_event(field: str, one: Comparison) -> None:
    name, at = one.path[0], f"{field}.{'.'.join(one.path):.200}"
    if name == METADATA:
        if len(one.path) == 1:
            raise InvalidInput(at, "is an object and no scalar", _EXAMPLE)
        return
    if name not in FIELDS:
        known = ", ".join([*FIELDS, METADATA])
        raise InvalidInput(at, f"is no field of an event: {known}", "put a key of your own below metadata")
    if len(one.path) > 1:
        raise InvalidInput(at, f"goes below {name}, which is a text", f"compare {name} itself")
    if one.operand is not None and not isinstance(one.operand, str):
        raise InvalidInput(at, "must be compared with a string", "pass a str, or None for what has none")
    if name == "role" and one.operator == "==":
        check_one_of(at, one.operand, get_args(Role))
