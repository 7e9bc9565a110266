"""Who works, and what waits, across all tenants and in a scope: by times and counts only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from semmem.domain.group import GroupLag
from semmem.domain.health import FieldHealth, Installation
from semmem.domain.scope import Scope, View
from semmem.domain.waiting import Waiting
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("health.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCounts:
    """What Postgres knows of how a scope does."""

    head: int
    floor: int
    fields: Mapping[str, FieldHealth]
    groups: Mapping[str, GroupLag]
    oldest_lease: datetime | None
    dead_letters: Mapping[str, int]
    waiting: Waiting


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
            return await _backlog(tx, now)

    async def scope(self, scope: Scope, role: str | None, now: datetime) -> ScopeCounts:
        """How a scope does; of its state, the fields that the role may read."""
        async with self._postgres.transaction(scope) as tx:
            log = await tx.fetchrow(_SQL["log"])
            fields = await tx.fetch(_SQL["fields"], role=role)
            groups = await tx.fetch(_SQL["groups"])
            letters = await tx.fetch(_SQL["dead_letters_here"])
            waiting = await _backlog(tx, now)
        return ScopeCounts(
            head=log["head"] if log else 0,
            floor=log["floor"] if log else 0,
            fields={row["field"]: FieldHealth(**{name: row[name] for name in _OF_FIELD}) for row in fields},
            groups={row["name"]: GroupLag(**{name: row[name] for name in _OF_GROUP}) for row in groups},
            oldest_lease=min((row["first_ends"] for row in groups if row["first_ends"]), default=None),
            dead_letters={row["stage"]: row["count"] for row in letters},
            waiting=waiting,
        )

    async def read(self) -> Installation:
        async with self._postgres.statement() as tx:
            workers = await tx.fetchrow(_SQL["workers"])
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            waiting = await tx.fetchrow(_SQL["waiting"])
            letters = await tx.fetch(_SQL["dead_letters"])
        assert workers is not None
        assert waiting is not None
        return Installation(**workers, **waiting, dead_letters={row["stage"]: row["count"] for row in letters})


_OF_FIELD = ("pieces", "bytes", "conflicts", "refusals")
_OF_GROUP = ("behind", "leased", "dead")


async def _backlog(tx: Unit, now: datetime) -> Waiting:
    row = await tx.fetchrow(_SQL["backlog"])
    assert row is not None
    since = {name: row[f"oldest_{name}"] for name in ("unindexed", "unextracted")}
    waited = {f"{name}_for": now - oldest for name, oldest in since.items() if oldest is not None}
    counts = {name: row[name] for name in ("unindexed", "unextracted", "unembedded", "workers")}
    return Waiting(**counts, **waited)
