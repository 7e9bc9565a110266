from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from qdrant_client import AsyncQdrantClient

from semmem.embedded import Servers, open_servers
from semmem.testing import wait_until
from tests.embedded.clients import connect_qdrant
from tests.embedded.processes import servants


@pytest_asyncio.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """A data folder; whatever the test did, nothing may still work for it soon afterwards."""
    path = tmp_path / "data"
    yield path
    await wait_until(lambda: not servants(path))


@pytest_asyncio.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """One set of servers for the tests of a module that leave them as they are."""
    async with await open_servers(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module")
async def connected(servers: Servers) -> AsyncIterator[AsyncQdrantClient]:
    client = connect_qdrant(servers)
    yield client
    await client.close()


@pytest_asyncio.fixture
async def qdrant(connected: AsyncQdrantClient) -> AsyncIterator[AsyncQdrantClient]:
    """The real client; the collections of a test end with it."""
    yield connected
    for collection in (await connected.get_collections()).collections:
        await connected.delete_collection(collection.name)


@pytest_asyncio.fixture(scope="module")
async def raw(servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to Qdrant, for bodies that its client would not send."""
    headers = {"api-key": servers.qdrant_api_key}
    async with httpx.AsyncClient(base_url=f"{servers.qdrant_url}/collections/", headers=headers) as client:
        yield client
