"""The collection in Qdrant: whose it is, whether it is all there, and how its server is asked."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from uuid import UUID

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from semmem.errors import IndexMismatch, StoreUnavailable
from semmem.ports import Mark
from semmem.runtime.breaker import Breaker, Open
from semmem.stores.postgres.identity import Identity
from semmem.stores.qdrant.client import UNREADABLE, WRITE_SECONDS, is_down, reason
from semmem.stores.qdrant.points import equals, marked

SEARCH_SECONDS = 2.0
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


class QdrantCollection:
    """One collection for each database and embedding model.

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

    async def put_mark(self, mark: Mark) -> None:
        vector = [1.0] + [0.0] * ((self._dimensions or 1) - 1)
        async with self._asking():
            point = models.PointStruct(id=MARK, vector=vector, payload=marked(mark))
            await self._client.upsert(self.collection, [point], wait=True)

    async def renew_mark(self, stamp: UUID, mark: Mark) -> None:
        standing = models.Filter(must=[models.HasIdCondition(has_id=[MARK]), equals("stamp", str(stamp))])
        async with self._asking():
            await self._client.set_payload(self.collection, marked(mark), standing, wait=True)

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
