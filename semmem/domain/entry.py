"""Entries: all that happens in a scope, in the order in which it was committed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from semmem.domain.checks import check_each, check_id, check_unit
from semmem.domain.event import Event
from semmem.domain.scope import Scope

EntryKind = Literal[
    "event",
    "declared",
    "change",
    "restored",
    "checkpoint",
    "lock",
    "begun",
    "status",
    "question",
    "answer",
    "ended",
    "corrected",
    "forgotten",
    "replayed",
]

MAX_POSITION = 2**62  # far beyond any log's head
MAX_NAMES = 1_000  # of event types, agents or fields, by which a follower may choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a scope's log. Positions count from 1; what was forgotten leaves its position empty.

    An entry of the kind "event" has its `event`. The others say what they are about by name in `subject`, by id in
    `ids`, and in `fields` which parts of the state they change; `detail` is what only their kind has to say.
    "corrected" says in `subject` what a person did to a fact: corrected, rejected, restored, pinned or unpinned.
    "forgotten" names in `ids` the events and questions that went, of which copies are to be dropped.
    "replayed" names in `ids` the updates, of the entries before it, that a local log had kept.
    """

    position: int
    kind: EntryKind
    scope: Scope
    at: datetime
    agent: str | None = None
    event: Event | None = None
    subject: str | None = None
    fields: tuple[str, ...] = ()
    ids: tuple[UUID, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def forgets_everything(self) -> bool:
        """Whether all that stood before this entry was forgotten, so that it names no ids."""
        return self.kind == "forgotten" and bool(self.detail.get("everything"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries a follower asks for; what was forgotten is always among them.

    Event types let through events of these types alone, and fields changes of these alone; with both, either. An event
    needs `min_importance`. `without` is an agent whose own entries are left out.
    """

    event_types: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    min_importance: float = 0.0
    without: str | None = None

    def __post_init__(self) -> None:
        check_unit("min_importance", self.min_importance)


ALL = Wanted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a log: its entries, how far it was read for them, and where the log ended then."""

    entries: tuple[Entry, ...]
    through: int
    head: int


def checked_names(field: str, given: object) -> tuple[str, ...]:
    """The names in a set or a sequence. Raises InvalidInput, also for a single string."""
    values = tuple(given) if isinstance(given, set | frozenset) else given
    names = check_each(field, values, str, most=MAX_NAMES)
    for index, name in enumerate(names):
        check_id(f"{field}[{index}]", name)
    return names
