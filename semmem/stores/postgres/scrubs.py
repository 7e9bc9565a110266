"""Which receipts wait for their bytes to leave the embedded servers' files."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from semmem.domain.scope import Scope
from semmem.postgres.connect import connect
from semmem.postgres.errors import mapped_errors
from semmem.postgres.url import parse
from semmem.stores.postgres.rows import scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("scrubs.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscrubbed:
    """How many receipts wait, when the first of them is due, and that of those which the stores have followed."""

    count: int
    due: datetime | None
    ready: datetime | None


class Scrubs:
    """Sees the receipts of all tenants: the embedded servers' owner is not bound by row level security."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._unit = Unit(connection)

    async def alone(self) -> bool:
        """Whether no other process scrubs, and none begins before this connection ends; nobody waits for it."""
        return bool(await self._unit.fetchval(_SQL["alone"]))

    async def unscrubbed(self) -> Unscrubbed:
        row = await self._unit.fetchrow(_SQL["unscrubbed"])
        assert row is not None
        return Unscrubbed(**row)

    async def ready(self) -> Mapping[Scope, Sequence[UUID]]:
        """Those that the stores have followed, by scope."""
        found: dict[Scope, list[UUID]] = {}
        for row in await self._unit.fetch(_SQL["ready"]):
            found.setdefault(scope_of(row), []).append(row["id"])
        return found

    async def close(self, tenant: str, receipts: Sequence[UUID], now: datetime) -> None:
        await self._unit.execute(_SQL["close"], tenant=tenant, receipts=receipts, now=now)


@asynccontextmanager
async def all_receipts(url: str) -> AsyncIterator[Scrubs]:
    """`url` is the embedded Postgres's. Raises StoreUnavailable."""
    connection = await connect(parse(url))
    try:
        with mapped_errors():
            yield Scrubs(connection)
    finally:
        await connection.close()
