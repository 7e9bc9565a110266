"""A point of Postgres as Qdrant has it, and a view as a filter over its fields."""

from datetime import UTC
from functools import lru_cache
from typing import Any, get_args
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from semmem.domain.drift import DriftKind
from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, ScopeKind, View
from semmem.errors import InvalidInput
from semmem.ports import Held, ItemKind, Mark, Point

ADDRESS = ("tenant", "scope_kind", "scope_id")
# Qdrant normalises what it is given once more, in float32: measured up to 3e-8 apart, by the length of the difference.
SAME_VECTOR = 1e-5


def payload_of(point: Point) -> dict[str, Any]:
    return {
        "tenant": point.scope.tenant,
        "scope_kind": point.scope.kind,
        "scope_id": point.scope.id,
        "kind": point.kind,
        "version": point.version,
        "session": point.session,
        "agent": point.agent,
        "category": point.category,
        # RFC 3339 knows no offsets with seconds, which historical time zones have.
        "at": point.at.astimezone(UTC).isoformat(),
        "importance": point.importance,
        "current": int(point.current),
    }


def marked(mark: Mark) -> dict[str, Any]:
    return {"stamp": str(mark.stamp), "whole": int(mark.whole)}


def difference(point: Point, held: models.Record | None) -> DriftKind | None:
    """How a point that is held differs from what it should be, if it does; the gravest alone."""
    if held is None:
        return "missing"
    wanted, found = payload_of(point), held.payload or {}
    if any(found.get(name) != wanted[name] for name in ADDRESS):
        return "foreign_scope"
    if found.get("version") != wanted["version"]:
        return "outdated"
    if found != wanted:
        return "wrong_filters"
    assert point.vector is not None, "only Postgres keeps a point without a vector"
    return None if _same_direction(point.vector, held.vector) else "wrong_vector"


def _same_direction(wanted: NDArray[np.float32], found: object) -> bool:
    """Whether the two differ by their lengths alone: the collection keeps vectors normalised."""
    if not isinstance(found, list) or len(found) != len(wanted):
        return False
    mine, held = wanted.astype("float64"), wanted.astype("float64")
    held[:] = found
    mine_length, held_length = float((mine @ mine) ** 0.5), float((held @ held) ** 0.5)
    if not mine_length or not held_length:
        return mine_length == held_length
    apart = mine / mine_length - held / held_length
    return float((apart @ apart) ** 0.5) <= SAME_VECTOR


def held_of(record: models.Record) -> Held:
    id = record.id if isinstance(record.id, int) else UUID(str(record.id))
    said = record.payload or {}
    try:
        return Held(id, Scope(*(said.get(name) for name in ADDRESS)))  # type: ignore[arg-type]
    except InvalidInput:
        return Held(id, None)


def wire_id(id: UUID | int) -> str | int:
    return id if isinstance(id, int) else str(id)


def payload(point: models.Record | models.ScoredPoint) -> dict[str, Any]:
    assert point.payload is not None, "asked for"
    return point.payload


def equals(key: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


@lru_cache(maxsize=256)  # building its models costs as much as the engine's search
def filter_of(view: View, filter: Filter, kind: ItemKind | None) -> models.Filter:
    narrowed = {"kind": kind, "agent": filter.agent, "session": filter.session, "category": filter.category}
    must = inside(view)
    must += [equals(key, value) for key, value in narrowed.items() if value is not None]
    if filter.since or filter.until:
        since, until = (bound and bound.astimezone(UTC) for bound in (filter.since, filter.until))
        must.append(models.FieldCondition(key="at", range=models.DatetimeRange(gte=since, lte=until)))
    if filter.min_importance:
        must.append(models.FieldCondition(key="importance", range=models.Range(gte=filter.min_importance)))
    if filter.as_of is None:
        must.append(equals("current", 1))
    return models.Filter(must=must)


def inside(view: View) -> list[models.Condition]:
    """The tenant, and kind and id as two fields: an id of one kind never answers for the other."""
    kinds: list[list[models.Condition]] = [
        [
            equals("scope_kind", kind),
            models.FieldCondition(key="scope_id", match=models.MatchAny(any=view.ids(kind))),
        ]
        for kind in get_args(ScopeKind)
        if view.ids(kind)
    ]
    # Flat where that says all: the engine takes longer over nested conditions.
    within = kinds[0] if len(kinds) == 1 else [models.Filter(should=[models.Filter(must=each) for each in kinds])]
    return [equals("tenant", view.tenant), *within]
