"""The places below a user's or a workspace's memory that were ever written to."""

from collections.abc import Sequence

from semmem.domain.scope import Branch, View
from semmem.stores.postgres.pool import Connection, Postgres, columns_of, key_of, scope_of
from semmem.stores.postgres.sql import statements

_SQL = statements("branches.sql")
LOOK_UP = 1_000  # places asked after at once


class BranchStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def below(self, place: Branch, *, after: Branch | None, limit: int | None) -> list[Branch]:
        """The places at and below this one that hold something, in the order of their paths, from `after` on."""
        position = (after.path, after.owner or "") if after else (None, None)
        async with self._postgres.transaction(place.root) as connection:
            rows = await connection.fetch(_SQL["below"], *key_of(place.root), place.path, *position)
        named = [Branch(place.root, tuple(row["path"]), row["owner"]) for row in rows]
        places = named if place.path or after else [Branch(place.root), *named]
        found: list[Branch] = []
        for at in range(0, len(places), LOOK_UP):
            found += await self._inhabited(places[at : at + LOOK_UP])
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    async def kept_below(self, place: Branch) -> list[Branch]:
        """Every place below this one whose name is kept, empty ones too; below a private one its owner's alone."""
        async with self._postgres.transaction(place.root) as connection:
            rows = await connection.fetch(_SQL["below"], *key_of(place.root), place.path, None, None)
        named = [Branch(place.root, tuple(row["path"]), row["owner"]) for row in rows]
        return [found for found in named if found != place and place.owner in (None, found.owner)]

    async def _inhabited(self, places: Sequence[Branch]) -> list[Branch]:
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


async def lock_branch(connection: Connection, place: Branch) -> None:
    """Waits for writers of the branch. Comes first in a transaction that may drop it, as they register it first."""
    if not place.is_root:
        await connection.execute(_SQL["lock_branch"], *key_of(place.root), place.scope.id)


async def drop(connection: Connection, place: Branch) -> None:
    """Takes the name of an emptied branch back."""
    if not place.is_root:
        await connection.execute(_SQL["drop_branch"], *key_of(place.root), place.scope.id)
