"""What is settled about scopes, and which events are older than theirs keeps them."""

from datetime import datetime
from uuid import UUID

import asyncpg

from semmem.domain.scope import Branch, Scope
from semmem.domain.settings import ScopeSettings
from semmem.errors import InvalidInput
from semmem.stores.postgres.branches import make_scope, register
from semmem.stores.postgres.jobs import queue
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("settings.sql")
AGED = 500  # events that are forgotten in one transaction


class SettingsStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def read(self, scope: Scope) -> ScopeSettings:
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["read"])
        return ScopeSettings(**row) if row else ScopeSettings()

    @tried_again
    async def write(self, place: Branch, settings: ScopeSettings, now: datetime) -> None:
        """Raises InvalidInput for a zone that Postgres does not know."""
        try:
            async with self._postgres.transaction(place, now) as tx:
                await make_scope(tx)
                await register(tx)
                await tx.execute(_SQL["write"], zone=settings.zone, keep_events_for=settings.keep_events_for)
                if settings.keep_events_for is not None:
                    await queue(tx, "erase")
        except asyncpg.InvalidParameterValueError as error:
            raise InvalidInput(
                "zone", "is unknown to this Postgres", "update its time zone data, or take another"
            ) from error


async def look_again(tx: Unit) -> bool:
    """Whether events are kept for a while only: then those that came may be too old already."""
    return bool(await tx.fetchval(_SQL["look_again"]))


async def is_due(tx: Unit) -> bool:
    return bool(await tx.fetchval(_SQL["is_due"]))


async def aged_events(tx: Unit) -> list[UUID]:
    """The oldest that are too old; not all of them at once."""
    return [row["id"] for row in await tx.fetch(_SQL["aged"], limit=AGED)]


async def set_due(tx: Unit) -> None:
    await tx.execute(_SQL["set_due"])


async def clear_settings(tx: Unit) -> None:
    await tx.execute(_SQL["clear"])
