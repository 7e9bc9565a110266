"""What recall answers with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import overload
from uuid import UUID

from semmem.domain.checks import (
    MAX_LIMIT,
    check_aware,
    check_int,
    check_one_of,
    check_optional_id,
    check_unit,
    check_uuid,
)
from semmem.domain.condition import Condition
from semmem.domain.event import Event
from semmem.domain.extraction import Usage
from semmem.domain.fact import CATEGORIES, Category, Fact, Source, sources_of
from semmem.errors import InvalidInput

RELEVANT = 0.2  # as `min_score`: what it leaves out of answers, and lets through without one, is in docs/retrieval.md


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What recall narrows by. A category is a fact's; `since` and `until` are world time; `as_of` asks what held then.

    A condition narrows further, inside the view; nothing a caller stores freely decides who sees what.
    """

    agent: str | None = None
    session: str | None = None
    category: Category | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_importance: float = 0.0
    as_of: datetime | None = None
    where: Condition | None = None

    def __post_init__(self) -> None:
        check_optional_id("agent", self.agent)
        check_optional_id("session", self.session)
        if self.category is not None:
            check_one_of("category", self.category, CATEGORIES)
        for name in ("since", "until", "as_of"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_aware(name, getattr(self, name)))
        if self.since and self.until and self.until < self.since:
            raise InvalidInput("until", "must not be before since", "swap the two")
        check_unit("min_importance", self.min_importance)


def check_limit(limit: int) -> None:
    check_int("limit", limit, 1, MAX_LIMIT)


def check_page(before: UUID | None, limit: int) -> None:
    """Of a list whose items have ids."""
    if before is not None:
        check_uuid("before", before)
    check_limit(limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One recalled memory, its score from 0 to 1, and the weighted signals that the score is the sum of.

    Scores are comparable from question to question: `doubt` takes from all hits of a question that the memory seems to
    know nothing of. What is below RELEVANT hardly answers.
    """

    item: Event | Fact
    score: float
    signals: Mapping[str, float]

    @property
    def id(self) -> UUID:
        return self.item.id

    @property
    def kind(self) -> str:
        return self.item.kind

    @property
    def text(self) -> str:
        return self.item.text

    @property
    def said_at(self) -> datetime:
        """World time."""
        return self.item.said_at

    def moved(self, score: float, because: str) -> "Hit":
        """The same hit with another score; the difference is a signal, so that the score stays the sum of them."""
        return replace(self, score=score, signals={**self.signals, because: score - self.score})

    def doubted(self, confidence: float) -> "Hit":
        """The same hit where the memory answers the question at all with this chance, from 0 to 1."""
        return self.moved(self.score * confidence, "doubt")

    @property
    def undoubted(self) -> float:
        """The score among the hits of its question, whether or not any of them answers it."""
        return self.score - self.signals.get("doubt", 0.0)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The events it rests on, with the quotes; an event rests on itself."""
        return sources_of(self.item)

    @property
    def why(self) -> str:
        """The signals, strongest first, such as `dense 0.41, lexical 0.32`."""
        ranked = sorted(self.signals.items(), key=lambda signal: -signal[1])
        return ", ".join(f"{name} {worth:.2f}" for name, worth in ranked if round(worth, 2))


@dataclass(frozen=True, slots=True)
class Recall(Sequence[Hit]):
    """Hits, best first, and the parts that could not take part in finding them.

    `waited` is how long the oldest event has waited where `degraded` names "index" (it cannot be recalled yet) or
    "facts" (none were drawn from it yet) because no worker lives. `usage` is what a chat model cost that reranks.
    """

    hits: tuple[Hit, ...]
    degraded: frozenset[str] = frozenset()
    waited: timedelta | None = None
    usage: Usage = field(default_factory=Usage)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)
