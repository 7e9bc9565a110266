import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from semmem.integrations.langgraph import SemmemSaver, SemmemStore
from tests.applications import FAST
from tests.servers import ServerUrls, own_database

StoreMaker = Callable[..., SemmemStore]
SaverMaker = Callable[..., SemmemSaver]


@pytest_asyncio.fixture(scope="package")
async def database(servers: ServerUrls, template: str) -> AsyncIterator[str]:
    """One for all tests here, each of which has tenants of its own."""
    async with own_database(servers, template) as url:
        yield url


@pytest_asyncio.fixture(scope="package")
async def shared(database: str, servers: ServerUrls) -> AsyncIterator[dict[str, Any]]:
    """The settings of all stores here, and so the memory behind them, which stays open from test to test."""
    settings = FAST | {
        "postgres_url": database,
        "redis_url": servers.redis_url,
        "qdrant_url": servers.qdrant_url,
        "qdrant_api_key": servers.qdrant_api_key,
        "qdrant_prefix": f"test-{uuid4().hex[:12]}",
    }
    keeper = SemmemStore(tenant="keeper", user="keeper", **settings)
    yield settings
    await asyncio.to_thread(keeper.close)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on how fast this machine indexes."""
    monkeypatch.setattr("semmem.integrations.langgraph.search.INDEX_WAIT", 60.0)


@pytest.fixture
def make(shared: dict[str, Any]) -> Iterator[StoreMaker]:
    """Makes stores, alice's of acme unless the test says otherwise: `make(user="bob", fields=["text"])`."""
    own = uuid4().hex[:8]
    with ExitStack() as stores:

        def store(*, tenant: str = "acme", **given: Any) -> SemmemStore:
            root = {} if "workspace" in given else {"user": "alice"}
            return stores.enter_context(SemmemStore(**(shared | {"tenant": f"{tenant}-{own}"} | root | given)))

        yield store


@pytest.fixture
def make_saver(shared: dict[str, Any]) -> Iterator[SaverMaker]:
    """Makes savers, as `make` makes stores."""
    own = uuid4().hex[:8]
    with ExitStack() as savers:

        def saver(*, tenant: str = "acme", **given: Any) -> SemmemSaver:
            root = {} if "workspace" in given else {"user": "alice"}
            return savers.enter_context(SemmemSaver(**(shared | {"tenant": f"{tenant}-{own}"} | root | given)))

        yield saver


@pytest.fixture
def saver(make_saver: SaverMaker) -> SemmemSaver:
    return make_saver()


@pytest.fixture
def alices(make: StoreMaker) -> SemmemStore:
    return make()


@pytest.fixture(params=["InMemoryStore", "SemmemStore"])
def store(request: pytest.FixtureRequest) -> BaseStore:
    """LangGraph's own store, then semmem's: whatever holds of the one holds of the other."""
    if request.param == "InMemoryStore":
        return InMemoryStore()
    made: SemmemStore = request.getfixturevalue("alices")
    return made
