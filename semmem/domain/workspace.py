"""What agents work on together in a place: its task, those who take part, and what they ask. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from semmem.domain.checks import check_duration, check_each, check_id, check_is, check_optional_id, check_text
from semmem.domain.entry import Entry
from semmem.domain.event import Event
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput

HUMAN: Final = "human"  # whom a question is asked of, where no agent may answer it
ASSISTANT: Final = "assistant"  # the role of an agent of which no other is known

MAX_TASK_BYTES = 4 * 1024
MAX_DETAIL_BYTES = 4 * 1024
MAX_QUESTION_BYTES = 4 * 1024
MAX_ROSTER = 1_000
MAX_OPTIONS = 20
SECOND = timedelta(seconds=1)
LONGEST_STATUS = timedelta(days=7)
LONGEST_QUESTION = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The task that was begun last in a place; `status` is what it ended with, and None while it lasts."""

    scope: Scope
    task: str
    position: int
    begun_at: datetime
    begun_by: str | None
    ended_at: datetime | None
    status: str | None

    @property
    def lasts(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An agent on the roster, its role in the work, and the last that it said of its work, `ago` from now.

    `current` is False where that was never said, or counts no longer.
    """

    agent: str
    role: str
    status: str | None
    detail: str
    told_at: datetime | None
    until: datetime | None
    ago: timedelta | None
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the agent `agent` has asked of a human, of an agent, or of a role, and what was answered by whom.

    `over` says that nobody has answered, and nobody can any more. Who is no agent has no name in `answered_by`.
    """

    id: UUID
    scope: Scope
    position: int
    agent: str
    of: str
    question: str
    options: tuple[str, ...]
    asked_at: datetime
    until: datetime
    choice: str | None
    answered_by: str | None
    answered_at: datetime | None
    over: bool

    @property
    def open(self) -> bool:
        return self.choice is None and not self.over


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A place at a glance: its task, who does what, what waits for an answer, what came out, and what happened last.

    `questions` are those that are open; `results` are the newest, newest first; `recent` are entries in their order.
    """

    workspace: Workspace | None
    roster: tuple[Member, ...]
    questions: tuple[Question, ...]
    results: tuple[Event, ...]
    recent: tuple[Entry, ...]
    summary: str | None
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewQuestion:
    """A question as it was checked. Raises InvalidInput."""

    agent: str
    role: str | None
    of: str
    question: str
    options: tuple[str, ...]
    key: str | None
    until: datetime

    @classmethod
    def checked(
        cls,
        agent: str,
        role: str | None,
        question: object,
        options: object,
        *,
        of: object,
        key: object,
        within: object,
        now: datetime,
    ) -> "NewQuestion":
        choices = check_each("options", options, str, least=1, most=MAX_OPTIONS)
        for index, choice in enumerate(choices):
            check_id(f"options[{index}]", choice)
        if len(set(choices)) < len(choices):
            raise InvalidInput("options", "must differ from each other", "name each once")
        return cls(
            agent=agent,
            role=role,
            of=check_id("of", of),
            question=check_text("question", question, MAX_QUESTION_BYTES),
            options=choices,
            key=check_optional_id("key", key),
            until=now + check_span("within", within, LONGEST_QUESTION),
        )


def check_span(field: str, value: object, longest: timedelta) -> timedelta:
    span = f"1 s to {longest.days} days"
    return check_duration(field, value, SECOND, longest, span=span, fix="pass one in this range")


def check_roster(roster: object) -> dict[str, str]:
    """Roles by agents."""
    if not isinstance(roster, Mapping):
        raise InvalidInput("roster", "must be a mapping of agents to roles", 'pass a dict like {"r1": "researcher"}')
    if len(roster) > MAX_ROSTER:
        raise InvalidInput("roster", f"must name at most {MAX_ROSTER} agents", "begin several workspaces")
    named: dict[str, str] = {}
    for agent, role in roster.items():
        name = check_id("roster.agent", agent)
        named[name] = check_id(f"roster[{name:.100}]", role)
        if HUMAN in (name, role):
            raise InvalidInput(
                f"roster[{name:.100}]", "must not be called human", "leave humans out: they need no seat"
            )
    return named


def check_detail(detail: object) -> str:
    """May be empty."""
    check_is("detail", detail, str)
    return check_text("detail", detail, MAX_DETAIL_BYTES) if detail else ""
