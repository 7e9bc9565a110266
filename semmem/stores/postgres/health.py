"""Who works, and what waits: by times and counts only, across all tenants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from semmem.domain.scope import View
from semmem.domain.waiting import Waiting
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements

_SQL = statements("health.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`last_beat` is how long ago any worker last said that it lives, None if none is known.

    `silent` names what does not answer a worker that lives, as `degraded` does; `stores` those beside Postgres that one
    has.

    `oldest_unindexed` and `oldest_unextracted` are when the oldest waiting events were remembered; `dead_letters`
    counts those that were not replayed, by stage.
    """

    workers: int = 0
    last_beat: timedelta | None = None
    silent: Sequence[str] = ()
    stores: Sequence[str] = ()
    unindexed: int = 0
    oldest_unindexed: datetime | None = None
    unextracted: int = 0
    oldest_unextracted: datetime | None = None
    unembedded: int = 0
    dead_letters: Mapping[str, int] = field(default_factory=dict)


class HealthStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def beat(
        self, worker: UUID, lease: timedelta, silent: Sequence[str] = (), stores: Sequence[str] = ()
    ) -> None:
        """Says that the worker lives, for as long as `lease`; forgets workers that died long ago."""
        async with self._postgres.statement() as tx:
            await tx.execute(_SQL["beat"], worker=worker, lease=lease, silent=silent, stores=stores)

    async def leave(self, worker: UUID) -> None:
        async with self._postgres.statement() as tx:
            await tx.execute(_SQL["leave"], worker=worker)

    async def backlog(self, view: View, now: datetime) -> Waiting:
        """What waits in a view."""
        async with self._postgres.transaction(view) as tx:
            row = await tx.fetchrow(_SQL["backlog"])
        assert row is not None
        since = {name: row[f"oldest_{name}"] for name in ("unindexed", "unextracted")}
        waited = {f"{name}_for": now - oldest for name, oldest in since.items() if oldest is not None}
        counts = {name: row[name] for name in ("unindexed", "unextracted", "unembedded", "workers")}
        return Waiting(**counts, **waited)

    async def read(self) -> Health:
        async with self._postgres.statement() as tx:
            workers = await tx.fetchrow(_SQL["workers"])
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            waiting = await tx.fetchrow(_SQL["waiting"])
            letters = await tx.fetch(_SQL["dead_letters"])
        assert workers is not None
        assert waiting is not None
        return Health(**workers, **waiting, dead_letters={row["stage"]: row["count"] for row in letters})
