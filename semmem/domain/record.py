"""Records: what a caller keeps under a key of its own, replaced or deleted as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from semmem.domain.checks import MAX_VALUE_BYTES, check_id, check_is, check_json
from semmem.domain.event import NewEvent
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput

MAX_TTL = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record as a caller hands it over. `value` is a JSON object of at most 64 KiB.

    Its `event` is what recall finds it by; without one it is only kept. After `ttl` it is gone, and its event with it.
    Raises InvalidInput.
    """

    key: str
    value: Mapping[str, Any]
    event: NewEvent | None = None
    ttl: timedelta | None = None

    def __post_init__(self) -> None:
        check_id("key", self.key)
        object.__setattr__(self, "value", check_json("value", self.value, MAX_VALUE_BYTES))
        if self.event is not None:
            check_is("event", self.event, NewEvent)
        if self.ttl is not None:
            check_is("ttl", self.ttl, timedelta)
        if self.event is not None and self.event.key is not None:
            raise InvalidInput("event.key", "must not be set", "the record's own key stands for it")
        if self.ttl is not None and not timedelta() < self.ttl <= MAX_TTL:
            raise InvalidInput(
                "ttl", f"must be longer than 0 and at most {MAX_TTL.days} days", "leave it out to keep it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A stored record; `event` is the one recall finds it by, if any."""

    key: str
    scope: Scope
    value: Mapping[str, Any]
    event: UUID | None
    created_at: datetime
    updated_at: datetime
    ttl: timedelta | None
    expires_at: datetime | None
