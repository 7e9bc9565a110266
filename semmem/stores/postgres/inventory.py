"""Whose memories there are, across tenants: read as the role that sees addresses only."""

from semmem.domain.scope import Scope
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Postgres, key_of, scope_of
from semmem.stores.postgres.sql import statements

_SQL = statements("inventory.sql")


async def holdings(
    postgres: Postgres, tenant: str | None, after: Scope | None, limit: int
) -> list[tuple[Scope, dict[str, int]]]:
    """Each with its numbers of events, facts, records and branches."""
    place = key_of(after) if after else (None, None, None)
    async with postgres.acting_as(SWEEPER_ROLE) as connection:
        rows = await connection.fetch(_SQL["holdings"], tenant, *place, limit)
    names = ("events", "facts", "records", "branches")
    return [(scope_of(row), {name: row[name] for name in names}) for row in rows]
