"""Lists that are read page by page, each page from the last item of the one before."""

from typing import Literal
from uuid import UUID

from semmem.domain.scope import Scope
from semmem.errors import NotFound
from semmem.stores.postgres.pool import Connection, key_of
from semmem.stores.postgres.sql import statements

_SQL = statements("paging.sql")
Listed = Literal["fact", "summary", "dead letter", "receipt"]


async def check_cursor(connection: Connection, scope: Scope, kind: Listed, before: UUID | None) -> None:
    """For a page that came out empty. Raises NotFound where the item to go on from is not in the scope (any more)."""
    if before is None or await connection.fetchval(_SQL["stands"], *key_of(scope), kind, before):
        return
    raise NotFound(f"before: no {kind} {before} in this scope (any more); list again from the newest")
