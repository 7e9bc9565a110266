"""What Postgres knows of the mirror: which filling of it is the right one, and what has to be carried there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from semmem.domain.scope import Scope
from semmem.ports import Mark
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Postgres, affected, key_of, scope_of
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
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(_SQL["read"])
        return Filling(**row) if row else None

    async def begin(self, prefix: str, stamp: UUID) -> None:
        await self._execute("begin", prefix, stamp)

    async def complete(self, stamp: UUID) -> None:
        await self._execute("complete", stamp)

    async def announce(self, stamp: UUID) -> None:
        await self._execute("announce", stamp)

    async def stamped(self, stamp: UUID, changes: int | None) -> None:
        await self._execute("stamped", stamp, changes)

    async def queue_all(self, stamp: UUID) -> None:
        """Lets everything be carried, scope by scope; once more from the start where that was cut short."""
        async for scope in self.scopes():
            async with self._postgres.transaction(scope) as connection:
                if affected(await connection.execute(_SQL["requeue"], *key_of(scope))):
                    await connection.execute("select semmem.queue('mirror', $1, $2, $3)", *key_of(scope))
        await self._execute("queued", stamp, await self.last_change())

    async def carried(self, through: int) -> bool:
        return not await self._swept("waits", through)

    async def last_change(self) -> int:
        """The number of the last change that waits to be carried."""
        return await self._swept("last_change")

    async def waiting(self, through: int) -> int:
        return await self._swept("waiting", through)

    async def size(self, tenant: str | None = None, scopes: Sequence[Scope] | None = None) -> int:
        """How many points there should be: of scopes of one tenant, else of a tenant, else of all."""
        if scopes is None:
            return await self._swept("size", tenant, None, None)
        columns = [scope.kind for scope in scopes], [scope.id for scope in scopes]
        return await self._swept("size", scopes[0].tenant, *columns) if scopes else 0

    async def any_vector(self) -> bool:
        return bool(await self._swept("any_vector"))

    async def changes(self) -> int | None:
        """How many there ever were; None while one of them waits to be carried."""
        async with self._postgres.connection() as connection:
            count: int = await connection.fetchval(_SQL["changes"])
        return None if await self._swept("waits", count) else count

    async def scopes(self, tenant: str | None = None) -> AsyncIterator[Scope]:
        """All that ever held something, of all tenants or of one."""
        after: tuple[str | None, ...] = (None, None, None)
        while True:
            async with self._postgres.acting_as(SWEEPER_ROLE) as connection:
                rows = await connection.fetch(_SQL["scopes"], tenant, *after, PAGE)
            for scope in map(scope_of, rows):
                yield scope
            if len(rows) < PAGE:
                return
            after = key_of(scope)

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute(_SQL[statement], *values)

    async def _swept(self, statement: str, *values: object) -> int:
        async with self._postgres.acting_as(SWEEPER_ROLE) as connection:
            found: int = await connection.fetchval(_SQL[statement], *values)
        return found
