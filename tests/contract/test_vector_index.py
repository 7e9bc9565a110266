"""The contract of ports.VectorIndex on each index, and what only Qdrant promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import numpy as np
import pytest
import pytest_asyncio
from qdrant_client import AsyncQdrantClient, models

from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View
from semmem.errors import IndexMismatch, StoreUnavailable
from semmem.migrations import upgrade
from semmem.ports import Mark, VectorIndex
from semmem.stores.postgres.identity import Identity
from semmem.stores.postgres.pgvector import EXACT_LIMIT, PgVectorIndex
from semmem.stores.postgres.pool import Postgres
from semmem.stores.qdrant.client import connect
from semmem.stores.qdrant.index import QdrantIndex
from tests.contract.vector_index import (
    DIMENSIONS,
    EAST,
    MakeIndex,
    VectorIndexContract,
    found,
    point,
    scanned,
)
from tests.servers import ServerUrls, own_database, silent_server

HERE = Identity("here", "here")


class Filled(QdrantIndex):
    """One that is called whole as soon as it is there, as MirrorKeeper does where there is nothing to fill it with."""

    async def ensure(self) -> bool:
        made = await super().ensure()
        await self.put_mark(Mark(uuid4(), whole=True))
        return made


@asynccontextmanager
async def qdrant_client(servers: ServerUrls) -> AsyncIterator[AsyncQdrantClient]:
    client = connect(servers.qdrant_url, servers.qdrant_api_key)
    yield client
    await client.close()


@asynccontextmanager
async def qdrant_place(servers: ServerUrls) -> AsyncIterator[MakeIndex]:
    prefix = f"test-{uuid4().hex}"
    async with qdrant_client(servers) as client:

        def make() -> VectorIndex:
            return Filled(client, identity=HERE, embedder_model="test", dimensions=DIMENSIONS, prefix=prefix)

        yield make
        for collection in (await client.get_collections()).collections:
            if collection.name.startswith(prefix):
                await client.delete_collection(collection.name)


@asynccontextmanager
async def pgvector_place(servers: ServerUrls, *, exact_limit: int = EXACT_LIMIT) -> AsyncIterator[MakeIndex]:
    async with own_database(servers) as url:
        await upgrade(url)
        postgres = await Postgres.connect(url)

        def make() -> VectorIndex:
            return PgVectorIndex(postgres, model="test", dimensions=DIMENSIONS, hnsw=True, exact_limit=exact_limit)

        yield make
        await postgres.aclose()


# Each opens a place that holds no index yet, and gives a maker of objects over it.
PLACES: dict[str, Callable[[ServerUrls], AbstractAsyncContextManager[MakeIndex]]] = {
    "qdrant": qdrant_place,
    "pgvector": pgvector_place,
    "pgvector hnsw": partial(pgvector_place, exact_limit=-1),
}


@pytest_asyncio.fixture(scope="module", params=sorted(PLACES))
async def index(request: pytest.FixtureRequest, servers: ServerUrls) -> AsyncIterator[VectorIndex]:
    async with PLACES[request.param](servers) as make:
        made = make()
        await made.ensure()
        yield made


@pytest_asyncio.fixture(params=sorted(PLACES))
async def make_index(request: pytest.FixtureRequest, servers: ServerUrls) -> AsyncIterator[MakeIndex]:
    async with PLACES[request.param](servers) as make:
        yield make


class TestVectorIndex(VectorIndexContract):
    pass


class TestQdrant:
    @pytest_asyncio.fixture
    async def client(self, servers: ServerUrls) -> AsyncIterator[AsyncQdrantClient]:
        async with qdrant_client(servers) as client:
            yield client

    @pytest_asyncio.fixture
    async def qdrant(self, client: AsyncQdrantClient) -> AsyncIterator[QdrantIndex]:
        index = QdrantIndex(
            client, identity=HERE, embedder_model="Org/Model v1", dimensions=DIMENSIONS, prefix=uuid4().hex
        )
        yield index
        await client.delete_collection(index.collection)

    async def test_the_name_tells_the_model_and_its_dimensions(self, client: AsyncQdrantClient) -> None:
        assert QdrantIndex(client, identity=HERE, embedder_model="minilm-l6-int8", dimensions=384).collection == (
            "semmem_minilm-l6-int8_384_here"
        )
        assert QdrantIndex(
            client, identity=HERE, embedder_model="Org/Model v1", dimensions=8, prefix="x"
        ).collection == ("x_org-model-v1_8_here")

    async def test_every_filter_field_has_an_index(self, client: AsyncQdrantClient, qdrant: QdrantIndex) -> None:
        await qdrant.ensure()
        schema = (await client.get_collection(qdrant.collection)).payload_schema
        assert {name: field.data_type.value for name, field in schema.items()} == {
            **dict.fromkeys(("tenant", "scope_kind", "scope_id", "kind", "session", "agent", "category"), "keyword"),
            "at": "datetime",
            "importance": "float",
            "current": "integer",
            "stamp": "keyword",  # of the mark
        }

    async def test_it_holds_ids_and_filter_fields_only(
        self, client: AsyncQdrantClient, qdrant: QdrantIndex, alice: Scope
    ) -> None:
        await qdrant.ensure()
        await qdrant.upsert([stored := point(alice, agent="a", session="s", version=3)])
        [record] = await client.retrieve(qdrant.collection, [str(stored.id)])
        assert record.payload == {
            "tenant": alice.tenant,
            "scope_kind": "user",
            "scope_id": "alice",
            "kind": "event",
            "version": 3,
            "session": "s",
            "agent": "a",
            "category": None,
            "at": "2026-03-01T12:00:00+00:00",
            "importance": 0.5,
            "current": 1,
        }

    @pytest.mark.parametrize(
        ("size", "distance", "model", "complaint"),
        [
            (DIMENSIONS + 1, models.Distance.COSINE, "Org/Model v1", f"{DIMENSIONS + 1} dimensions"),
            (DIMENSIONS, models.Distance.DOT, "Org/Model v1", "cosine"),
            (DIMENSIONS, models.Distance.COSINE, "org-model-v1", "the model org-model-v1"),
        ],
        ids=["size", "distance", "model of the same slug"],
    )
    async def test_a_collection_of_another_kind_is_refused_and_kept(
        self,
        client: AsyncQdrantClient,
        qdrant: QdrantIndex,
        size: int,
        distance: models.Distance,
        model: str,
        complaint: str,
    ) -> None:
        vectors, metadata = models.VectorParams(size=size, distance=distance), {"embedder_model": model}
        await client.create_collection(qdrant.collection, vectors, metadata=metadata)
        with pytest.raises(IndexMismatch, match=f"{complaint}.*another prefix"):
            await qdrant.ensure()
        assert await client.collection_exists(qdrant.collection)

    async def test_a_missing_collection_is_named(self, qdrant: QdrantIndex, alice: Scope) -> None:
        with pytest.raises(StoreUnavailable, match=f"{qdrant.collection} is missing"):
            await qdrant.search(View.of(alice), EAST, 10, Filter())

    async def test_more_points_than_a_request_holds(self, client: AsyncQdrantClient, alice: Scope) -> None:
        index = QdrantIndex(client, identity=HERE, embedder_model="wide", dimensions=3_072, prefix=uuid4().hex)
        await index.ensure()
        wide = np.random.default_rng(0).standard_normal(3_072, dtype=np.float32)
        await index.upsert([point(alice, vector=wide) for _ in range(501)])
        assert len(await scanned(index, alice)) == 501
        await client.delete_collection(index.collection)

    async def test_a_server_that_is_down_is_unavailable(self, alice: Scope) -> None:
        async with silent_server() as port:
            pass
        async with unreachable_index(port, client_seconds=5) as index:
            for attempt in (
                index.ensure(),
                index.upsert([point(alice)]),
                index.delete(alice, [uuid4()]),
                found(index, alice),
                scanned(index, alice),
            ):
                with pytest.raises(StoreUnavailable, match="qdrant is unavailable: ConnectError"):
                    await attempt

    async def test_a_server_that_does_not_answer_is_unavailable(self, alice: Scope) -> None:
        async with silent_server() as port, unreachable_index(port, client_seconds=1) as index:
            with pytest.raises(StoreUnavailable, match="qdrant is unavailable: ReadTimeout"):
                await index.upsert([point(alice)])

    async def test_a_search_is_given_up_before_the_client_would(self, alice: Scope) -> None:
        async with silent_server() as port, unreachable_index(port, client_seconds=120, search_seconds=0.05) as index:
            with pytest.raises(StoreUnavailable, match="qdrant is unavailable: no answer within 0"):
                await found(index, alice)

    async def test_a_connection_is_kept_between_queries(self, servers: ServerUrls) -> None:
        async with (
            relayed(servers.qdrant_url) as (url, connections),
            qdrant_client(replace(servers, qdrant_url=url)) as client,
        ):
            for _ in range(3):
                await client.get_collections()
            assert len(connections) == 1

    async def test_a_wrong_key_is_unavailable(self, servers: ServerUrls, alice: Scope) -> None:
        if servers.qdrant_api_key is None:
            pytest.skip("the server asks for no key")
        async with qdrant_client(replace(servers, qdrant_api_key="wrong")) as client:
            index = QdrantIndex(client, identity=HERE, embedder_model="test", dimensions=DIMENSIONS)
            with pytest.raises(StoreUnavailable, match=r"HTTP 40[13]"):
                await found(index, alice)


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """Another way to the same server, and the connections that came by it."""
    target, connections = urlsplit(url), list[asyncio.StreamWriter]()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        far_reader, far_writer = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    listener = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", connections
    finally:
        listener.close()


@asynccontextmanager
async def unreachable_index(port: int, *, client_seconds: int, search_seconds: float = 5) -> AsyncIterator[QdrantIndex]:
    client = AsyncQdrantClient(url=f"http://127.0.0.1:{port}", timeout=client_seconds, check_compatibility=False)
    index = QdrantIndex(
        client, identity=HERE, embedder_model="test", dimensions=DIMENSIONS, search_seconds=search_seconds
    )
    yield index
    await index.aclose()


async def test_vectors_that_pgvector_cannot_index_are_compared_one_by_one(servers: ServerUrls, alice: Scope) -> None:
    async with own_database(servers) as url:
        await upgrade(url)
        postgres = await Postgres.connect(url)
        index = PgVectorIndex(postgres, model="wide", dimensions=3_072, hnsw=True, exact_limit=-1)
        await index.ensure()
        east = np.eye(1, 3_072, dtype=np.float32)[0]
        mine = point(alice, vector=east)
        await index.upsert([mine, point(alice, vector=-east)])
        assert [candidate.id for candidate in await index.search(View.of(alice), east, 1, Filter())] == [mine.id]
        await postgres.aclose()


async def test_an_index_is_built_once_the_dimensions_that_stand_are_known(servers: ServerUrls) -> None:
    async with own_database(servers) as url:
        await upgrade(url)
        postgres = await Postgres.connect(url)
        await PgVectorIndex(postgres, model="test", dimensions=DIMENSIONS, hnsw=False).ensure()
        await PgVectorIndex(postgres, model="test", dimensions=None, hnsw=True).ensure()
        async with postgres.statement() as tx:
            count = "select count(*) from pg_indexes where indexname like 'vectors_hnsw_%'"
            assert await tx.connection.fetchval(count) == 1
        await postgres.aclose()


async def test_an_index_may_take_longer_to_build_than_a_statement(servers: ServerUrls) -> None:
    """Where many vectors were written while Qdrant was searched; here it waits for somebody who is still writing."""
    async with own_database(servers) as url:
        await upgrade(url)
        postgres = await Postgres.connect(url, statement_timeout=1)
        index = PgVectorIndex(postgres, model="test", dimensions=DIMENSIONS, hnsw=True)
        writer = await asyncpg.connect(url)
        async with writer.transaction():
            await writer.execute("lock table semmem.vectors in row exclusive mode")
            building = asyncio.create_task(index.ensure())
            done, _ = await asyncio.wait({building}, timeout=2)
            assert not done
        await building
        await writer.close()
        await postgres.aclose()
