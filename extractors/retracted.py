"""What is not drawn from an event again: a statement that was taken back, and what may be the same in other words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from semmem.domain.extraction import Retraction
from semmem.domain.fact import Draft, folded, statement_hash
from semmem.extractors.resolve import reworded

Retracted = Mapping[UUID, Sequence[Retraction]]  # by event


def forbids(retraction: Retraction, draft: Draft, quote: str) -> bool:
    """Whether it is the same statement, of the same words of the event, or of the same value as what was taken back."""
    if statement_hash(draft.subject, draft.text) == retraction.statement_hash:
        return True
    if _overlap(folded(quote), folded(retraction.quote), folded(retraction.content)):
        return True
    if retraction.subject is None or retraction.text is None:
        return False
    return reworded(draft.subject, draft.text, retraction.subject, retraction.text)


def _overlap(one: str, other: str, content: str) -> bool:
    """Whether two quotes of one text have words of it in common."""
    if one in other or other in one:
        return True
    starts = content.find(one), content.find(other)
    return min(starts) >= 0 and starts[0] < starts[1] + len(other) and starts[1] < starts[0] + len(one)


def without_retracted(draft: Draft, retracted: Retracted) -> Draft | None:
    """The draft less the events from which it was drawn before and taken back; None where no other is left."""
    kept = tuple(
        source
        for source in draft.sources
        if not any(forbids(each, draft, source.quote) for each in retracted.get(source.event_id, ()))
    )
    return replace(draft, sources=kept) if kept else None
