"""What is indexed of events and facts: vectors, postings, and the work of carrying them to the mirror."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from semmem.domain.scope import Scope
from semmem.ports import Held, Point
from semmem.stores.postgres.jobs import SWEEPER_ROLE
from semmem.stores.postgres.pool import Connection, Postgres, Row, affected, key_of, scope_of
from semmem.stores.postgres.sql import statements

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SQL = statements("search.sql")


class IndexWork:
    """The queue of rows that the mirror has yet to be made equal to, and the rows themselves."""

    def __init__(self, postgres: Postgres, index_name: str) -> None:
        self._postgres = postgres
        self._index_name = index_name

    async def take(self, scope: Scope, limit: int) -> tuple[dict[UUID, int], list[Point]]:
        """Ids with the sequence number of their change, oldest first, and the points that still exist of them."""
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["work"], *key_of(scope), limit)
            changes = {row["item_id"]: row["seq"] for row in rows}
            found = await connection.fetch(_SQL["points"], scope.tenant, self._index_name, list(changes))
        return changes, [point_of(row) for row in found]

    async def finish(self, scope: Scope, changes: Mapping[UUID, int]) -> None:
        async with self._postgres.transaction(scope) as connection:
            ids, seqs = list(changes), list(changes.values())
            await connection.execute(_SQL["finish_work"], scope.tenant, ids, seqs)

    async def add(self, scope: Scope, ids: Sequence[UUID]) -> None:
        async with self._postgres.transaction(scope) as connection:
            await add_work(connection, scope, ids)

    async def page(self, scope: Scope, after: UUID | None, limit: int) -> list[Point]:
        """What the mirror should hold of the scope, by ids, from `after` on."""
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["points_page"], *key_of(scope), self._index_name, after, limit)
        return [point_of(row) for row in rows]

    async def settled(self, scope: Scope, ids: Sequence[UUID]) -> list[Point]:
        """Those points of the scope among these that the mirror should hold by now: no change of them waits."""
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["settled_points"], *key_of(scope), self._index_name, ids)
        return [point_of(row) for row in rows]

    async def at_home(self, held: Sequence[Held]) -> set[UUID]:
        """Which of these points are of the scope that they say, in whatever tenant."""
        said = [(*key_of(each.scope), each.id) for each in held if each.scope and isinstance(each.id, UUID)]
        if not said:
            return set()
        async with self._postgres.acting_as(SWEEPER_ROLE) as connection:
            rows = await connection.fetch(_SQL["at_home"], self._index_name, *map(list, zip(*said, strict=True)))
        return {row["item_id"] for row in rows}

    async def homes(self, ids: Sequence[UUID]) -> dict[UUID, Scope]:
        """The scopes of those points that any scope of any tenant has."""
        async with self._postgres.acting_as(SWEEPER_ROLE) as connection:
            rows = await connection.fetch(_SQL["homes"], self._index_name, ids)
        return {row["item_id"]: scope_of(row) for row in rows}

    async def versions(self, scope: Scope) -> dict[UUID, int]:
        """What the mirror should hold of the scope."""
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["versions"], *key_of(scope), self._index_name)
        return {row["item_id"]: row["version"] for row in rows}


async def put_points(connection: Connection, index_name: str, points: Sequence[Point]) -> None:
    rows = [
        (
            *key_of(point.scope),
            index_name,
            point.id,
            point.kind,
            point.version,
            point.vector,
            point.session,
            point.agent,
            point.category,
            point.at,
            point.importance,
            point.current,
            None if point.vector is not None else "refused" if point.refused else "waits",
        )
        for point in points
    ]
    await connection.executemany(_SQL["put_vector"], rows)
    for scope in {point.scope for point in points if point.vector is None and not point.refused}:
        await connection.execute("select semmem.queue('embed', $1, $2, $3)", *key_of(scope))


async def missing_vectors(connection: Connection, scope: Scope, limit: int) -> dict[UUID, str]:
    """Items whose vector waits for the embedder, and their kinds."""
    rows = await connection.fetch(_SQL["missing"], *key_of(scope), limit)
    return {row["item_id"]: row["item_kind"] for row in rows}


async def fill_vector(
    connection: Connection, tenant: str, id: UUID, vector: "NDArray[np.float32]", states: bytes | None
) -> None:
    """Puts in the vector that was waited for; nothing happens where the item was forgotten meanwhile."""
    await connection.execute(_SQL["fill_vector"], tenant, id, vector)
    if states is not None:
        await connection.execute(_SQL["fill_states"], tenant, id, states)


async def refuse_vector(connection: Connection, tenant: str, id: UUID) -> bool:
    """The embedder is not asked again; False where the item was forgotten meanwhile."""
    return bool(affected(await connection.execute(_SQL["refuse_vector"], tenant, id)))


async def retry_vectors(connection: Connection, scope: Scope, events: Sequence[UUID]) -> None:
    """Lets the embedder be asked again for these events, and for the facts that rest on them."""
    if affected(await connection.execute(_SQL["retry_vectors"], *key_of(scope), events)):
        await connection.execute("select semmem.queue('embed', $1, $2, $3)", *key_of(scope))


async def retire_points(connection: Connection, tenant: str, ids: Sequence[UUID]) -> None:
    await connection.execute(_SQL["retire_vectors"], tenant, ids)


async def put_terms(connection: Connection, scope: Scope, documents: Mapping[UUID, Sequence[str]]) -> None:
    """Adds each item's terms, repetitions included, and lets the collection statistics grow by them."""
    rows = []
    for id, terms in documents.items():
        counts = Counter(terms)
        rows.append((*key_of(scope), id, list(counts), list(counts.values()), len(terms)))
    await connection.executemany(_SQL["put_terms"], rows)
    total = sum(len(terms) for terms in documents.values())
    await connection.execute(_SQL["grow"], *key_of(scope), len(documents), total)


async def add_work(connection: Connection, scope: Scope, ids: Sequence[UUID]) -> None:
    """Tells the mirror's worker that these rows changed or went, and queues its job."""
    if ids:
        await connection.execute(_SQL["add_work"], *key_of(scope), ids)
        await connection.execute("select semmem.queue('mirror', $1, $2, $3)", *key_of(scope))


def point_of(row: Row) -> Point:
    names = ("version", "session", "agent", "category", "at", "importance", "current")
    return Point(
        id=row["item_id"],
        kind=row["item_kind"],
        scope=scope_of(row),
        vector=row["vector"].to_numpy(),
        **{name: row[name] for name in names},
    )
