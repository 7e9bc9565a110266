"""The vector index in Qdrant: ids, scopes and filter fields of what Postgres holds, and no text."""

import asyncio
import re
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from urllib.parse import urlsplit
from uuid import UUID

import httpx

# The driver's UUIDs are read and hashed in C, and recall does both by the hundred.
from asyncpg.pgproto.pgproto import UUID as PgUUID
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from semmem.breaker import Breaker, Open
from semmem.drift import DriftKind
from semmem.errors import IndexMismatch, InvalidInput, StoreUnavailable
from semmem.hit import Filter
from semmem.ports import Candidate, Held, ItemKind, Mark, Point
from semmem.scope import Scope, ScopeKind, View
from semmem.stores.identity import Identity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

SEARCH_SECONDS = 2.0
IDLE_SECONDS = 2.0  # that a connection is kept for: less than servers keep it, so that none is found closed
WRITE_SECONDS = 10
BATCH_POINTS = 500
# About 23 bytes each as JSON, and a server refuses bodies above 32 MiB.
BATCH_NUMBERS = 1_000_000
SCAN_PAGE = 1_000
WHOLE_SECONDS = 1.0  # that a full answer is trusted without asking whether the collection is whole; a short one is not
# Qdrant normalises what it is given once more, in float32: measured up to 3e-8 apart, by the length of the difference.
SAME_VECTOR = 1e-5
MARK = 0  # a number, where every other point has a UUID; without a tenant, so that no view holds it

_ADDRESS = ("tenant", "scope_kind", "scope_id")
TROUBLE = {
    401: "(it wants a key; set SEMMEM_QDRANT_API_KEY)",
    403: "(the key has too few rights; it has to read and write, and make collections)",
    413: "(the request is too large for a proxy before it, or for its max_request_size_mb)",
    507: "(its disk is full)",
}
# What the client lets out where an answer is none of Qdrant's.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError)

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
}


def connect(url: str, api_key: str | None) -> AsyncQdrantClient:
    """A client with short timeouts; it checks no versions, so that a server that is down does not hold up anything.

    Raises ValueError for a URL that is none: the client would take one without a scheme for https.
    """
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise ValueError("neither http:// nor https:// and a host")
    with warnings.catch_warnings():
        # A key over plain http is fine on the loopback interface, where the embedded server listens.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return AsyncQdrantClient(
            url=url,
            api_key=api_key,
            timeout=WRITE_SECONDS,
            check_compatibility=False,
            # httpx's own, but for the time: the client would keep no connection to the loopback interface at all.
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=IDLE_SECONDS),
        )


