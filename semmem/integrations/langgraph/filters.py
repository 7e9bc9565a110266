"""LangGraph's filters on an item's value: plain values for equality, and $eq $ne $gt $gte $lt $lte."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from semmem import InvalidInput
from semmem.domain.checks import MAX_DEPTH

_EQUALITY: dict[str, Callable[[Any, Any], bool]] = {"$eq": operator.eq, "$ne": operator.ne}
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def check_filter(wanted: object, levels: int = MAX_DEPTH) -> None:
    """Checks a mapping by field, whose operators are known and whose bounds are numbers. Raises InvalidInput."""
    if not isinstance(wanted, Mapping) or not all(isinstance(field, str) for field in wanted):
        raise InvalidInput("filter", "must be a mapping with string keys", "pass a dict such as {'kind': 'preference'}")
    for condition in wanted.values():
        _check_condition(condition, levels - 1)


def matches(value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Returns whether the value meets every condition; an absent field equals None, and is in no order to a number."""
    return all(_meets(value.get(field), condition) for field, condition in wanted.items())


def contained(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a matching value holds for sure, letter by letter: the part that Postgres can look up."""
    held: dict[str, Any] = {}
    for field, condition in wanted.items():
        equal = condition.get("$eq") if isinstance(condition, Mapping) else condition
        if isinstance(equal, str):
            held[field] = equal
    return held


def _check_condition(condition: Any, levels: int) -> None:
    if not levels:
        raise InvalidInput("filter", f"must be at most {MAX_DEPTH} levels deep", "filter by fewer fields")
    if isinstance(condition, list | tuple):
        for one in condition:
            _check_condition(one, levels - 1)
    elif _has_operators(condition):
        for name, operand in condition.items():
            if name not in _EQUALITY and name not in _ORDER:
                known = ", ".join([*_EQUALITY, *_ORDER])
                raise InvalidInput("filter", f"has an unknown operator {name!r}", f"use one of {known}")
            if name in _ORDER and _number(operand) is None:
                raise InvalidInput("filter", f"compares with {name} what is no number", "pass a number, or use $eq")
    elif isinstance(condition, Mapping):
        check_filter(condition, levels)


def _has_operators(condition: Any) -> bool:
    return isinstance(condition, Mapping) and any(str(name).startswith("$") for name in condition)


def _meets(value: Any, condition: Any) -> bool:
    if _has_operators(condition):
        for name, operand in condition.items():
            if name in _EQUALITY:
                met = bool(_EQUALITY[name](value, operand))
            else:
                left, right = _number(value), _number(operand)
                met = left is not None and right is not None and _ORDER[name](left, right)
            if not met:
                return False
        return True
    if isinstance(condition, Mapping):
        return isinstance(value, Mapping) and matches(value, condition)
    if isinstance(condition, list | tuple):
        same_length = isinstance(value, list | tuple) and len(value) == len(condition)
        return same_length and all(map(_meets, value, condition))
    return bool(value == condition)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
