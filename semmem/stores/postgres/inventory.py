"""Whose memories there are, across tenants: read as the role that sees addresses only."""

from semmem.domain.scope import Scope
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import scope_of
from semmem.stores.postgres.sql import statements

_SQL = statements("inventory.sql")


async def holdings(
    postgres: Postgres, tenant: str | None, after: Scope | None, limit: int
) -> list[tuple[Scope, dict[str, int]]]:
    """Each with its numbers of events, facts, records and branches."""
    async with postgres.acting_as(SWEEPER_ROLE) as tx:
        rows = await tx.fetch(
            _SQL["holdings"],
            tenant=tenant,
            after_tenant=after and after.tenant,
            after_kind=after and after.kind,
            after_id=after and after.id,
            limit=limit,
        )
    names = ("events", "facts", "records", "branches")
    return [(scope_of(row), {name: row[name] for name in names}) for row in rows]