class QdrantIndex:
    """ports.Mirror over one collection for each database and embedding model, shared by all tenants.

    Args:
        client: its timeout holds for everything but searches.
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
        self.breaker = Breaker("qdrant", _is_down, probe=client.get_collections, patience=search_seconds)

    @property
    def collection(self) -> str:
        return self._named(self.prefix)

    def _named(self, prefix: str) -> str:
        return f"{prefix}_{_slug(self._model)}_{self._dimensions}_{self._identity.database}"

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
        payload = {"stamp": str(mark.stamp), "whole": int(mark.whole)}
        async with self._asking():
            point = models.PointStruct(id=MARK, vector=vector, payload=payload)
            await self._client.upsert(self.collection, [point], wait=True)

    async def upsert(self, points: Sequence[Point]) -> None:
        if not points:
            return
        await self._sized()
        structs = [self._struct(point) for point in points]
        for batch in _batches(structs, self._at_once(BATCH_POINTS)):
            async with self._asking():
                await self._client.upsert(self.collection, batch, wait=True)

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        if await self._sized() is not None:
            await self.remove(scope, ids)

    async def search(
        self, view: View, vector: "NDArray[np.float32]", limit: int, filter: Filter, kind: ItemKind | None = None
    ) -> list[Candidate]:
        if await self._sized() is None:
            return []
        query = self._floats(vector)
        async with self._asking(self._search_seconds):
            found = await self._client.query_points(
                self.collection,
                query=query,
                query_filter=_filter(view, filter, kind),
                limit=limit,
                with_payload=False,
            )
            if len(found.points) < limit or monotonic() - self._seen_whole > WHOLE_SECONDS:
                await self._check_whole()
        # A number is the id of a point that somebody else put here.
        return [Candidate(PgUUID(hit.id), hit.score) for hit in found.points if isinstance(hit.id, str)]

    async def _check_whole(self) -> None:
        """Asks for the mark, which a collection that was lost, emptied or exchanged does not have."""
        mark = await self.mark()
        if mark is None or not mark.whole:
            self._seen_whole = -WHOLE_SECONDS
            raise StoreUnavailable("qdrant", f"collection {self.collection} does not hold all yet; workers fill it")
        self._seen_whole = monotonic()

    async def scan(self, scope: Scope) -> AsyncIterator[tuple[UUID, int]]:
        if await self._sized() is None:
            return
        inside = models.Filter(must=_inside(View.of(scope)))
        offset: Any = None
        while True:
            async with self._asking():
                page, offset = await self._client.scroll(
                    self.collection, inside, limit=SCAN_PAGE, offset=offset, with_payload=["version"]
                )
                held = [(UUID(str(point.id)), int(_payload(point)["version"])) for point in page]
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
                if kind := _difference(point, held.get(str(point.id))):
                    found[point.id] = kind
        return found

    async def held(self, where: Scope | str | None) -> AsyncIterator[Sequence[Held]]:
        if await self._sized() is None:
            return
        must: list[models.Condition] = []
        if where is not None:
            must = _inside(View.of(where)) if isinstance(where, Scope) else [_equals("tenant", where)]
        offset: Any = None
        while True:
            async with self._asking():
                page, offset = await self._client.scroll(
                    self.collection,
                    models.Filter(must=must) if must else None,
                    limit=SCAN_PAGE,
                    offset=offset,
                    with_payload=list(_ADDRESS),
                )
            yield [_held(record) for record in page if record.id != MARK]
            if offset is None:
                return

    async def look_up(self, ids: Collection[UUID | int]) -> list[Held]:
        found: list[Held] = []
        for batch in _batches(list(ids), BATCH_POINTS):
            async with self._asking():
                records = await self._client.retrieve(
                    self.collection, [_wire_id(id) for id in batch], with_payload=list(_ADDRESS)
                )
            found += [_held(record) for record in records]
        return found

    async def remove(self, scope: Scope | None, ids: Sequence[UUID | int]) -> None:
        inside = _inside(View.of(scope)) if scope else []
        for batch in _batches(ids, BATCH_POINTS):
            chosen = models.HasIdCondition(has_id=[_wire_id(id) for id in batch])
            selector = models.FilterSelector(filter=models.Filter(must=[*inside, chosen]))
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

    def _struct(self, point: Point) -> models.PointStruct:
        return models.PointStruct(id=str(point.id), vector=self._floats(point.vector), payload=_payload_of(point))

    def _floats(self, vector: "NDArray[np.float32] | None") -> list[float]:
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
            raise StoreUnavailable("qdrant", self._reason(error)) from error
        except UNREADABLE as error:
            raise StoreUnavailable("qdrant", "what answers there does not speak Qdrant's protocol") from error

    def _reason(self, exc: Exception) -> str:
        # Never the body: a server may quote what it was sent.
        if isinstance(exc, UnexpectedResponse):
            if exc.status_code == 404:
                return f"collection {self.collection} is missing; ensure makes it, and Postgres can fill it"
            trouble = TROUBLE.get(exc.status_code or 0, exc.reason_phrase)
            return f"HTTP {exc.status_code} {trouble}".rstrip()
        if isinstance(exc, ResponseHandlingException):
            return type(exc.source).__name__
        return type(exc).__name__


def _is_down(error: BaseException) -> bool:
    """Not where it answers that something is wrong, such as a collection that is missing."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code in (502, 503, 504)
    return isinstance(error, (ApiException, QdrantException, OSError, *UNREADABLE))


