"""Wrong facts that were taken back while their events stayed: they are not drawn from these events again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from uuid import UUID

from semmem.domain.fact import Draft, folded, statement_hash
from semmem.extractors.resolve import reworded
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("retractions.sql")
Retracted = Mapping[UUID, Sequence["Retraction"]]  # by event


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

    def forbids(self, draft: Draft, quote: str) -> bool:
        """The statement itself, and what may be the same in other words: of the same words, or of the same value."""
        if statement_hash(draft.subject, draft.text) == self.statement_hash:
            return True
        if _overlap(folded(quote), folded(self.quote), folded(self.content)):
            return True
        if self.subject is None or self.text is None:
            return False
        return reworded(draft.subject, draft.text, self.subject, self.text)


def _overlap(one: str, other: str, content: str) -> bool:
    """Whether two quotes of one text have words of it in common."""
    if one in other or other in one:
        return True
    starts = content.find(one), content.find(other)
    return min(starts) >= 0 and starts[0] < starts[1] + len(other) and starts[1] < starts[0] + len(one)


async def retract(tx: Unit, facts: Sequence[UUID]) -> None:
    """Keeps these facts from being drawn from their events again."""
    await tx.execute(_SQL["retract"], facts=facts)


async def allow(tx: Unit, fact: UUID) -> None:
    """Takes it back for a version that is restored."""
    await tx.execute(_SQL["allow"], fact=fact)


async def retractions(tx: Unit, events: Sequence[UUID]) -> dict[UUID, list[Retraction]]:
    """Those of each event, where it has any."""
    found: dict[UUID, list[Retraction]] = {}
    names = [field.name for field in fields(Retraction)]
    for row in await tx.fetch(_SQL["retractions"], events=events):
        found.setdefault(row["event_id"], []).append(Retraction(**{name: row[name] for name in names}))
    return found


def without_retracted(draft: Draft, retracted: Retracted) -> Draft | None:
    """The draft less the events from which it was drawn before and taken back; None where no other is left."""
    kept = tuple(
        source
        for source in draft.sources
        if not any(each.forbids(draft, source.quote) for each in retracted.get(source.event_id, ()))
    )
    return replace(draft, sources=kept) if kept else None
