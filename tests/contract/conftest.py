from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from semmem.scope import Scope
from semmem.stores.redis import RedisRecent, connect
from tests.contract.recent_cache import CAP
from tests.servers import ServerUrls


@pytest.fixture
def tenant() -> str:
    return f"tenant-{uuid4()}"


@pytest.fixture
def alice(tenant: str) -> Scope:
    return Scope.user(tenant, "alice")


@pytest_asyncio.fixture
async def client(servers: ServerUrls) -> AsyncIterator[Redis]:
    """A client of Redis; whatever the test did, each key that is left must expire and lie in one hash slot."""
    client = connect(servers.redis_url)
    yield client
    async for key in client.scan_iter("semmem:*", count=1_000):
        ttl = await client.pttl(key)
        assert ttl != -1, f"{key!r} never expires"
        assert ttl <= 3_600_000
        assert key.startswith(b"semmem:{")
        assert key.count(b"{") == key.count(b"}") == 1
    await client.aclose()


@pytest.fixture
def cache(client: Redis) -> RedisRecent:
    return RedisRecent(client, cap=CAP, notices=10)
