"""Facts drawn from events, and the summaries that condense them."""

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, get_args
from uuid import UUID

from semmem.domain.checks import check_aware, check_one_of, check_text, check_unit
from semmem.domain.event import Event, Role
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput

Category = Literal["profile", "preference", "relationship", "plan", "event", "decision", "knowledge", "other"]
Precision = Literal["year", "month", "day", "instant"]
CorrectionKind = Literal["corrected", "rejected", "restored", "reopened", "pinned"]

CATEGORIES: tuple[str, ...] = get_args(Category)
TRUST: tuple[str, ...] = ("tool", "assistant", "system", "user")  # whose word weighs more, from the least on
MAX_SUBJECT_BYTES = 256
MAX_FACT_BYTES = 2_000
MAX_PINS = 50  # of a scope, as many as a profile shows


def statement_hash(subject: str, text: str) -> bytes:
    """32 bytes, equal for statements that differ only in case, white space and Unicode's compatibility forms."""
    return hashlib.sha256(json.dumps([folded(subject), folded(text)]).encode()).digest()


def folded(text: str) -> str:
    """Without the differences that make no other statement."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The event a fact rests on, and the words in it."""

    event_id: UUID
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When a statement holds in the world; None is open. `precision` is how exactly the text dated it."""

    start: datetime | None = None
    end: datetime | None = None
    precision: Precision | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_aware(f"validity.{name}", getattr(self, name)))
        if self.precision is not None:
            check_one_of("validity.precision", self.precision, get_args(Precision))
        if self.start and self.end and self.end < self.start:
            raise InvalidInput("validity.end", "must not be before its start", "swap or drop one of the two")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person did to a version of a fact, and who and when."""

    kind: CorrectionKind
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """The statement that took a draft's place before it was stored, and until when the draft itself says it holds."""

    subject: str
    text: str
    said_to: datetime | None

    @property
    def statement_hash(self) -> bytes:
        return statement_hash(self.subject, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A fact as an extractor proposes it: grounded in its sources, not yet decided upon."""

    subject: str
    text: str
    category: Category
    confidence: float
    importance: float
    validity: Validity
    sources: tuple[Source, ...]
    trust: Role
    superseded: Superseded | None = None  # then it becomes history
    dated_by: frozenset[UUID] = frozenset()  # of its sources those that say its dates, where others leave them open

    def __post_init__(self) -> None:
        check_text("subject", self.subject, MAX_SUBJECT_BYTES)
        check_text("text", self.text, MAX_FACT_BYTES)
        check_one_of("category", self.category, CATEGORIES)
        check_unit("confidence", self.confidence)
        check_unit("importance", self.importance)
        if not self.sources:
            raise InvalidInput("sources", "must name at least one event", "drop a statement that rests on nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One self-contained statement, as one version in a thread of versions; it is read like an Event.

    `validity` is world time; `recorded_at` and `superseded_at` are ours. A superseded version stays as history.

    A person may have `made` this version, by a correction ("corrected"), by undoing one ("restored"), or by rejecting
    what had superseded it ("reopened"). A person may have `ended` it ("corrected", "rejected" or "restored"): then it
    never held.
    """

    kind: ClassVar[Literal["fact"]] = "fact"

    id: UUID
    thread: UUID  # shared by all versions of the statement
    version: int
    scope: Scope
    subject: str
    text: str
    category: Category
    confidence: float
    importance: float
    validity: Validity
    trust: Role  # of whoever made the statement, the one whose word weighs most
    said_at: datetime  # world time of the newest event it rests on
    recorded_at: datetime
    superseded_at: datetime | None
    sources: tuple[Source, ...]
    made: Correction | None = None
    ended: Correction | None = None
    pinned: Correction | None = None

    @property
    def voice(self) -> str:
        """Whom it is about."""
        return self.subject

    @property
    def role(self) -> Role:
        return self.trust

    @property
    def current(self) -> bool:
        return self.superseded_at is None

    @property
    def in_own_words(self) -> bool:
        """Whether a person gave it its words or dates, so that they are not those of the events that it rests on."""
        return self.made is not None and self.made.kind == "corrected"


def sources_of(item: Event | Fact) -> tuple[Source, ...]:
    """The events that a fact rests on; an event rests on itself."""
    return item.sources if item.kind == "fact" else (Source(event_id=item.id, quote=item.text),)


def events_of(item: Event | Fact) -> list[UUID]:
    return [source.event_id for source in sources_of(item)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A rolling condensation of one session, or of the whole scope where `session` is None.

    It tells of what was said from `since` to `until`, in world time: of the first and the last event that it covers.
    """

    id: UUID
    scope: Scope
    session: str | None
    text: str
    version: int
    through_seq: int  # the last event it covers
    since: datetime
    until: datetime
    recorded_at: datetime
    events: tuple[UUID, ...]
