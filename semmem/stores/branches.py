"""The places below a user's or a workspace's memory that were ever written to."""

from semmem.scope import Branch, View
from semmem.stores.postgres import Connection, Postgres, columns_of, key_of, scope_of
from semmem.stores.sql import statements

_SQL = statements("branches.sql")


class BranchStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def below(self, place: Branch) -> list[Branch]:
        """The places at and below this one that hold something, in the order of their paths."""
        async with self._postgres.transaction(place.root) as connection:
            rows = await connection.fetch(_SQL["below"], *key_of(place.root), place.path)
        named = [Branch(place.root, tuple(row["path"]), row["owner"]) for row in rows]
        places = named if place.path else [Branch(place.root), *named]
        if not places:
            return []
        view = View.of(*(found.scope for found in places))
        async with self._postgres.transaction(view) as connection:
            rows = await connection.fetch(_SQL["inhabited"], *columns_of(view))
        inhabited = {scope_of(row) for row in rows}
        return [found for found in places if found.scope in inhabited]


async def register(connection: Connection, place: Branch) -> None:
    """Makes a branch known to its root; part of the transaction of each write to it."""
    if place.is_root:
        return
    await connection.execute(_SQL["make_scope"], *key_of(place.scope))
    await connection.execute(_SQL["register"], *key_of(place.root), place.scope.id, place.path, place.owner)


async def drop(connection: Connection, place: Branch) -> None:
    """Takes the name of an emptied branch back; one that is being written to keeps it."""
    if place.is_root:
        return
    await connection.execute(_SQL["lock_branch"], *key_of(place.root), place.scope.id)
    await connection.execute(_SQL["drop_branch"], *key_of(place.root), place.scope.id)
