"""Events as lines of JSON: what export writes and import reads."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from semmem.domain.archive import object_of
from semmem.domain.checks import check_not_future
from semmem.domain.event import Event, NewEvent
from semmem.errors import InvalidInput

FIELDS = tuple(field.name for field in fields(NewEvent))
_DEFAULTS = {field.name: field.default for field in fields(NewEvent)}


def line_of(event: Event) -> str:
    """Writes one line of JSON that `Reader` reads as the same event; fields at their defaults are left out."""
    values = {name: getattr(event, name) for name in FIELDS}
    said = {name: value for name, value in values.items() if value != _DEFAULTS[name] and value != {}}
    return json.dumps(said | {"occurred_at": event.occurred_at.isoformat()}, ensure_ascii=False)


class Reader:
    """Reads the lines of one file, in order.

    An event without a `key` gets one made of its line and of how often that line stood in the file before, so that
    the same file imported twice is stored once.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._seen: Counter[bytes] = Counter()

    def read(self, line: bytes) -> NewEvent:
        """Raises InvalidInput that names the field, the limit and the fix."""
        return self.event(line, object_of(line))

    def event(self, line: bytes, said: Mapping[str, Any]) -> NewEvent:
        """As `read`, of a line that was taken apart before: `said` has its fields that are an event's."""
        for name in said:
            if name not in FIELDS:
                raise InvalidInput(name, "is no field of an event", f"use {', '.join(FIELDS)}")
        if "content" not in said:
            raise InvalidInput("content", "is missing", "say what happened in it")
        given = dict(said)
        if given.get("occurred_at") is not None:
            try:
                given["occurred_at"] = datetime.fromisoformat(given["occurred_at"])
            except (TypeError, ValueError):
                raise InvalidInput("occurred_at", "must be ISO 8601", "write it like 2026-05-01T09:30:00Z") from None
        if not given.get("key"):
            digest = hashlib.sha256(line.strip()).digest()
            self._seen[digest] += 1
            given["key"] = f"line:{digest.hex()}:{self._seen[digest]}"
        event = NewEvent(**given)
        if event.occurred_at is not None:
            check_not_future("occurred_at", event.occurred_at, self._now)
        return event
