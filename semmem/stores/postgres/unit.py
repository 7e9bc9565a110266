"""The unit of work: every statement runs through one, which knows the connection, the scope and the time."""

from collections.abc import AsyncIterable, Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from semmem.domain.scope import Branch, Scope, View
from semmem.stores.postgres.rows import Row, scope_at
from semmem.stores.postgres.sql import Statement, statements

Connection = asyncpg.pool.PoolConnectionProxy | asyncpg.Connection
Where = Scope | Branch | View

_SQL = statements("unit.sql")


class Unit:
    """A connection, whose rows are meant, and the time of what is written.

    From these it fills in the parameters `:tenant`, `:kind` and `:id` of its scope, `:kinds` and `:ids` of all that it
    sees, and `:now`; for a place, which it sees together with its root, also `:root_kind`, `:root_id`, `:path` and
    `:owner`. A statement's caller gives the others.
    """

    def __init__(self, connection: Connection, where: Where | None = None, now: datetime | None = None) -> None:
        self.connection, self._now = connection, now
        self._take_up(where)

    async def enter(self, where: Where, *, by_key: bool = False) -> None:
        """From here on, until the transaction ends, row level security lets it see and write the rows of `where` alone.

        With `by_key`, plans are made for reads of known rows.
        """
        self._take_up(where)
        await self.execute(_SQL["enter_by_key" if by_key else "enter"])

    def _take_up(self, where: Where | None) -> None:
        self._where = where
        self._filled = {} if where is None else _columns(where)
        if self._now is not None:
            self._filled["now"] = self._now

    @property
    def tenant(self) -> str:
        if self._where is None:
            raise TypeError("this unit of work is of no tenant")
        tenant: str = self._filled["tenant"]
        return tenant

    @property
    def scope(self) -> Scope:
        """Its own, where it is of a scope or a place."""
        if isinstance(self._where, View | None):
            raise TypeError("this unit of work is of no scope alone")
        return scope_at(self._filled["tenant"], self._filled["kind"], self._filled["id"])

    @property
    def place(self) -> Branch:
        if not isinstance(self._where, Branch):
            raise TypeError("this unit of work is of no place and its root")
        return self._where

    @property
    def now(self) -> datetime:
        if self._now is None:
            raise TypeError("this unit of work has no time")
        return self._now

    async def fetch(self, statement: Statement, /, **given: Any) -> list[Row]:
        return await self.connection.fetch(statement.text, *statement.arguments(self._filled, given))

    async def fetchrow(self, statement: Statement, /, **given: Any) -> Row | None:
        return await self.connection.fetchrow(statement.text, *statement.arguments(self._filled, given))

    async def fetchrow_within(self, seconds: float, statement: Statement, /, **given: Any) -> Row | None:
        """In place of the time that the settings give to a statement."""
        return await self.connection.fetchrow(
            statement.text, *statement.arguments(self._filled, given), timeout=seconds
        )

    async def fetchval(self, statement: Statement, /, **given: Any) -> Any:
        """The first column of the first row; None where there is none."""
        return await self.connection.fetchval(statement.text, *statement.arguments(self._filled, given))

    async def execute(self, statement: Statement, /, **given: Any) -> int:
        """How many rows it wrote or read."""
        status = await self.connection.execute(statement.text, *statement.arguments(self._filled, given))
        count = status.rpartition(" ")[2]  # of `DELETE 3`; `SET` has none
        return int(count) if count.isdigit() else 0

    async def executemany(self, statement: Statement, rows: Iterable[Mapping[str, Any]], /) -> None:
        """Once for each of the rows, which hold the parameters by name."""
        await self.connection.executemany(statement.text, [statement.arguments(self._filled, row) for row in rows])

    def cursor(self, statement: Statement, /, *, page: int, **given: Any) -> AsyncIterable[Row]:
        """Its rows one by one, of which a page is read at once."""
        return self.connection.cursor(statement.text, *statement.arguments(self._filled, given), prefetch=page)


def _columns(where: Where) -> dict[str, Any]:
    """Whose rows are meant, as parameters."""
    if isinstance(where, Scope):
        kind, id = where.kind, where.id
        return {"tenant": where.tenant, "kind": kind, "id": id, "kinds": [kind], "ids": [id]}
    if isinstance(where, View):
        kinds, ids = [scope.kind for scope in where.scopes], [scope.id for scope in where.scopes]
        return {"tenant": where.tenant, "kinds": kinds, "ids": ids}
    scope, root = where.scope, where.root
    own = {"kind": scope.kind, "id": scope.id, "path": where.path, "owner": where.owner}
    return own | {"root_kind": root.kind, "root_id": root.id} | _columns(View.of(scope, root))
