from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from semmem.domain.scope import Scope
from semmem.stores.postgres.identity import Identity
from semmem.stores.redis.client import connect
from semmem.stores.redis.recent import RedisRecent
from tests.contract.recent_cache import CAP
from tests.servers import ServerUrls, debian_redis


@pytest.fixture
def tenant() -> str:
    return f"tenant-{uuid4()}"


@pytest.fixture
def alice(tenant: str) -> Scope:
    return Scope.user(tenant, "alice")


@pytest_asyncio.fixture(scope="session")
async def debians(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with debian_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["valkey", "debian's redis"])
def redis_url(request: pytest.FixtureRequest, servers: ServerUrls) -> str:
    url: str = servers.redis_url if request.param == "valkey" else request.getfixturevalue("debians")
    return url


@pytest.fixture
def identity() -> Identity:
    """A database of the test's own."""
    return Identity(uuid4().hex[:12], uuid4().hex[:12])


@pytest_asyncio.fixture
async def client(redis_url: str, identity: Identity) -> AsyncIterator[Redis]:
    """A client of Redis; whatever the test did, each key that is left must expire and lie in one hash slot."""
    client = connect(redis_url)
    yield client
    async for key in client.scan_iter(f"semmem:{identity.state}:*", count=1_000):
        ttl = await client.pttl(key)
        assert ttl != -1, f"{key!r} never expires"
        assert ttl <= 3_600_000
        assert key.startswith(f"semmem:{identity.state}:{{".encode())
        assert key.count(b"{") == key.count(b"}") == 1
    assert await client.pttl(f"semmem:{{{identity.database}}}:states") != -1
    await client.aclose()


@pytest.fixture
def cache(client: Redis, identity: Identity) -> RedisRecent:
    return RedisRecent(client, identity=identity, cap=CAP)
