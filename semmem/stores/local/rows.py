"""What is kept, as rows of a local log: events as their callers gave them, and updates of the state."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from semmem.domain.change import KeptChange, NewChange
from semmem.domain.event import NewEvent
from semmem.domain.kept import KeptEvent
from semmem.domain.schema import Declaration, NewValue
from semmem.domain.scope import Branch, Scope

Kept = KeptEvent | KeptChange

_ABOUT = tuple(field.name for field in fields(NewEvent))


@dataclass(frozen=True, slots=True)
class KeptRow:
    """What was kept, where in the file, and of which place in the memory; an update has the digest of its class."""

    position: int
    place: Branch
    kept: Kept
    state_class: str | None = None


def row_of(place: Branch, kept: Kept, state_class: str | None) -> dict[str, Any]:
    if isinstance(kept, KeptEvent):
        said, body_hash = _event(kept.event), kept.event.body_hash
    else:
        said, body_hash = _change(kept.change), b""  # nobody tells it again under its key
    return {
        "tenant": place.root.tenant,
        "root_kind": place.root.kind,
        "root_id": place.root.id,
        "path": json.dumps(place.path),
        "owner": place.owner,
        "scope_kind": place.scope.kind,
        "scope_id": place.scope.id,
        "id": str(kept.id),
        "key": kept.key,
        "at": kept.at.isoformat(),
        "body": json.dumps(said, ensure_ascii=False),
        "body_hash": body_hash,
        "state_class": state_class,
    }


def kept_of(row: sqlite3.Row, declared: Callable[[str], Declaration]) -> KeptRow:
    """`declared` knows the classes of updates."""
    place = Branch(Scope(row["tenant"], row["root_kind"], row["root_id"]), tuple(json.loads(row["path"])), row["owner"])
    id, at, said, state_class = (
        UUID(row["id"]),
        datetime.fromisoformat(row["at"]),
        json.loads(row["body"]),
        row["class"],
    )
    kept: Kept
    if state_class is None:
        kept = KeptEvent(id=id, event=_read_event(said), at=at)
    else:
        kept = KeptChange(id=id, change=_read_change(said, declared(state_class)), at=at)
    return KeptRow(row["position"], place, kept, state_class)


def _event(event: NewEvent) -> dict[str, Any]:
    said = {name: getattr(event, name) for name in _ABOUT} | {"metadata": dict(event.metadata)}
    if event.occurred_at is not None:
        said["occurred_at"] = event.occurred_at.isoformat()
    return said


def _read_event(said: dict[str, Any]) -> NewEvent:
    if said["occurred_at"] is not None:
        said["occurred_at"] = datetime.fromisoformat(said["occurred_at"])
    return NewEvent(**said)


def _change(change: NewChange) -> dict[str, Any]:
    """Without conditions, of which what is kept has none."""
    return {
        "agent": change.agent,
        "role": change.role,
        "seen": change.seen,
        "told_at": change.told_at.isoformat(),
        "values": {value.field.name: [value.value, value.confidence] for value in change.values},
    }


def _read_change(said: dict[str, Any], declaration: Declaration) -> NewChange:
    values = tuple(
        NewValue(field=declaration.field(name), value=value, confidence=confidence)
        for name, (value, confidence) in said["values"].items()
    )
    return NewChange(
        declaration=declaration,
        values=values,
        agent=said["agent"],
        role=said["role"],
        seen=said["seen"],
        told_at=datetime.fromisoformat(said["told_at"]),
    )
