"""Qdrant's REST bodies to the engine's own types, and its answers back: what semmem asks of a server, and no more.

A clause that is not understood is refused and never skipped: a filter without its tenant would answer for everyone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qdrant_edge as edge

Json = Mapping[str, Any]
_MATCHES: dict[str, Callable[[Any], Any]] = {"value": edge.MatchValue, "any": edge.MatchAny}


class MalformedRequest(ValueError):
    """The body is not a valid request; the message goes to the client."""


def present(body: Any, allowed: str, what: str) -> dict[str, Any]:
    """Returns the non-null members of an object, all of which must be named in `allowed` (space-separated)."""
    if not isinstance(body, Mapping):
        raise MalformedRequest(f"{what}: expected an object")
    given = {key: value for key, value in body.items() if value is not None}
    if unknown := set(given) - set(allowed.split()):
        raise MalformedRequest(f"{what}: unknown or unsupported field `{sorted(map(str, unknown))[0]}`")
    return given


def listed(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedRequest(f"{what}: expected a list")
    return value


def filter_in(given: Json) -> edge.Filter | None:
    """Returns the filter of a request that may do without one."""
    return filter_of(given["filter"]) if "filter" in given else None


def filter_of(body: Any) -> edge.Filter:
    clauses = present(body, "must should", "filter")
    conditions: dict[str, Any] = {
        name: [_condition(each) for each in listed(value, name)] for name, value in clauses.items()
    }
    return edge.Filter(**conditions)


def _condition(body: Any) -> Any:
    """Reads one condition on a field's value or on the point's id, or a filter within the filter."""
    if not isinstance(body, Mapping):
        raise MalformedRequest("filter: a condition is an object")
    if "has_id" in body and "key" not in body:
        return edge.HasIdCondition(set(listed(present(body, "has_id", "condition")["has_id"], "has_id")))
    if "key" not in body:
        return filter_of(body)
    field = present(body, "key match range", "condition")
    if len(field) == 1:
        raise MalformedRequest(f"condition on `{field['key']}`: nothing to compare with")
    if "match" in field:
        match = present(field["match"], " ".join(_MATCHES), "match")
        if len(match) != 1:
            raise MalformedRequest("match: expected exactly one of " + ", ".join(_MATCHES))
        [(name, value)] = match.items()
        if isinstance(value, bool):  # the engine's binding reads it as a number, and then nothing matches
            raise MalformedRequest("match: booleans are not supported here; store 0 and 1")
        field["match"] = _MATCHES[name](value)
    if "range" in field:
        bounds = present(field["range"], "lt gt lte gte", "range")
        names_times = any(isinstance(bound, str) for bound in bounds.values())
        field["range"] = edge.RangeDateTime(**bounds) if names_times else edge.RangeFloat(**bounds)
    return edge.FieldCondition(**field)


def points_of(body: Json) -> list[edge.Point]:
    """Reads the points of an upsert, each with one dense vector."""
    points = []
    for each in listed(present(body, "points", "upsert")["points"], "points"):
        point = present(each, "id vector payload", "point")
        points.append(edge.Point(point["id"], listed(point["vector"], "vector"), point.get("payload")))
    return points


def query_request(body: Json) -> edge.QueryRequest:
    """Reads a search for the nearest to a vector, which is given as it is or as `{"nearest": [...]}`."""
    given = present(body, "query filter limit with_payload with_vector", "query")
    query = given["query"]
    vector = present(query, "nearest", "query")["nearest"] if isinstance(query, Mapping) else query
    return edge.QueryRequest(
        limit=given.get("limit", 10),
        query=edge.Query.Nearest(listed(vector, "query")),
        filter=filter_in(given),
        with_payload=given.get("with_payload", False),
        with_vector=given.get("with_vector", False),
    )


def record_json(record: edge.Record | edge.ScoredPoint) -> dict[str, Any]:
    given = {"id": _id(record.id), "payload": record.payload, "vector": record.vector}
    answer: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if isinstance(record, edge.ScoredPoint):
        answer |= {"score": record.score, "version": record.version}
    return answer


def page_json(records: Sequence[edge.Record], next_id: Any) -> dict[str, Any]:
    return {"points": [record_json(each) for each in records], "next_page_offset": _id(next_id)}


def _id(point_id: Any) -> int | str | None:
    return point_id if point_id is None or isinstance(point_id, int) else str(point_id)
