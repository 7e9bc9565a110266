import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from qdrant_client import AsyncQdrantClient

from semmem.embedded import open_servers
from semmem.engine import indexing, worker
from semmem.memory import parts
from semmem.memory.memory import Memory
from semmem.memory.scoped import ScopedMemory
from semmem.migrations import upgrade
from semmem.stores.qdrant.client import connect as connect_qdrant
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application
from tests.applications import Opener, opened
from tests.places import keep_files_in_memory
from tests.servers import ServerUrls, administer, own_database, with_database

# A run in the background of a shell ignores Ctrl-C, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

keep_files_in_memory()

# No test asks a model but its own: a key that somebody has exported would be used, and paid for.
for name in ("OPENAI_API_KEY", "SEMMEM_LLM_API_KEY", "SEMMEM_LLM_BASE_URL"):
    os.environ.pop(name, None)

# The same examples in each run: nobody's second command fails by chance. HYPOTHESIS_PROFILE=default draws others.
# How long one takes says how busy the machine is.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

pytest.register_assert_rewrite("tests.contract.vector_index")


def pytest_collection_finish() -> None:
    """What collecting has made stays for the whole run: no garbage collection walks through it again."""
    gc.collect()
    gc.freeze()


@pytest_asyncio.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerUrls]:
    """Embedded servers for the whole run; each that SEMMEM_TEST_{POSTGRES,REDIS,QDRANT}_URL names takes its place."""
    postgres, redis, qdrant = (os.environ.get(f"SEMMEM_TEST_{name}_URL") for name in ("POSTGRES", "REDIS", "QDRANT"))
    key = os.environ.get("SEMMEM_TEST_QDRANT_KEY")
    if postgres and redis and qdrant:
        yield ServerUrls(postgres_url=postgres, redis_url=redis, qdrant_url=qdrant, qdrant_api_key=key)
        return
    async with await open_servers(tmp_path_factory.mktemp("servers")) as embedded:
        await _spare_the_disk(embedded.postgres_url)
        yield ServerUrls(
            postgres_url=postgres or embedded.postgres_url,
            redis_url=redis or embedded.redis_url,
            qdrant_url=qdrant or embedded.qdrant_url,
            qdrant_api_key=key if qdrant else embedded.qdrant_api_key,
        )


async def _spare_the_disk(postgres_url: str) -> None:
    """Processes are killed in tests, and no machine is: what is written need not reach a disk."""
    owner = await asyncpg.connect(postgres_url)
    await owner.execute("alter system set fsync = off")
    await owner.execute("select pg_reload_conf()")
    await owner.close()


@pytest_asyncio.fixture(scope="session")
async def template(servers: ServerUrls) -> str:
    """The name of a migrated database that each test's own one is copied from."""
    name = f"template_{uuid4().hex}"
    await administer(servers, f'create database "{name}"')
    await upgrade(with_database(servers.postgres_url, name))
    return name


@pytest_asyncio.fixture
async def postgres_url(servers: ServerUrls, template: str) -> AsyncIterator[str]:
    """A database of this test's own."""
    async with own_database(servers, template) as url:
        yield url


