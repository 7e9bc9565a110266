"""Events: what an agent saw or said."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, TypedDict, get_args
from uuid import UUID

from semmem.domain.checks import (
    MAX_CONTENT_BYTES,
    MAX_EVENTS_PER_CALL,
    MAX_METADATA_BYTES,
    check_aware,
    check_each,
    check_id,
    check_json,
    check_not_future,
    check_one_of,
    check_optional_id,
    check_text,
    check_unit,
)
from semmem.domain.scope import Scope

Role = Literal["user", "assistant", "tool", "system"]
AckStatus = Literal["accepted", "duplicate", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as a caller hands it over; InvalidInput names the first field that does not hold.

    `occurred_at` is world time (now, if left out); `key` makes redelivery safe: the same key is stored once.
    """

    content: str
    role: Role = "user"
    speaker: str | None = None  # who said it, by name, where the role does not tell
    agent: str | None = None  # which agent saw it
    agent_type: str | None = None
    session: str | None = None
    event_type: str = "message"
    importance: float = 0.5
    metadata: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        check_text("content", self.content, MAX_CONTENT_BYTES)
        check_one_of("role", self.role, get_args(Role))
        for name in ("speaker", "agent", "agent_type", "session", "key"):
            check_optional_id(name, getattr(self, name))
        check_id("event_type", self.event_type)
        check_unit("importance", self.importance)
        object.__setattr__(self, "metadata", check_json("metadata", self.metadata, MAX_METADATA_BYTES))
        if self.occurred_at is not None:
            object.__setattr__(self, "occurred_at", check_aware("occurred_at", self.occurred_at))

    @property
    def body_hash(self) -> bytes:
        """32 bytes over all that the caller said, by which a reused key with another body is told apart.

        It is stored: a later field joins only where it is said, or no key of before would know its event again.
        """
        when = self.occurred_at and self.occurred_at.timestamp()
        said = [self.content, self.role, self.speaker, self.agent, self.agent_type, self.session, self.event_type]
        body = json.dumps([*said, self.importance, dict(self.metadata), when], sort_keys=True)
        return hashlib.sha256(body.encode()).digest()

    @property
    def report_hash(self) -> bytes | None:
        """32 bytes that are equal where several agents report one happening; None for an event of its own.

        What was said to an agent, what a tool answered it and what it says itself happen to that agent alone, and a
        key stands for one event. What is left is what agents notice: a system's notice, or another's words.
        """
        noticed = self.role == "system" or (self.role == "assistant" and self.speaker is not None)
        if self.agent is None or self.key is not None or not noticed:
            return None
        said = [self.content, self.role, self.speaker, self.session, self.event_type, self.importance]
        return hashlib.sha256(json.dumps([*said, dict(self.metadata)], sort_keys=True).encode()).digest()


class EventFields(TypedDict, total=False):
    """What may be said of an event besides its content; see NewEvent."""

    role: Role
    speaker: str | None
    agent: str | None
    agent_type: str | None
    session: str | None
    event_type: str
    importance: float
    metadata: Mapping[str, Any]
    occurred_at: datetime | None
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A stored event: immutable, ordered by `seq` within its scope.

    `agent` reported it first; `witnesses` are the other agents that reported it within the dedup window. `id`, `scope`,
    `kind`, `text`, `said_at`, `voice`, `role` and `importance` are read of an event and of a Fact alike.
    """

    kind: ClassVar[Literal["event"]] = "event"

    id: UUID
    seq: int
    scope: Scope
    content: str
    role: Role
    speaker: str | None
    agent: str | None
    agent_type: str | None
    session: str | None
    event_type: str
    importance: float
    metadata: Mapping[str, Any]
    occurred_at: datetime
    recorded_at: datetime
    key: str | None
    witnesses: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.content

    @property
    def said_at(self) -> datetime:
        """World time."""
        return self.occurred_at

    @property
    def voice(self) -> str:
        """Who speaks in this event: the speaker's name, else the agent's for its own words, else the role."""
        return self.speaker or (self.agent if self.role == "assistant" else None) or self.role


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The answer to one remembered event: committed now, or known before under the same id.

    One that is "kept" is on this machine's disk alone until Postgres is back, and has this id then, unless its key was
    known there.
    """

    id: UUID
    status: AckStatus


def check_events(field: str, events: object, now: datetime, *, least: int = 0) -> tuple[NewEvent, ...]:
    """The events of one call, none of which is of the future."""
    given = check_each(field, events, NewEvent, least=least, most=MAX_EVENTS_PER_CALL)
    for index, event in enumerate(given):
        if event.occurred_at is not None:
            check_not_future(f"{field}[{index}].occurred_at", event.occurred_at, now)
    return given
