"""Wrong facts that were taken back while their events stayed: they are not drawn from these events again."""

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

from semmem.domain.extraction import Retraction
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("retractions.sql")


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
