"""CrewAI's records and matches, and the records, facts and events of semmem that they are. No I/O."""

import base64
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import numpy as np
from crewai.memory.types import MemoryMatch, MemoryRecord

from semmem import Branch, Hit, InvalidInput, NewEvent, NewRecord, Record, Scope
from semmem.domain.checks import (
    MAX_CONTENT_BYTES,
    MAX_ID_BYTES,
    MAX_METADATA_BYTES,
    check_flag,
    check_is,
    check_json,
    check_text,
    check_unit,
)
from semmem.integrations.crewai.paths import path_of

KIND = "crewai"
DEFAULT_IMPORTANCE = 0.5


class Match(MemoryMatch):
    """A record of CrewAI's that was found, a fact drawn from such, or an event that came into semmem by another door.

    A fact's metadata names the records it rests on, as `sources`; that stays out of prompts.
    """

    kind: Literal["record", "fact", "event"] = "record"

    def format(self) -> str:
        shown = self.record.model_copy(update={"metadata": {}} if self.kind == "fact" else {})
        text: str = MemoryMatch(record=shown, score=self.score).format()
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What records are narrowed by, compared as CrewAI does: any one category as it is written, each named metadata.

    Raises InvalidInput.
    """

    categories: list[str] | None = None
    older_than: datetime | None = None
    metadata_filter: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        check_categories(self.categories)
        if self.older_than is not None:
            check_is("older_than", self.older_than, datetime)
        if self.metadata_filter is not None:
            check_is("metadata_filter", self.metadata_filter, dict)

    @property
    def any(self) -> bool:
        return not (self.categories is None and self.older_than is None and self.metadata_filter is None)

    def fit(self, memory: MemoryRecord) -> bool:
        named = (self.metadata_filter or {}).items()
        return (
            (self.categories is None or any(category in memory.categories for category in self.categories))
            and (self.older_than is None or memory.created_at < _naive(self.older_than))
            and all(memory.metadata.get(key) == value for key, value in named)
        )


def new_memory(
    content: str,
    scope: str,
    categories: list[str] | None = None,
    metadata: dict[str, Any] | None = None,
    importance: float | None = None,
    source: str | None = None,
    private: bool = False,
) -> MemoryRecord:
    """Makes a CrewAI record with an id of its own. Raises InvalidInput, where CrewAI's class would raise pydantic's."""
    check_text("content", content, MAX_CONTENT_BYTES)
    check_json("metadata", metadata or {}, MAX_METADATA_BYTES)
    check_categories(categories)
    if importance is not None:
        check_unit("importance", importance)
    if source is not None:
        check_is("source", source, str)
    check_flag("private", private)
    return MemoryRecord(
        id=str(uuid4()),
        content=content,
        scope=scope,
        categories=categories or [],
        metadata=metadata or {},
        importance=DEFAULT_IMPORTANCE if importance is None else importance,
        source=source,
        private=private,
    )


def check_categories(categories: object) -> None:
    if categories is None or (isinstance(categories, list) and all(isinstance(one, str) for one in categories)):
        return
    raise InvalidInput("categories", "must be a list of strings", "pass a list such as ['billing']")


def stored(
    memory: MemoryRecord, root: Scope, *, agent: str | None = None, said_at: datetime | None = None
) -> NewRecord:
    """Returns what semmem keeps of a CrewAI record: said by the agent who saved it, else by the memory's user.

    The metadata `session`, `speaker` and `occurred_at` (ISO 8601 with a zone), where they are given, become the
    event's: retrieval uses them. `said_at` is world time for one without `occurred_at`; now, if left out.
    """
    value: dict[str, Any] = memory.model_dump(exclude={"scope", "created_at", "last_accessed"})
    value |= {"kind": KIND, "agent": agent, "created_at": _aware(memory.created_at).astimezone(UTC).isoformat()}
    if memory.embedding:
        value["embedding"] = base64.b64encode(np.asarray(memory.embedding, "<f4").tobytes()).decode()
    event = NewEvent(
        content=memory.content,
        role="assistant" if agent else "user",
        agent=_label(agent),
        speaker=_label(memory.metadata.get("speaker")) or (root.id if root.kind == "user" and not agent else None),
        session=_label(memory.metadata.get("session")),
        importance=memory.importance,
        metadata=memory.metadata,
        occurred_at=_instant(memory.metadata.get("occurred_at")) or said_at,
    )
    return NewRecord(key=memory.id, value=value, event=event)


def memory_of(record: Record, place: Branch) -> MemoryRecord:
    value = dict(record.value)
    vector = value.pop("embedding", None)
    return MemoryRecord(
        **{name: value[name] for name in MemoryRecord.model_fields if name in value}
        | {
            "scope": path_of(place.path),
            "created_at": _naive(datetime.fromisoformat(value["created_at"])),
            "last_accessed": _naive(record.updated_at),
            "embedding": np.frombuffer(base64.b64decode(vector), "<f4").tolist() if vector else None,
        }
    )


def match_of(hit: Hit, places: Mapping[Scope, Branch], records: Mapping[UUID, Record]) -> Match:
    """A recalled fact is a match of its own, under the fact's id, and names the records that it rests on.

    So is an event that CrewAI did not write: a user's memory is shared with semmem's other doors.
    """
    ranked = sorted(hit.signals.items(), key=lambda signal: -signal[1])
    reasons = [name for name, worth in ranked if worth > 0]
    item, place = hit.item, places[hit.item.scope]
    if hit.id in records:
        return Match(record=memory_of(records[hit.id], place), score=hit.score, match_reasons=reasons)
    sources = [records[source.event_id] for source in hit.sources if source.event_id in records]
    named = [category for record in sources for category in record.value["categories"]]
    named_sources = {record.value["source"] for record in sources}
    record = MemoryRecord(
        id=str(item.id),
        content=item.text,
        scope=path_of(place.path),
        categories=list(dict.fromkeys([*named, item.category])) if item.kind == "fact" else [],
        metadata={"sources": [record.key for record in sources]} if item.kind == "fact" else dict(item.metadata),
        importance=item.importance,
        created_at=_naive(item.said_at),
        last_accessed=_naive(item.recorded_at),
        source=named_sources.pop() if len(named_sources) == 1 else None,
        private=place.owner is not None,
    )
    return Match(record=record, kind=item.kind, score=hit.score, match_reasons=reasons)


def ours(records: Mapping[UUID, Record]) -> dict[UUID, Record]:
    """Returns the records that CrewAI wrote, of all that events stand for."""
    return {event: record for event, record in records.items() if record.value.get("kind") == KIND}


def paragraphs(content: str, most: int = MAX_CONTENT_BYTES) -> list[str]:
    """Returns the text whole, or where it is over `most` bytes in parts that end with a paragraph, a line or a word."""
    text = check_text("content", content, sys.maxsize).strip() if content.strip() else ""
    parts = []
    while len(text.encode()) > most:
        fitting = len(text.encode()[:most].decode(errors="ignore"))
        ends = [text.rfind(border, 1, fitting) for border in ("\n\n", "\n", " ")]
        cut = next((end for end in ends if end > 0), fitting)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [part for part in (*parts, text) if part]


def _label(name: object) -> str | None:
    """Makes an id of an agent's role or a name; None where it says nothing."""
    if not isinstance(name, str):
        return None
    shown = " ".join(name.replace("\x00", " ").encode(errors="ignore").decode().split())
    return shown.encode()[:MAX_ID_BYTES].decode(errors="ignore").strip() or None


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at and at.utcoffset() is not None else None


def _aware(at: datetime) -> datetime:
    """CrewAI's times have no zone and are UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _naive(at: datetime) -> datetime:
    return _aware(at).astimezone(UTC).replace(tzinfo=None)
