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


def allowed(drafts: Sequence[Draft], retracted: Retracted) -> list[Draft | None]:
    """Each as `without_retracted` leaves it. What only a statement had ended that was taken back holds as it said."""
    kept = [without_retracted(draft, retracted) for draft in drafts]
    wrong = {
        statement_hash(draft.subject, draft.text): draft
        for draft, left in zip(drafts, kept, strict=True)
        if left is None
    }
    return [draft and _ended_by_what_stays(draft, wrong) for draft in kept]


def _ended_by_what_stays(draft: Draft, wrong: Mapping[bytes, Draft]) -> Draft:
    """What a wrong statement ended, whatever took that one's place has ended."""
    left = dict(wrong)
    while draft.superseded and (ender := left.pop(draft.superseded.statement_hash, None)):
        end, successor = draft.superseded.said_to, ender.superseded
        if successor:
            end = max(filter(None, (draft.validity.start, ender.validity.end)), default=None)
            successor = replace(successor, said_to=draft.superseded.said_to)
        draft = replace(draft, validity=replace(draft.validity, end=end), superseded=successor)
    return draft
