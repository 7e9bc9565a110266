"""The three real clients, with just enough data to tell whether something was lost."""

import warnings
from uuid import UUID, uuid4

import asyncpg
import redis.asyncio
from qdrant_client import AsyncQdrantClient, models

from semmem.embedded import Servers


def connect_qdrant(servers: Servers) -> AsyncQdrantClient:
    with warnings.catch_warnings():
        # A key without TLS is fine on the loopback interface.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        # The version check runs in a thread of its own, which may outlive a server that a test kills.
        return AsyncQdrantClient(
            url=servers.qdrant_url, api_key=servers.qdrant_api_key, timeout=5, check_compatibility=False
        )


async def store(servers: Servers) -> UUID:
    """One committed row, one key and one acknowledged point, all of the same id."""
    marker = uuid4()
    connection = await asyncpg.connect(servers.postgres_url)
    await connection.execute("CREATE TABLE IF NOT EXISTS markers (id uuid PRIMARY KEY, embedding vector(4))")
    await connection.execute("INSERT INTO markers VALUES ($1, '[1,2,3,4]')", marker)
    await connection.close()
    async with redis.asyncio.from_url(servers.redis_url) as cache:
        await cache.set(str(marker), "kept")
    qdrant = connect_qdrant(servers)
    if not await qdrant.collection_exists("markers"):
        await qdrant.create_collection(
            "markers", vectors_config=models.VectorParams(size=4, distance=models.Distance.COSINE)
        )
    await qdrant.upsert("markers", [models.PointStruct(id=str(marker), vector=[1.0, 2.0, 3.0, 4.0])], wait=True)
    await qdrant.close()
    return marker


async def kept(servers: Servers, marker: UUID) -> dict[str, bool]:
    """Which stores still have what `store` put there."""
    return {
        "postgres": await in_postgres(servers, marker),
        "redis": await in_redis(servers, marker),
        "qdrant": await in_qdrant(servers, marker),
    }


async def in_postgres(servers: Servers, marker: UUID) -> bool:
    connection = await asyncpg.connect(servers.postgres_url)
    found = await connection.fetchval("SELECT count(*) FROM markers WHERE id = $1", marker)
    await connection.close()
    return bool(found == 1)


async def in_redis(servers: Servers, marker: UUID) -> bool:
    async with redis.asyncio.from_url(servers.redis_url) as cache:
        return bool(await cache.get(str(marker)) == b"kept")


async def in_qdrant(servers: Servers, marker: UUID) -> bool:
    qdrant = connect_qdrant(servers)
    found = await qdrant.retrieve("markers", [str(marker)])
    await qdrant.close()
    return len(found) == 1


ALL_KEPT = {"postgres": True, "redis": True, "qdrant": True}
