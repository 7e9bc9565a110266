"""Takes the old part of a scope's log out of the database, once it is in a file."""

from collections.abc import AsyncGenerator
from datetime import datetime

from semmem.domain.archive import written
from semmem.domain.scope import Scope
from semmem.stores.postgres.archive_rows import fields_of
from semmem.stores.postgres.erasure import Eraser
from semmem.stores.postgres.events import make_stale
from semmem.stores.postgres.log import hold_head
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("archiving.sql")
_PAGE = 200
BATCH = 2_000  # positions that are taken out in one transaction


class Archiver:
    def __init__(self, postgres: Postgres, eraser: Eraser) -> None:
        self._postgres, self._eraser = postgres, eraser

    async def reach(self, scope: Scope, before: datetime) -> tuple[int, int]:
        """From behind which position up to which one the log can be taken out; twice the same where nothing can."""
        async with self._postgres.transaction(scope) as tx:
            return await _reach(tx, before)

    async def lines(self, scope: Scope, floor: int, through: int) -> AsyncGenerator[str]:
        """The events of a part of the log, as an archive has them: none are added there any more."""
        async with self._postgres.snapshot() as tx:
            await tx.enter(scope)
            async for row in tx.cursor(_SQL["read"], page=_PAGE, floor=floor, through=through):
                yield written("event", fields_of("event", row))

    async def take_out(self, scope: Scope, before: datetime, through: int, now: datetime) -> tuple[int, int]:
        """How many events went, and up to where; those that a fact, a record or a dead letter rests on stay there.

        It ends sooner where a worker or a group has something to look at again that was done when `through` was read.
        """
        removed, floor = 0, -1
        while True:
            gone, reached = await self._take_out_part(scope, before, through, now)
            removed += gone
            if reached in (floor, through):
                return removed, reached
            floor = reached

    @tried_again
    async def _take_out_part(self, scope: Scope, before: datetime, through: int, now: datetime) -> tuple[int, int]:
        async with self._postgres.transaction(scope, now) as tx:
            await make_stale(tx)
            await hold_head(tx)
            floor, reach = await _reach(tx, before)
            part = {"floor": floor, "through": min(through, reach, floor + BATCH)}
            if part["through"] <= floor:
                return 0, floor
            events = [row["id"] for row in await tx.fetch(_SQL["removable"], **part)]
            await self._eraser.take_out(tx, events)
            await tx.execute(_SQL["remove_entries"], **part)
            await tx.execute(_SQL["raise_floor"], through=part["through"])
        return len(events), part["through"]


async def _reach(tx: Unit, before: datetime) -> tuple[int, int]:
    row = await tx.fetchrow(_SQL["reach"], before=before)
    return (row["floor"], max(row["floor"], row["through"])) if row else (0, 0)
