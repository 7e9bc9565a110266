"""Conditions are read into typed values, and whatever else is given is refused by name."""

from typing import Any

import pytest

from semmem.domain.checks import MAX_DEPTH
from semmem.domain.condition import (
    MAX_BYTES,
    MAX_COMPARISONS,
    Comparison,
    Every,
    Not,
    Some,
    condition_of,
    condition_on_value,
)
from semmem.errors import InvalidInput

CHAT = Comparison(("metadata", "channel"), "==", "chat")
USER = Comparison(("role",), "==", "user")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({}, None),
        ({"role": "user"}, USER),
        ({"agent_type": None}, Comparison(("agent_type",), "==", None)),
        ({"metadata": {"channel": "chat"}}, CHAT),
        ({"metadata": {"channel": {"$eq": "chat"}}}, CHAT),
        ({"metadata": {"channel": {"$ne": "chat"}}}, Not(CHAT)),
        ({"role": "user", "metadata": {"channel": "chat"}}, Every((USER, CHAT))),
        ({"$or": [{"role": "user"}, {"metadata": {"channel": "chat"}}]}, Some((USER, CHAT))),
        ({"$and": [{"role": "user"}]}, Every((USER,))),
        ({"$not": {"role": "user"}}, Not(USER)),
        ({"metadata": {"$not": {"channel": "chat"}}}, Not(CHAT)),
        ({"role": {"$in": ["user", "tool"]}}, Some((USER, Comparison(("role",), "==", "tool")))),
        (
            {"metadata": {"a": {"b": {"$gte": 1, "$lt": 2}}}},
            Every((Comparison(("metadata", "a", "b"), ">=", 1), Comparison(("metadata", "a", "b"), "<", 2))),
        ),
    ],
)
def test_a_condition_is_read(given: dict[str, Any], read: object) -> None:
    assert condition_of("where", given) == read


def test_a_records_fields_are_its_callers() -> None:
    assert condition_on_value("where", {"stars": {"$gt": 3}}) == Comparison(("stars",), ">", 3)


def nested(levels: int, name: str) -> Any:
    value: Any = {"role": "user"}
    for _ in range(levels):
        value = {name: [value] if name != "$not" else value}
    return value


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ("role=user", "mapping"),
        ([], "mapping"),
        ({1: "user"}, "strings for keys"),
        ({"tenant": "globex"}, "no field of an event"),
        ({"scope_id": "bob"}, "no field of an event"),
        ({"role": "boss"}, "one of user"),
        ({"role": 3}, "compared with a string"),
        ({"role": {"name": "user"}}, "goes below role"),
        ({"metadata": "chat"}, "no scalar"),
        ({"metadata": {}}, "names one field"),
        ({"metadata": {"tags": ["a"]}}, "not with a list"),
        ({"metadata": {"tags": {"$eq": {"a": 1}}}}, "not with an object"),
        ({"metadata": {"tags": {"$in": [["a"]]}}}, "not with a list"),
        ({"metadata": {"tags": {"$in": []}}}, "a list of one value"),
        ({"metadata": {"tags": {"$in": "a"}}}, "a list of one value"),
        ({"metadata": {"n": {"$gt": None}}}, "have an order"),
        ({"metadata": {"n": {"$gt": True}}}, "have an order"),
        ({"metadata": {"n": {"$gt": 1, "m": 2}}}, "beside operators"),
        ({"metadata": {"n": {"$regex": ".*"}}}, "no operator"),
        ({"$where": "1 == 1"}, "no operator"),
        ({"$or": []}, "a list of one condition"),
        ({"$or": {"role": "user"}}, "a list of one condition"),
        ({"$or": [{}]}, "names one field"),
        ({"$not": {}}, "names one field"),
        ({"$not": []}, "names one field"),
        ({"metadata": {"n": float("nan")}}, "NaN"),
        ({"metadata": {"n": "x" * MAX_BYTES}}, "bytes"),
        ({"metadata": {"n": {"$in": list(range(MAX_COMPARISONS + 1))}}}, "at most 100 values"),
        ({"$or": [{"metadata": {"n": n}} for n in range(MAX_COMPARISONS + 1)]}, "at most 100 values"),
        (nested(MAX_DEPTH, "$not"), "levels"),
        (nested(100_000, "$and"), "levels"),
    ],
)
def test_what_is_no_condition_is_refused(given: Any, limit: str) -> None:
    with pytest.raises(InvalidInput, match=limit) as refused:
        condition_of("where", given)
    assert refused.value.field.startswith("where")


@pytest.mark.parametrize("name", ["$not", "$and", "$or"])
def test_the_deepest_that_is_taken_is_read(name: str) -> None:
    assert condition_of("where", nested((MAX_DEPTH - 1) // (1 if name == "$not" else 2), name)) is not None