@pytest_asyncio.fixture
async def owner(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The test's database as its owner sees it, past row level security."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest) -> Application:
    """A second application, on another database, with the same prefixes in Redis and Qdrant."""
    application: Application = request.getfixturevalue(f"{_whose(request)}_elsewhere")
    return application


@pytest_asyncio.fixture
async def own_elsewhere(
    servers: ServerUrls, template: str, urls: dict[str, Any], clock: ManualClock
) -> AsyncIterator[Application]:
    async with own_database(servers, template) as url, opened(urls | {"postgres_url": url}, clock) as application:
        yield application


@pytest_asyncio.fixture(scope="module")
async def shared_elsewhere(
    servers: ServerUrls, template: str, shared_urls: dict[str, Any], shared_clock: ManualClock
) -> AsyncIterator[Application]:
    async with (
        own_database(servers, template) as url,
        opened(shared_urls | {"postgres_url": url}, shared_clock) as application,
    ):
        yield application


@pytest_asyncio.fixture(scope="session")
async def qdrant_client(servers: ServerUrls) -> AsyncIterator[AsyncQdrantClient]:
    """One client for what a run throws away; a client for each test takes longer than what it does."""
    client = connect_qdrant(servers.qdrant_url, servers.qdrant_api_key)
    yield client
    await client.close()


@pytest_asyncio.fixture
async def urls(
    servers: ServerUrls, postgres_url: str, qdrant_client: AsyncQdrantClient
) -> AsyncIterator[dict[str, Any]]:
    """Settings that name this test's database, its own keys in Redis, and its own collections in Qdrant."""
    async with _settings(servers, postgres_url, qdrant_client) as settings:
        yield settings


@pytest_asyncio.fixture(scope="module")
async def shared_urls(
    servers: ServerUrls, template: str, qdrant_client: AsyncQdrantClient
) -> AsyncIterator[dict[str, Any]]:
    async with (
        own_database(servers, template) as postgres_url,
        _settings(servers, postgres_url, qdrant_client) as settings,
    ):
        yield settings


@asynccontextmanager
async def _settings(
    servers: ServerUrls, postgres_url: str, qdrant_client: AsyncQdrantClient
) -> AsyncIterator[dict[str, Any]]:
    prefix = f"test-{uuid4().hex[:12]}"
    yield {
        "postgres_url": postgres_url,
        "redis_url": servers.redis_url,
        "redis_prefix": prefix,
        "qdrant_url": servers.qdrant_url,
        "qdrant_api_key": servers.qdrant_api_key,
        "qdrant_prefix": prefix,
    }
    await _drop_collections(qdrant_client, prefix)


@pytest.fixture(autouse=True)
def _faults_told_anew() -> None:
    """What an earlier test's fault had put into the log is told again: a process says it once a minute."""
    for module in (indexing, parts, worker):
        module.faults._seen.clear()


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> ManualClock:
    if _shares(request):
        clock: ManualClock = request.getfixturevalue("shared_clock")
        return clock
    return ManualClock()


@pytest.fixture(scope="module")
def shared_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def opener(urls: dict[str, Any], clock: ManualClock) -> Opener:
    """Opens applications on this test's stores: `async with opener(attempts=1) as application`."""
    return partial(opened, urls, clock)


@pytest.fixture(scope="module")
def opened_with() -> dict[str, Any]:
    """The settings of a module's applications, where it has any of its own."""
    return {}


@pytest.fixture
def application(request: pytest.FixtureRequest) -> Application:
    """The test's own; in a module that is marked `shared` one for all its tests, which differ by their tenant."""
    application: Application = request.getfixturevalue(f"{_whose(request)}_application")
    return application


@pytest_asyncio.fixture
async def own_application(opener: Opener, opened_with: dict[str, Any]) -> AsyncIterator[Application]:
    async with opener(**opened_with) as application:
        yield application


@pytest_asyncio.fixture(scope="module")
async def shared_application(
    shared_urls: dict[str, Any], shared_clock: ManualClock, opened_with: dict[str, Any]
) -> AsyncIterator[Application]:
    async with opened(shared_urls, shared_clock, **opened_with) as application:
        yield application


@pytest.fixture
def tenant(request: pytest.FixtureRequest) -> str:
    return f"acme-{uuid4().hex[:8]}" if _shares(request) else "acme"


def _whose(request: pytest.FixtureRequest) -> str:
    return "shared" if _shares(request) else "own"


def _shares(request: pytest.FixtureRequest) -> bool:
    """Not where it asks for stores of its own."""
    return bool(request.node.get_closest_marker("shared")) and "postgres_url" not in request.fixturenames


@pytest.fixture
def memory(application: Application) -> Memory:
    return application.memory


@pytest.fixture
def alice(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, user="alice")


@pytest.fixture
def strangers(memory: Memory, tenant: str) -> list[ScopedMemory]:
    """Those who must see nothing of alice's: same tenant, look-alike ids, and her namesake of another tenant."""
    return [
        memory.scope(tenant=tenant, user="alice2"),
        memory.scope(tenant=tenant, user="alic"),
        memory.scope(tenant=tenant, workspace="alice"),
        memory.scope(tenant=tenant.replace("acme", "globex"), user="alice"),
    ]


async def _drop_collections(client: AsyncQdrantClient, prefix: str) -> None:
    """Each holds memory maps, of which a process may have some 65,000: a whole run makes more collections than fit."""
    for collection in (await client.get_collections()).collections:
        if collection.name.startswith(prefix):
            await client.delete_collection(collection.name)
