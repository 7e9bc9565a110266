"""Receipts: the proof of what forget removed, and from where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from semmem.domain.checks import check_aware, check_flag, check_one_of, check_optional_id, check_uuid
from semmem.domain.fact import CATEGORIES, Category
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to forget inside a scope: everything, or what matches all that is named.

    An event takes along the facts that no other event states, and a fact the events that all versions of it rest on.
    With `keep_events` only this version of the fact goes, which was wrongly drawn from events that are right.
    What an agent reported and others did too stays as theirs, unless an event, a fact or a category is named as well.
    """

    everything: bool = False
    session: str | None = None
    event: UUID | None = None
    fact: UUID | None = None
    agent: str | None = None
    category: Category | None = None
    before: datetime | None = None
    keep_events: bool = False

    def __post_init__(self) -> None:
        check_flag("everything", self.everything)
        check_optional_id("session", self.session)
        check_optional_id("agent", self.agent)
        for name in ("event", "fact"):
            if getattr(self, name) is not None:
                check_uuid(name, getattr(self, name))
        if self.category is not None:
            check_one_of("category", self.category, CATEGORIES)
        if self.before is not None:
            object.__setattr__(self, "before", check_aware("before", self.before))
        narrowed = any((self.session, self.event, self.fact, self.agent, self.category, self.before))
        others = (self.session, self.event, self.agent, self.category, self.before)
        if self.keep_events and (self.fact is None or any(others)):
            raise InvalidInput("keep_events", "goes with a fact alone", "pass fact=, and nothing else")
        if self.everything == narrowed:
            raise InvalidInput("forget", "must name what to forget", "pass everything=True, or a session, event, ...")

    @property
    def hands_over(self) -> bool:
        """Whether an agent is forgotten, and not what was said: reports that others made too become theirs."""
        return self.agent is not None and not any((self.event, self.fact, self.category))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a forget removed: counts by kind, and when each store was clean of it (None: not yet).

    A store that is clean answers with nothing of it, yet bytes of it may lie in its files. The embedded servers'
    are to be free of them by `scrub_due`, and are since `scrubbed_at` (None: not yet). On servers of one's own both are
    None: docs/erasure.md says what remains where, and until when. A dry run has no `id` and no stores.
    """

    id: UUID | None
    scope: Scope
    counts: Mapping[str, int]
    committed_at: datetime | None
    stores: Mapping[str, datetime | None]
    scrub_due: datetime | None = None
    scrubbed_at: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether every store is clean of it; whether the files are too, `bytes` says."""
        return self.id is not None and all(self.stores.values())

    @property
    def bytes(self) -> str:
        """In words, whether bytes of it remain in the servers' files."""
        if self.id is None:
            return "nothing was forgotten: this is a dry run"
        if self.scrubbed_at is not None:
            return f"gone from the servers' files since {_moment(self.scrubbed_at)}"
        if self.scrub_due is not None:
            return f"may remain in the servers' files until {_moment(self.scrub_due)}, or until a worker runs again"
        return (
            "may remain in the files of these servers, which are your own: docs/erasure.md says where, and until when"
        )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S%z}"
