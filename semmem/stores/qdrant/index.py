"""The vector index in Qdrant: ids, scopes and filter fields of what Postgres holds, and no text."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

# The driver's UUIDs are read and hashed in C, and recall does both by the hundred.
from asyncpg.pgproto.pgproto import UUID as PgUUID
from numpy.typing import NDArray
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from semmem.domain.drift import DriftKind
from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View
from semmem.errors import IndexMismatch, StoreUnavailable
from semmem.ports import Candidate, Held, ItemKind, Mark, Point
from semmem.runtime.breaker import Breaker, Open
from semmem.stores.postgres.identity import Identity
from semmem.stores.qdrant.client import UNREADABLE, WRITE_SECONDS, is_down, reason
from semmem.stores.qdrant.points import (
    ADDRESS,
    difference,
    equals,
    filter_of,
    held_of,
    inside,
    marked,
    payload,
    payload_of,
    wire_id,
)

T = TypeVar("T")

SEARCH_SECONDS = 2.0
BATCH_POINTS = 500
# About 23 bytes each as JSON, and a server refuses bodies above 32 MiB.
BATCH_NUMBERS = 1_000_000
SCAN_PAGE = 1_000
WHOLE_SECONDS = 1.0  # that a full answer is trusted without asking whether the collection is whole; a short one is not
MARK = 0  # a number, where every other point has a UUID; without a tenant, so that no view holds it

_KEYWORD = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
_INDEXED: Mapping[str, models.KeywordIndexParams | models.PayloadSchemaType] = {
    "tenant": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "scope_kind": _KEYWORD,
    "scope_id": _KEYWORD,
    "kind": _KEYWORD,
    "session": _KEYWORD,
    "agent": _KEYWORD,
    "category": _KEYWORD,
    "at": models.PayloadSchemaType.DATETIME,
    "importance": models.PayloadSchemaType.FLOAT,
    # 1 or 0: the embedded engine's binding reads the boolean of a match as a number, and then nothing matches.
    "current": models.PayloadSchemaType.INTEGER,
    "stamp": _KEYWORD,
}


class QdrantIndex:
    """ports.Mirror over one collection for each database and embedding model, shared by all tenants.

    Args:
        client: its own timeout is at least as long as both of `search_seconds` and `write_seconds`.
        identity: of the database that is mirrored, part of the collection's name.
        embedder_model: the embedder's name, part of the collection's name and recorded in it.
        dimensions: of every vector; another size is IndexMismatch. None where no vector was ever made.
        standing: asks for the dimensions until they are known; there is nothing to search or delete until then.
        prefix: begins the collection's name.
        search_seconds, write_seconds: after which a search, or anything else, is given up.
    """

    name = "qdrant"

    def __init__(
        self,
        client: AsyncQdrantClient,
        *,
        identity: Identity,
        embedder_model: str,
        dimensions: int | None,
        prefix: str = "semmem",
        search_seconds: float = SEARCH_SECONDS,
        write_seconds: float = WRITE_SECONDS,
        standing: Callable[[], Awaitable[int | None]] | None = None,
    ) -> None:
        self._client, self._identity = client, identity
        self._model, self._dimensions = embedder_model, dimensions
        self._search_seconds, self._write_seconds = search_seconds, write_seconds
        self.prefix, self._standing = prefix, standing
        self._seen_whole = -WHOLE_SECONDS
        self._stamp: UUID | None = None  # of the filling that was seen last
        self.breaker = Breaker("qdrant", is_down, probe=client.get_collections, patience=search_seconds)

    @property
    def collection(self) -> str:
        return self._named(self.prefix)

    def _named(self, prefix: str) -> str:
        model = re.sub(r"[^a-z0-9.-]+", "-", self._model.lower())
        return f"{prefix}_{model}_{self._dimensions}_{self._identity.database}"

    async def stands(self, prefix: str) -> bool:
        async with self._asking():
            return await self._client.collection_exists(self._named(prefix))

    async def _sized(self) -> int | None:
        """The dimensions, if a vector was ever made."""
        if self._dimensions is None and self._standing:
            self._dimensions = await self._standing()
        return self._dimensions

    async def sized(self) -> bool:
        return await self._sized() is not None

    async def ensure(self) -> bool:
        if await self._sized() is None:
            return False
        async with self._asking():
            made = not await self._client.collection_exists(self.collection)
            if made:
                await self._create()
            info = await self._client.get_collection(self.collection)
            self._check(info.config)
            for field, schema in _INDEXED.items():
                if field not in info.payload_schema:
                    await self._client.create_payload_index(self.collection, field, schema, wait=True)
        return made

    async def empty(self) -> None:
        async with self._asking():
            await self._client.delete_collection(self.collection)
        await self.ensure()

    async def mark(self) -> Mark | None:
        async with self._asking():
            found = await self._client.retrieve(self.collection, [MARK], with_payload=True)
        try:
            return Mark(UUID(found[0].payload["stamp"]), whole=found[0].payload["whole"] == 1)  # type: ignore[index]
        except (LookupError, TypeError, ValueError, AttributeError):  # none, or not of ours
            return None

    async def put_mark(self, mark: Mark) -> None:
        vector = [1.0] + [0.0] * ((self._dimensions or 1) - 1)
        async with self._asking():
            point = models.PointStruct(id=MARK, vector=vector, payload=marked(mark))
            await self._client.upsert(self.collection, [point], wait=True)

    async def renew_mark(self, stamp: UUID, mark: Mark) -> None:
        standing = models.Filter(must=[models.HasIdCondition(has_id=[MARK]), equals("stamp", str(stamp))])
        async with self._asking():
            await self._client.set_payload(self.collection, marked(mark), standing, wait=True)

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

    async def _whole(self) -> UUID:
        """Asks for the mark, and answers with its stamp, of which each filling has one of its own.

        Raises StoreUnavailable where there is none, as in a collection that was lost, emptied or exchanged.
        """
        mark = await self.mark()
        if mark is None or not mark.whole:
            self._seen_whole = -WHOLE_SECONDS
            raise StoreUnavailable("qdrant", f"collection {self.collection} does not hold all yet; workers fill it")
        self._stamp, self._seen_whole = mark.stamp, monotonic()
        return mark.stamp

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

    async def aclose(self) -> None:
        await self.breaker.aclose()
        await self._client.close()

    async def _create(self) -> None:
        try:
            await self._client.create_collection(
                self.collection,
                models.VectorParams(size=self._dimensions or 0, distance=models.Distance.COSINE),
                metadata={"embedder_model": self._model},
            )
        except UnexpectedResponse:
            # Another process may have made it first; servers differ in how they say so.
            if not await self._client.collection_exists(self.collection):
                raise

    def _check(self, config: models.CollectionConfig) -> None:
        vectors, recorded = config.params.vectors, (config.metadata or {}).get("embedder_model", self._model)
        if not isinstance(vectors, models.VectorParams) or vectors.distance != models.Distance.COSINE:
            raise self._mismatch("does not hold one cosine vector a point")
        if vectors.size != self._dimensions:
            raise self._mismatch(f"holds vectors of {vectors.size} dimensions, not {self._dimensions}")
        if recorded != self._model:
            raise self._mismatch(f"was made with the model {recorded}, not {self._model}")

    def _mismatch(self, what: str) -> IndexMismatch:
        fix = "choose another prefix, or delete the collection and have it filled again from Postgres"
        return IndexMismatch(f"collection {self.collection} {what}; {fix}")

    def _at_once(self, most: int) -> int:
        """How many points with their vectors a request holds."""
        return max(1, min(most, BATCH_NUMBERS // (self._dimensions or BATCH_NUMBERS)))

    def _floats(self, vector: NDArray[np.float32] | None) -> list[float]:
        if vector is None or vector.shape != (self._dimensions,):
            shape = "none" if vector is None else f"one of shape {vector.shape}"
            raise self._mismatch(f"holds vectors of {self._dimensions} dimensions, not {shape}")
        floats: list[float] = vector.tolist()
        return floats

    @asynccontextmanager
    async def _asking(self, seconds: float | None = None) -> AsyncIterator[None]:
        """Around what is asked of the server: bounded as a whole, refused while it is known to be down."""
        seconds = seconds or self._write_seconds
        try:
            with self.breaker.guard():
                async with asyncio.timeout(seconds):
                    yield
        except Open as error:
            raise StoreUnavailable("qdrant", "it is known to be down, and looked for") from error
        except (ApiException, QdrantException, OSError) as error:
            if isinstance(error, TimeoutError):
                raise StoreUnavailable("qdrant", f"no answer within {seconds:g} s") from error
            raise StoreUnavailable("qdrant", reason(error, self.collection)) from error
        except UNREADABLE as error:
            raise StoreUnavailable("qdrant", "what answers there does not speak Qdrant's protocol") from error


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
