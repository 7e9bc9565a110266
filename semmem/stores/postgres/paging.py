"""Lists that are read page by page, each page from the last item of the one before."""

from typing import Literal
from uuid import UUID

from semmem.errors import NotFound
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("paging.sql")
Listed = Literal["fact", "summary", "dead letter", "receipt"]


async def check_cursor(tx: Unit, listed: Listed, before: UUID | None) -> None:
    """For a page that came out empty. Raises NotFound where the item to go on from is not in the scope (any more)."""
    if before is None or await tx.fetchval(_SQL["stands"], listed=listed, before=before):
        return
    raise NotFound(f"before: no {listed} {before} in this scope (any more); list again from the newest")
