import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from qdrant_client import AsyncQdrantClient

from semmem import Memory, ScopedMemory
from semmem.stores.qdrant.client import connect
from tests.servers import ServerUrls


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    """What a model waits for that never answers; set in the end, so that its threads end."""
    event = threading.Event()
    yield event
    event.set()


@pytest_asyncio.fixture
async def client(servers: ServerUrls) -> AsyncIterator[AsyncQdrantClient]:
    """Of Qdrant, past the memory."""
    client = connect(servers.qdrant_url, servers.qdrant_api_key)
    yield client
    await client.close()


@pytest_asyncio.fixture
async def places(memory: Memory) -> list[ScopedMemory]:
    """A user, a branch of hers, a private one, a workspace and another tenant's user, each with a fact."""
    alice = memory.scope(tenant="acme", user="alice")
    apollo = alice.branch("projects", "apollo")
    team, other = memory.scope(tenant="acme", workspace="launch"), memory.scope(tenant="globex", user="alice")
    places = [alice, apollo, alice.branch("notes", owner="bob"), team, other]
    for number, place in enumerate(places):
        await place.remember(f"I am allergic to peanuts, says note {number}.", agent="support", session="s1")
    for place in places:
        await place.settled()
    return places
