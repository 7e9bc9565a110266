"""Turns ids that an index returned into rows, read under the caller's view."""

from collections.abc import Sequence

from semmem.ports import Candidate, Hydrated
from semmem.scope import View
from semmem.stores.events import hydrate_events
from semmem.stores.facts import hydrate_facts
from semmem.stores.postgres import Postgres


class PostgresHydrator:
    """ports.Hydrator: one transaction, in which row level security decides what exists."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def hydrate(self, view: View, candidates: Sequence[Candidate]) -> Hydrated:
        events = [candidate.id for candidate in candidates if candidate.kind == "event"]
        facts = [candidate.id for candidate in candidates if candidate.kind == "fact"]
        async with self._postgres.transaction(view) as connection:
            said, outdated = await hydrate_events(connection, view, events) if events else ([], set())
            drawn = await hydrate_facts(connection, view, facts) if facts else []
        return Hydrated((*said, *drawn), frozenset(outdated))
