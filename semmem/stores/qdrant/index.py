"""The vector index in Qdrant: ids, scopes and filter fields of what Postgres holds, and no text."""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

# The driver's UUIDs are read and hashed in C, and recall does both by the hundred.
from asyncpg.pgproto.pgproto import UUID as PgUUID
from numpy.typing import NDArray
from qdrant_client import models

from semmem.domain.drift import DriftKind
from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View
from semmem.ports import Candidate, Held, ItemKind, Point
from semmem.stores.qdrant.collection import MARK, WHOLE_SECONDS, QdrantCollection
from semmem.stores.qdrant.points import (
    ADDRESS,
    difference,
    equals,
    filter_of,
    held_of,
    inside,
    payload,
    payload_of,
    wire_id,
)

T = TypeVar("T")

BATCH_POINTS = 500
# About 23 bytes each as JSON, and a server refuses bodies above 32 MiB.
BATCH_NUMBERS = 1_000_000
SCAN_PAGE = 1_000


class QdrantIndex(QdrantCollection):
    """ports.Mirror over a collection, which is shared by all tenants."""

    async def upsert(self, points: Sequence[Point]) -> None:
        if not points:
            return
        await self._sized()
        structs = [
            models.PointStruct(id=str(point.id), vector=self._floats(point.vector), payload=payload_of(point))
            for point in points
        ]
        for batch in _batches(structs, self._at_once(BATCH_POINTS)):
            async with self._asking():
                await self._client.upsert(self.collection, batch, wait=True)

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        if await self._sized() is not None:
            await self.remove(scope, ids)

    async def search(
        self,
        view: View,
        vector: NDArray[np.float32],
        limit: int,
        filter: Filter,
        kind: ItemKind | None = None,
        among: Sequence[UUID] | None = None,
    ) -> list[Candidate]:
        if await self._sized() is None or (among is not None and not among):
            return []
        query, narrowed = self._floats(vector), filter_of(view, filter, kind)
        if among is not None:
            named = models.HasIdCondition(has_id=[str(id) for id in among])
            narrowed = models.Filter(must=[*(narrowed.must or ()), named])
        async with self._asking(self._search_seconds):
            before = self._stamp
            found = await self._nearest(query, narrowed, limit)
            if len(found) < limit or monotonic() - self._seen_whole > WHOLE_SECONDS:
                while (stamp := await self._whole()) != before:  # it was filled since, and may have been empty then
                    before, found = stamp, await self._nearest(query, narrowed, limit)
        # A number is the id of a point that somebody else put here.
        return [Candidate(PgUUID(hit.id), hit.score) for hit in found if isinstance(hit.id, str)]

    async def _nearest(self, query: list[float], narrowed: models.Filter, limit: int) -> list[models.ScoredPoint]:
        answer = await self._client.query_points(
            self.collection, query=query, query_filter=narrowed, limit=limit, with_payload=False
        )
        return answer.points

    async def scan(self, scope: Scope) -> AsyncIterator[tuple[UUID, int]]:
        if await self._sized() is None:
            return
        within = models.Filter(must=inside(View.of(scope)))
        offset: Any = None
        while True:
            async with self._asking():
                page, offset = await self._client.scroll(
                    self.collection, within, limit=SCAN_PAGE, offset=offset, with_payload=["version"]
                )
                held = [(UUID(str(point.id)), int(payload(point)["version"])) for point in page]
            for each in held:
                yield each
            if offset is None:
                return

    async def compare(self, points: Sequence[Point]) -> dict[UUID, DriftKind]:
        found: dict[UUID, DriftKind] = {}
        for batch in _batches(points, self._at_once(BATCH_POINTS)):
            ids = [str(point.id) for point in batch]
            async with self._asking():
                records = await self._client.retrieve(self.collection, ids, with_payload=True, with_vectors=True)
            held = {str(record.id): record for record in records}
            for point in batch:
                if kind := difference(point, held.get(str(point.id))):
                    found[point.id] = kind
        return found

    async def held(self, where: Scope | str | None) -> AsyncIterator[Sequence[Held]]:
        if await self._sized() is None:
            return
        must: list[models.Condition] = []
        if where is not None:
            must = inside(View.of(where)) if isinstance(where, Scope) else [equals("tenant", where)]
        offset: Any = None
        while True:
            async with self._asking():
                page, offset = await self._client.scroll(
                    self.collection,
                    models.Filter(must=must) if must else None,
                    limit=SCAN_PAGE,
                    offset=offset,
                    with_payload=list(ADDRESS),
                )
            yield [held_of(record) for record in page if record.id != MARK]
            if offset is None:
                return

    async def look_up(self, ids: Collection[UUID | int]) -> list[Held]:
        found: list[Held] = []
        for batch in _batches(list(ids), BATCH_POINTS):
            async with self._asking():
                records = await self._client.retrieve(
                    self.collection, [wire_id(id) for id in batch], with_payload=list(ADDRESS)
                )
            found += [held_of(record) for record in records]
        return found

    async def remove(self, scope: Scope | None, ids: Sequence[UUID | int]) -> None:
        within = inside(View.of(scope)) if scope else []
        for batch in _batches(ids, BATCH_POINTS):
            chosen = models.HasIdCondition(has_id=[wire_id(id) for id in batch])
            selector = models.FilterSelector(filter=models.Filter(must=[*within, chosen]))
            async with self._asking():
                await self._client.delete(self.collection, selector, wait=True)

    async def count(self) -> int:
        if await self._sized() is None:
            return 0
        async with self._asking():
            held = await self._client.count(self.collection, exact=True)
            marks = await self._client.retrieve(self.collection, [MARK], with_payload=False)
        return held.count - len(marks)

    def _at_once(self, most: int) -> int:
        """How many points with their vectors a request holds."""
        return max(1, min(most, BATCH_NUMBERS // (self._dimensions or BATCH_NUMBERS)))

    def _floats(self, vector: NDArray[np.float32] | None) -> list[float]:
        if vector is None or vector.shape != (self._dimensions,):
            shape = "none" if vector is None else f"one of shape {vector.shape}"
            raise self._mismatch(f"holds vectors of {self._dimensions} dimensions, not {shape}")
        floats: list[float] = vector.tolist()
        return floats


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
