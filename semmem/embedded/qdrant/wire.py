"""Qdrant's REST bodies to the engine's own types, and its answers back.

A clause that is not understood is refused and never skipped: a filter without its tenant would answer for everyone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qdrant_edge as edge

Json = Mapping[str, Any]


class MalformedRequest(ValueError):
    """The body is not a valid request; the message goes to the client."""


def present(body: Any, allowed: str, what: str) -> dict[str, Any]:
    """The non-null members of an object, all of which must be named in `allowed` (space-separated)."""
    if not isinstance(body, Mapping):
        raise MalformedRequest(f"{what}: expected an object")
    if unknown := set(body) - set(allowed.split()):
        raise MalformedRequest(f"{what}: unknown or unsupported field `{sorted(map(str, unknown))[0]}`")
    return {key: value for key, value in body.items() if value is not None}


def listed(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedRequest(f"{what}: expected a list")
    return value


# Bodies that become engine arguments under the same names.
def filter_of(body: Any) -> edge.Filter | None:
    if body is None:
        return None
    clauses = present(body, "must should must_not min_should", "filter")
    arguments: dict[str, Any] = {
        name: [_condition(each) for each in (value if isinstance(value, list) else [value])]
        for name, value in clauses.items()
        if name != "min_should"
    }
    if "min_should" in clauses:
        wanted = present(clauses["min_should"], "conditions min_count", "min_should")
        conditions = [_condition(each) for each in listed(wanted["conditions"], "min_should.conditions")]
        arguments["min_should"] = edge.MinShould(conditions, wanted["min_count"])
    return edge.Filter(**arguments)


def _condition(body: Any) -> Any:
    if not isinstance(body, Mapping):
        raise MalformedRequest("filter: a condition is an object")
    if "key" in body:
        return _field_condition(body)
    for name, build in _CONDITIONS.items():
        if name in body:
            return build(present(body, name, "condition")[name])
    return filter_of(body)


def _nested(body: Json) -> edge.NestedCondition:
    nested = present(body, "key filter", "nested")
    inner = filter_of(nested["filter"])
    assert inner is not None
    return edge.NestedCondition(nested["key"], inner)


_CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "has_id": lambda ids: edge.HasIdCondition(set(listed(ids, "has_id"))),
    "is_empty": lambda body: edge.IsEmptyCondition(present(body, "key", "is_empty")["key"]),
    "is_null": lambda body: edge.IsNullCondition(present(body, "key", "is_null")["key"]),
    "has_vector": edge.HasVectorCondition,
    "nested": _nested,
}


def _field_condition(body: Json) -> edge.FieldCondition:
    field = present(body, "key match range values_count is_empty is_null", "condition")
    if len(field) == 1:
        raise MalformedRequest(f"condition on `{field['key']}`: nothing to compare with")
    if "match" in field:
        field["match"] = _match(field["match"])
    if "range" in field:
        field["range"] = _range(field["range"])
    if "values_count" in field:
        field["values_count"] = edge.ValuesCount(**present(field["values_count"], "lt gt lte gte", "values_count"))
    return edge.FieldCondition(**field)


_MATCHES: dict[str, Callable[[Any], Any]] = {
    "value": edge.MatchValue,
    "any": edge.MatchAny,
    "except": edge.MatchExcept,
    "text": edge.MatchText,
    "text_any": edge.MatchTextAny,
    "phrase": edge.MatchPhrase,
    "prefix": edge.MatchPrefix,
}


def _match(body: Any) -> Any:
    match = present(body, " ".join(_MATCHES), "match")
    if len(match) != 1:
        raise MalformedRequest("match: expected exactly one of " + ", ".join(_MATCHES))
    [(name, value)] = match.items()
    if isinstance(value, bool):  # the engine's binding reads it as a number, and then nothing matches
        raise MalformedRequest("match: booleans are not supported here; store 0 and 1")
    return _MATCHES[name](value)


def _range(body: Any) -> edge.RangeFloat | edge.RangeDateTime:
    bounds = present(body, "lt gt lte gte", "range")
    if any(isinstance(bound, str) for bound in bounds.values()):
        return edge.RangeDateTime(**bounds)
    return edge.RangeFloat(**bounds)


def vector_of(body: Any) -> Any:
    """A dense, multi or sparse vector."""
    if isinstance(body, Mapping):
        sparse = present(body, "indices values", "sparse vector")
        return edge.SparseVector(sparse["indices"], sparse["values"])
    return listed(body, "vector")


def point_of(body: Any) -> edge.Point:
    point = present(body, "id vector payload", "point")
    vector = point["vector"]
    named = (
        {name: vector_of(each) for name, each in vector.items()} if isinstance(vector, Mapping) else vector_of(vector)
    )
    return edge.Point(point["id"], named, point.get("payload"))


def points_of(body: Json) -> list[edge.Point]:
    """The points of an upsert, given as a list or as columns."""
    if "batch" not in body:
        return [point_of(each) for each in listed(body["points"], "points")]
    batch = present(body["batch"], "ids vectors payloads", "batch")
    ids, vectors = listed(batch["ids"], "ids"), batch["vectors"]
    if isinstance(vectors, Mapping):
        vectors = [dict(zip(vectors, row, strict=True)) for row in zip(*vectors.values(), strict=True)]
    payloads = batch.get("payloads") or [None] * len(ids)
    rows = zip(ids, vectors, payloads, strict=True)
    return [point_of({"id": id_, "vector": vector, "payload": payload}) for id_, vector, payload in rows]


def query_request(body: Json) -> edge.QueryRequest:
    allowed = "query prefetch using filter params limit offset with_payload with_vector score_threshold"
    query = present(body, allowed, "query")
    return edge.QueryRequest(
        limit=query.get("limit", 10),
        offset=query.get("offset"),
        query=_scoring(query),
        prefetches=_prefetches(query),
        filter=filter_of(query.get("filter")),
        params=_search_params(query.get("params")),
        score_threshold=query.get("score_threshold"),
        with_payload=payload_selector(query.get("with_payload", False)),
        with_vector=query.get("with_vector", False),
    )


def _prefetches(query: Json) -> list[edge.Prefetch]:
    given = query.get("prefetch") or []
    return [_prefetch(each) for each in (given if isinstance(given, list) else [given])]


def _prefetch(body: Any) -> edge.Prefetch:
    query = present(body, "query prefetch using filter params limit score_threshold", "prefetch")
    return edge.Prefetch(
        limit=query.get("limit", 10),
        query=_scoring(query),
        prefetches=_prefetches(query),
        filter=filter_of(query.get("filter")),
        params=_search_params(query.get("params")),
        score_threshold=query.get("score_threshold"),
    )


def _scoring(request: Json) -> Any:
    query, using = request.get("query"), request.get("using")
    if query is None:
        return None
    if isinstance(query, list) or (isinstance(query, Mapping) and "indices" in query):
        return edge.Query.Nearest(vector_of(query), using)
    kind = present(query, "nearest fusion rrf order_by", "query")
    if "nearest" in kind:
        return edge.Query.Nearest(vector_of(kind["nearest"]), using)
    if "order_by" in kind:
        return order_by(kind["order_by"])
    return _fusion(kind)


def _fusion(kind: Json) -> edge.Fusion.Rrf | edge.Fusion.Dbsf:
    if kind.get("fusion") == "dbsf":
        return edge.Fusion.Dbsf()
    if "rrf" not in kind and kind.get("fusion") != "rrf":
        raise MalformedRequest("query: expected a vector, nearest, order_by, or the fusion rrf or dbsf")
    rrf = present(kind.get("rrf", {}), "k weights", "rrf")
    # 2 is the server's default for k.
    return edge.Fusion.Rrf(rrf.get("k", 2), rrf.get("weights"))


def order_by(body: Any) -> edge.OrderBy | None:
    if body is None:
        return None
    order = {"key": body} if isinstance(body, str) else present(body, "key direction start_from", "order_by")
    directions = {"asc": edge.Direction.Asc, "desc": edge.Direction.Desc}
    return edge.OrderBy(order["key"], directions[order.get("direction", "asc")], order.get("start_from"))


def _search_params(body: Any) -> edge.SearchParams | None:
    if body is None:
        return None
    return edge.SearchParams(**present(body, "hnsw_ef exact indexed_only", "params"))


def payload_selector(body: Any) -> Any:
    """True, False, a list of keys, or `{"include": [...]}` / `{"exclude": [...]}`."""
    if not isinstance(body, Mapping):
        return body
    selector = present(body, "include exclude", "with_payload")
    if "exclude" in selector:
        return edge.PayloadSelector.Exclude(selector["exclude"])
    return edge.PayloadSelector.Include(selector["include"])


def record_json(record: edge.Record | edge.ScoredPoint) -> dict[str, Any]:
    asked = {"payload": record.payload, "vector": _vector_json(record.vector), "order_value": record.order_value}
    answer = {"id": _id(record.id), **{name: value for name, value in asked.items() if value is not None}}
    if isinstance(record, edge.ScoredPoint):
        answer |= {"score": record.score, "version": record.version}
    return answer


def page_json(records: Sequence[edge.Record], next_id: Any) -> dict[str, Any]:
    return {"points": [record_json(each) for each in records], "next_page_offset": _id(next_id)}


def _id(point_id: Any) -> int | str | None:
    return point_id if point_id is None or isinstance(point_id, int) else str(point_id)


def _vector_json(vector: Any) -> Any:
    if isinstance(vector, edge.SparseVector):
        return {"indices": vector.indices, "values": vector.values}
    if isinstance(vector, dict):
        return {name: _vector_json(each) for name, each in vector.items()}
    return vector
