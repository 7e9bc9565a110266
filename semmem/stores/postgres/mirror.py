"""What Postgres knows of the mirror: which filling of it is the right one, and what has to be carried there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from semmem.domain.scope import Scope
from semmem.ports import Mark
from semmem.stores.postgres.jobs import SWEEPER_ROLE, queue
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import scope_of
from semmem.stores.postgres.sql import statements

_SQL = statements("mirror.sql")
PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """`through`: the last change that has to be carried before it is whole, once all are queued."""

    prefix: str
    stamp: UUID
    next: UUID | None
    whole: bool
    through: int | None
    changes: int | None

    def made(self, mark: Mark | None) -> bool:
        """Whether it is this filling that the mark stands in."""
        if mark is None or mark.stamp not in (self.stamp, self.next):
            return False
        return mark.whole or not self.whole


class MirrorStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """Whether the mirror is ours to look after until we leave; nobody waits for it."""
        return self._postgres.alone("mirror")

    async def read(self) -> Filling | None:
        async with self._postgres.statement() as tx:
            row = await tx.fetchrow(_SQL["read"])
        return Filling(**row) if row else None

    async def begin(self, prefix: str, stamp: UUID) -> None:
        await self._execute("begin", prefix=prefix, stamp=stamp)

    async def complete(self, stamp: UUID) -> None:
        await self._execute("complete", stamp=stamp)

    async def announce(self, stamp: UUID) -> None:
        await self._execute("announce", stamp=stamp)

    async def stamped(self, stamp: UUID, changes: int | None) -> None:
        await self._execute("stamped", stamp=stamp, changes=changes)

    async def queue_all(self, stamp: UUID) -> None:
        """Lets everything be carried, scope by scope; once more from the start where that was cut short."""
        async for scope in self.scopes():
            async with self._postgres.transaction(scope) as tx:
                if await tx.execute(_SQL["requeue"]):
                    await queue(tx, "mirror")
        await self._execute("queued", stamp=stamp, through=await self.last_change())

    async def carried(self, through: int) -> bool:
        return not await self._swept("waits", through=through)

    async def last_change(self) -> int:
        """The number of the last change that waits to be carried."""
        return await self._swept("last_change")

    async def waiting(self, through: int) -> int:
        return await self._swept("waiting", through=through)

    async def size(self, tenant: str | None = None, scopes: Sequence[Scope] | None = None) -> int:
        """How many points there should be: of scopes of one tenant, else of a tenant, else of all."""
        if scopes is None:
            return await self._swept("size", tenant=tenant, kinds=None, ids=None)
        if not scopes:
            return 0
        kinds, ids = [scope.kind for scope in scopes], [scope.id for scope in scopes]
        return await self._swept("size", tenant=scopes[0].tenant, kinds=kinds, ids=ids)

    async def any_vector(self) -> bool:
        return bool(await self._swept("any_vector"))

    async def changes(self) -> int | None:
        """How many there ever were; None while one of them waits to be carried."""
        async with self._postgres.statement() as tx:
            count: int = await tx.fetchval(_SQL["changes"])
        return None if await self._swept("waits", through=count) else count

    async def scopes(self, tenant: str | None = None) -> AsyncIterator[Scope]:
        """All that ever held something, of all tenants or of one."""
        after: dict[str, str | None] = {"after_tenant": None, "after_kind": None, "after_id": None}
        while True:
            async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
                rows = await tx.fetch(_SQL["scopes"], tenant=tenant, limit=PAGE, **after)
            for scope in map(scope_of, rows):
                yield scope
            if len(rows) < PAGE:
                return
            after = {"after_tenant": scope.tenant, "after_kind": scope.kind, "after_id": scope.id}

    async def _execute(self, statement: str, **given: object) -> None:
        async with self._postgres.statement() as tx:
            await tx.execute(_SQL[statement], **given)

    async def _swept(self, statement: str, **given: object) -> int:
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            found: int = await tx.fetchval(_SQL[statement], **given)
        return found
