"""The places below a user's or a workspace's memory that were ever written to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from semmem.domain.scope import Branch, View
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("branches.sql")
LOOK_UP = 1_000  # places asked after at once


class BranchStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def below(self, place: Branch, *, after: Branch | None, limit: int | None) -> list[Branch]:
        """The places at and below this one that hold something, in the order of their paths, from `after` on."""
        named = await self._named(place, after)
        places = named if place.path or after else [Branch(place.root), *named]
        found: list[Branch] = []
        for at in range(0, len(places), LOOK_UP):
            asked = places[at : at + LOOK_UP]
            async with self._postgres.transaction(View.of(*(each.scope for each in asked))) as tx:
                inhabited = {scope_of(row) for row in await tx.fetch(_SQL["inhabited"])}
            found += [each for each in asked if each.scope in inhabited]
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    async def kept_below(self, place: Branch) -> list[Branch]:
        """Every place below this one whose name is kept, empty ones too; below a private one its owner's alone."""
        named = await self._named(place, None)
        return [found for found in named if found != place and place.owner in (None, found.owner)]

    async def _named(self, place: Branch, after: Branch | None) -> list[Branch]:
        path, owner = (after.path, after.owner or "") if after else (None, None)
        async with self._postgres.transaction(place) as tx:
            rows = await tx.fetch(_SQL["below"], after_path=path, after_owner=owner)
        return [Branch(place.root, tuple(row["path"]), row["owner"]) for row in rows]


@asynccontextmanager
async def writing(postgres: Postgres, place: Branch, now: datetime) -> AsyncIterator[Unit]:
    """For one statement that enters the place by itself: a root's is a single round trip.

    A branch is made known to its root in the same transaction.
    """
    if place.is_root:
        async with postgres.statement(place.scope, now) as tx:
            yield tx
        return
    async with postgres.transaction(place, now) as tx:
        await register(tx)
        yield tx


async def make_scope(tx: Unit) -> None:
    """For a first write that `append` does not make it for."""
    await tx.execute(_SQL["make_scope"])


async def register(tx: Unit) -> None:
    """Makes a branch known to its root; part of the transaction of each write to it."""
    if not tx.place.is_root:
        await make_scope(tx)
        await tx.execute(_SQL["register"])


async def lock_branch(tx: Unit) -> None:
    """Waits for writers of the branch. Comes first in a transaction that may drop it, as they register it first."""
    if not tx.place.is_root:
        await tx.execute(_SQL["lock_branch"])


async def drop(tx: Unit) -> None:
    """Takes the name of an emptied branch back."""
    if not tx.place.is_root:
        await tx.execute(_SQL["drop_branch"])
