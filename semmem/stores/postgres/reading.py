"""Reads what indexes found, under the caller's view."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from semmem.domain.condition import Condition, Meeting
from semmem.domain.scope import View
from semmem.ports import Candidate, Hydrated, Passage
from semmem.stores.postgres.conditions import Conditions
from semmem.stores.postgres.events import hydrate_events
from semmem.stores.postgres.facts import hydrate_facts
from semmem.stores.postgres.passages import passages_around
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.unit import Unit


class PostgresReader:
    """ports.Reader: one transaction, in which row level security decides what exists."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres, self._conditions = postgres, Conditions(postgres)

    async def meeting(self, view: View, condition: Condition) -> Meeting:
        found = await self._conditions.meeting(view, condition)
        if not found.events:
            await self._conditions.check(view, condition)
        return found

    @asynccontextmanager
    async def reading(self, view: View) -> AsyncIterator["PostgresRows"]:
        async with self._postgres.transaction(view, by_key=True) as tx:
            yield PostgresRows(tx)


class PostgresRows:
    """ports.Rows."""

    def __init__(self, tx: Unit) -> None:
        self._tx = tx

    async def around(self, candidates: Sequence[Candidate], reach: int) -> list[Passage]:
        return await passages_around(self._tx, [candidate.id for candidate in candidates], reach)

    async def hydrate(self, passages: Sequence[Passage]) -> Hydrated:
        events = [passage.id for passage in passages if passage.kind == "event"]
        facts = [passage.id for passage in passages if passage.kind == "fact"]
        said, outdated = await hydrate_events(self._tx, events) if events else ([], set())
        drawn = await hydrate_facts(self._tx, facts) if facts else []
        return Hydrated((*said, *drawn), frozenset(outdated))
