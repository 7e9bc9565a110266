"""Wrong facts that were taken back while their events stayed: they are not drawn from these events again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from semmem.domain.fact import Draft, folded, statement_hash
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("retractions.sql")
Retracted = Mapping[UUID, Sequence["Retraction"]]  # by event


@dataclass(frozen=True, slots=True)
class Retraction:
    """A wrong fact that was taken back, by its statement, and the words of its event that it was drawn from."""

    statement_hash: bytes
    quote: str

    def forbids(self, draft: Draft, quote: str) -> bool:
        """The statement itself, and whatever else is drawn from the same words: it may be the same in other words."""
        if statement_hash(draft.subject, draft.text) == self.statement_hash:
            return True
        one, other = folded(quote), folded(self.quote)
        return one in other or other in one


async def retractions(tx: Unit, events: Sequence[UUID]) -> dict[UUID, list[Retraction]]:
    """Those of each event, where it has any."""
    found: dict[UUID, list[Retraction]] = {}
    for row in await tx.fetch(_SQL["retractions"], events=events):
        found.setdefault(row["event_id"], []).append(Retraction(row["statement_hash"], row["quote"]))
    return found


def without_retracted(draft: Draft, retracted: Retracted) -> Draft | None:
    """The draft less the events from which it was drawn before and taken back; None where no other is left."""
    kept = tuple(
        source
        for source in draft.sources
        if not any(each.forbids(draft, source.quote) for each in retracted.get(source.event_id, ()))
    )
    return replace(draft, sources=kept) if kept else None
