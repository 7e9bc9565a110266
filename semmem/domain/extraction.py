"""What passes between an extractor and the memory: drafts out of events, questions about them, and decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from semmem.domain.fact import Draft, Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a piece of extraction cost in model calls and tokens."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A draft that was refused, by its reason ("ungrounded", "unknown_source", ...); kept for a human to look at.

    `text` is the draft's, or where it has none that can be kept (reason "schema") what is wrong with it.
    """

    reason: str
    event_ids: tuple[UUID, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why no answer could be had for an event: a word, and a sentence a person can act on, without any content.

    One that `may_pass` is worth another try before the event goes to the dead letters.
    """

    reason: str
    detail: str
    may_pass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryText:
    """A new text for the rolling summary of a session, or of the scope where `session` is None.

    A text of None leaves it to be made of all that it rests on.
    """

    session: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What a batch of events gave: grounded drafts, refused ones, events no answer could be had for, and summaries.

    `read` is how many of the events it stands for, from the first on; the others come again. None is all of them.
    """

    drafts: tuple[Draft, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    failed: Mapping[UUID, Failure] | None = None  # by event; these go to the dead letters
    summaries: tuple[SummaryText, ...] = ()
    usage: Usage = Usage()
    read: int | None = None


Verdict = Literal["add", "confirm", "supersede", "ignore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A draft and the current facts that might say the same or the opposite, nearest first, with their cosines."""

    draft: Draft
    candidates: tuple[Fact, ...] = ()
    cosines: tuple[float, ...] = ()
    said_at: datetime | None = None  # world time of the draft's newest source, where it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a draft; `target` is the fact that is confirmed, superseded or already says it.

    `also` are further facts that hold no more since the draft does: it is the next version of its target alone.
    `until` are facts that hold until the draft does, for it tells of a plan.
    """

    verdict: Verdict
    draft: Draft
    target: Fact | None = None
    also: tuple[Fact, ...] = ()
    until: tuple[Fact, ...] = ()


class BatchLimits(NamedTuple):
    """How much an extractor takes at once."""

    tokens: int
    events: int


@dataclass(frozen=True, slots=True)
class Retraction:
    """A wrong fact that was taken back, by its statement, and the words of its event that it was drawn from.

    `subject` and `text` are the statement itself, where it stays in a fact's timeline, so that it can be restored.
    """

    statement_hash: bytes
    quote: str
    content: str  # of the event
    subject: str | None
    text: str | None