def _slug(model: str) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", model.lower())


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _payload_of(point: Point) -> dict[str, Any]:
    return {
        "tenant": point.scope.tenant,
        "scope_kind": point.scope.kind,
        "scope_id": point.scope.id,
        "kind": point.kind,
        "version": point.version,
        "session": point.session,
        "agent": point.agent,
        "category": point.category,
        # RFC 3339 knows no offsets with seconds, which historical time zones have.
        "at": point.at.astimezone(UTC).isoformat(),
        "importance": point.importance,
        "current": int(point.current),
    }


def _difference(point: Point, held: models.Record | None) -> DriftKind | None:
    """How a point that is held differs from what it should be, if it does; the gravest alone."""
    if held is None:
        return "missing"
    wanted, found = _payload_of(point), held.payload or {}
    if any(found.get(name) != wanted[name] for name in _ADDRESS):
        return "foreign_scope"
    if found.get("version") != wanted["version"]:
        return "outdated"
    if found != wanted:
        return "wrong_filters"
    assert point.vector is not None, "only Postgres keeps a point without a vector"
    return None if _same_direction(point.vector, held.vector) else "wrong_vector"


def _same_direction(wanted: "NDArray[np.float32]", found: object) -> bool:
    """Whether the two differ by their lengths alone: the collection keeps vectors normalised."""
    if not isinstance(found, list) or len(found) != len(wanted):
        return False
    mine, held = wanted.astype("float64"), wanted.astype("float64")
    held[:] = found
    mine_length, held_length = float((mine @ mine) ** 0.5), float((held @ held) ** 0.5)
    if not mine_length or not held_length:
        return mine_length == held_length
    apart = mine / mine_length - held / held_length
    return float((apart @ apart) ** 0.5) <= SAME_VECTOR


def _held(record: models.Record) -> Held:
    id = record.id if isinstance(record.id, int) else UUID(str(record.id))
    said = record.payload or {}
    try:
        return Held(id, Scope(*(said.get(name) for name in _ADDRESS)))  # type: ignore[arg-type]
    except InvalidInput:
        return Held(id, None)


def _wire_id(id: UUID | int) -> str | int:
    return id if isinstance(id, int) else str(id)


def _payload(point: models.Record | models.ScoredPoint) -> dict[str, Any]:
    assert point.payload is not None, "asked for"
    return point.payload


def _equals(key: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


@lru_cache(maxsize=256)  # building its models costs as much as the engine's search
def _filter(view: View, filter: Filter, kind: ItemKind | None) -> models.Filter:
    narrowed = {"kind": kind, "agent": filter.agent, "session": filter.session, "category": filter.category}
    must = _inside(view)
    must += [_equals(key, value) for key, value in narrowed.items() if value is not None]
    if filter.since or filter.until:
        must.append(models.FieldCondition(key="at", range=_period(filter)))
    if filter.min_importance:
        must.append(models.FieldCondition(key="importance", range=models.Range(gte=filter.min_importance)))
    if filter.as_of is None:
        must.append(_equals("current", 1))
    return models.Filter(must=must)


def _period(filter: Filter) -> models.DatetimeRange:
    since, until = (bound and bound.astimezone(UTC) for bound in (filter.since, filter.until))
    return models.DatetimeRange(gte=since, lte=until)


def _inside(view: View) -> list[models.Condition]:
    """The tenant, and kind and id as two fields: an id of one kind never answers for the other."""
    kinds: list[list[models.Condition]] = [
        [
            _equals("scope_kind", kind),
            models.FieldCondition(key="scope_id", match=models.MatchAny(any=view.ids(kind))),
        ]
        for kind in get_args(ScopeKind)
        if view.ids(kind)
    ]
    # Flat where that says all: the engine takes longer over nested conditions.
    inside = kinds[0] if len(kinds) == 1 else [models.Filter(should=[models.Filter(must=each) for each in kinds])]
    return [_equals("tenant", view.tenant), *inside]
