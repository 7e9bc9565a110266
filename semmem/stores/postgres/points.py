"""What is indexed of events and facts: vectors, postings, and the work of carrying them to the mirror."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from semmem.domain.scope import Scope
from semmem.ports import Held, Point
from semmem.stores.postgres.followers import keep_followers
from semmem.stores.postgres.jobs import SWEEPER_ROLE, queue
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("points.sql")


class IndexWork:
    """The queue of rows that the mirror has yet to be made equal to, and the rows themselves."""

    def __init__(self, postgres: Postgres, index_name: str) -> None:
        self._postgres = postgres
        self._index_name = index_name

    async def take(self, scope: Scope, limit: int) -> tuple[dict[UUID, int], list[Point]]:
        """Ids with the sequence number of their change, oldest first, and the points that still exist of them."""
        async with self._postgres.transaction(scope) as tx:
            changes = {row["item_id"]: row["seq"] for row in await tx.fetch(_SQL["work"], limit=limit)}
            found = await tx.fetch(_SQL["points"], index=self._index_name, items=list(changes))
        return changes, [point_of(row) for row in found]

    async def finish(self, scope: Scope, changes: Mapping[UUID, int]) -> None:
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["finish_work"], items=list(changes), seqs=list(changes.values()))

    async def add(self, scope: Scope, ids: Sequence[UUID]) -> None:
        async with self._postgres.transaction(scope) as tx:
            await add_work(tx, ids)

    async def page(self, scope: Scope, after: UUID | None, limit: int) -> list[Point]:
        """What the mirror should hold of the scope, by ids, from `after` on."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["points_page"], index=self._index_name, after=after, limit=limit)
        return [point_of(row) for row in rows]

    async def settled(self, scope: Scope, ids: Sequence[UUID]) -> list[Point]:
        """Those points of the scope among these that the mirror should hold by now: no change of them waits."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["settled_points"], index=self._index_name, items=ids)
        return [point_of(row) for row in rows]

    async def at_home(self, held: Sequence[Held]) -> set[UUID]:
        """Which of these points are of the scope that they say, in whatever tenant."""
        said = [(each.scope, each.id) for each in held if each.scope and isinstance(each.id, UUID)]
        if not said:
            return set()
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            rows = await tx.fetch(
                _SQL["at_home"],
                index=self._index_name,
                tenants=[scope.tenant for scope, _ in said],
                kinds=[scope.kind for scope, _ in said],
                ids=[scope.id for scope, _ in said],
                items=[id for _, id in said],
            )
        return {row["item_id"] for row in rows}

    async def homes(self, ids: Sequence[UUID]) -> dict[UUID, Scope]:
        """The scopes of those points that any scope of any tenant has."""
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            rows = await tx.fetch(_SQL["homes"], index=self._index_name, items=ids)
        return {row["item_id"]: scope_of(row) for row in rows}

    async def versions(self, scope: Scope) -> dict[UUID, int]:
        """What the mirror should hold of the scope."""
        async with self._postgres.transaction(scope) as tx:
            return await versions(tx, self._index_name)


async def versions(tx: Unit, index_name: str) -> dict[UUID, int]:
    """Every point of the scope, with its version."""
    rows = await tx.fetch(_SQL["versions"], index=index_name)
    return {row["item_id"]: row["version"] for row in rows}


async def put_points(tx: Unit, index_name: str, points: Sequence[Point]) -> None:
    """Those of the unit's scope; the embedder's job is queued where a vector waits for it."""
    missing = {point.id: "refused" if point.refused else "waits" for point in points if point.vector is None}
    rows = (
        {
            "of_tenant": point.scope.tenant,
            "of_kind": point.scope.kind,
            "of_id": point.scope.id,
            "index": index_name,
            "item": point.id,
            "item_kind": point.kind,
            "version": point.version,
            "vector": point.vector,
            "session": point.session,
            "agent": point.agent,
            "category": point.category,
            "at": point.at,
            "importance": point.importance,
            "current": point.current,
            "missing": missing.get(point.id),
        }
        for point in points
    )
    await tx.executemany(_SQL["put_vector"], rows)
    if "waits" in missing.values():
        await queue(tx, "embed")


async def missing_vectors(tx: Unit, limit: int) -> dict[UUID, str]:
    """Items whose vector waits for the embedder, and their kinds."""
    return {row["item_id"]: row["item_kind"] for row in await tx.fetch(_SQL["missing"], limit=limit)}


async def fill_vector(tx: Unit, id: UUID, vector: NDArray[np.float32], states: bytes | None) -> None:
    """Puts in the vector that was waited for; nothing happens where the item was forgotten meanwhile."""
    await tx.execute(_SQL["fill_vector"], item=id, vector=vector)
    if states is not None:
        await tx.execute(_SQL["fill_states"], item=id, states=states)


async def refuse_vector(tx: Unit, id: UUID) -> bool:
    """The embedder is not asked again; False where the item was forgotten meanwhile."""
    return bool(await tx.execute(_SQL["refuse_vector"], item=id))


async def retry_vectors(tx: Unit, events: Sequence[UUID]) -> None:
    """Lets the embedder be asked again for these events, and for the facts that rest on them."""
    if await tx.execute(_SQL["retry_vectors"], events=events):
        await queue(tx, "embed")


async def retire_points(tx: Unit, facts: Sequence[UUID]) -> None:
    await tx.execute(_SQL["retire_vectors"], facts=facts)


async def put_terms(tx: Unit, documents: Mapping[UUID, Sequence[str]]) -> None:
    """Adds each item's terms, repetitions included, and lets the collection statistics grow by them."""
    rows = []
    for id, terms in documents.items():
        counts = Counter(terms)
        rows.append({"item": id, "terms": list(counts), "counts": list(counts.values()), "length": len(terms)})
    await tx.executemany(_SQL["put_terms"], rows)
    await tx.execute(_SQL["grow"], items=len(documents), terms=sum(map(len, documents.values())))


async def add_work(tx: Unit, ids: Sequence[UUID], *, mirrored: bool = True) -> None:
    """Tells the mirror's worker that these rows changed or went, and queues its job.

    Where this process is not `mirrored`, others of the installation may be: then they have said so.
    """
    if not ids:
        return
    if not mirrored:
        await keep_followers(tx)
    if await tx.execute(_SQL["add_work"], items=ids, mirrored=mirrored):
        await queue(tx, "mirror")


def point_of(row: Row) -> Point:
    names = ("version", "session", "agent", "category", "at", "importance", "current")
    return Point(
        id=row["item_id"],
        kind=row["item_kind"],
        scope=scope_of(row),
        vector=row["vector"].to_numpy(),
        **{name: row[name] for name in names},
    )
