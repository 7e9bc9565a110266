"""What of the facts holds now, and what took the place of those that do not."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from semmem.domain.fact import Fact, Precision
from semmem.domain.scope import View
from semmem.stores.postgres.facts import fact_of, hydrate_facts
from semmem.stores.postgres.offsets import at_offset
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("standing.sql")

MOST_IN_PROFILE = 50
NEWEST = 5_000  # facts of a scope that are looked at
MOST_RIVALS = 500


class Known(NamedTuple):
    """A fact, and when it was first said."""

    fact: Fact
    since: datetime


class Superseded(NamedTuple):
    """A fact that holds no more, the words of an event that it rests on, and the version of it that holds, if any.

    `precision` is how exactly the end of the fact is known.
    """

    event: UUID
    quote: str
    fact: Fact
    precision: Precision | None
    current: Fact | None


class StandingFacts:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def superseded(self, view: View, events: Sequence[UUID]) -> list[Superseded]:
        """What the events say that holds no more."""
        async with self._postgres.transaction(view, by_key=True) as tx:
            rows = await tx.fetch(_SQL["outdated"], events=events)
            ids = {id for row in rows for id in (row["fact"], row["current"]) if id}
            facts = {fact.id: fact for fact in await hydrate_facts(tx, list(ids))} if ids else {}
        return [
            Superseded(row["event_id"], row["quote"], facts[row["fact"]], row["precision"], facts.get(row["current"]))
            for row in rows
        ]

    async def about(self, view: View, subjects: Sequence[str]) -> list[Fact]:
        """Current facts about these subjects, at most MOST_RIVALS of the newest."""
        async with self._postgres.transaction(view) as tx:
            rows = await tx.fetch(_SQL["of_subjects"], subjects=subjects, newest=NEWEST, limit=MOST_RIVALS)
            return await hydrate_facts(tx, [row["id"] for row in rows])


async def profile(tx: Unit) -> list[Known]:
    """Those that are pinned, then the weightiest that hold now, at most MOST_IN_PROFILE, in one order."""
    rows = await tx.fetch(_SQL["profile"], limit=MOST_IN_PROFILE)
    return [Known(fact_of(row), at_offset(row["first_said"], row["first_offset"])) for row in rows]
