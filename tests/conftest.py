import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from semmem.embedded import open_servers
from tests.servers import ServerUrls

pytest.register_assert_rewrite("tests.contract.vector_index")


@pytest_asyncio.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerUrls]:
    """Embedded servers for the whole run; each that SEMMEM_TEST_{POSTGRES,REDIS,QDRANT}_URL names takes its place."""
    postgres, redis, qdrant = (os.environ.get(f"SEMMEM_TEST_{name}_URL") for name in ("POSTGRES", "REDIS", "QDRANT"))
    key = os.environ.get("SEMMEM_TEST_QDRANT_KEY")
    if postgres and redis and qdrant:
        yield ServerUrls(postgres_url=postgres, redis_url=redis, qdrant_url=qdrant, qdrant_api_key=key)
        return
    async with await open_servers(tmp_path_factory.mktemp("servers")) as embedded:
        yield ServerUrls(
            postgres_url=postgres or embedded.postgres_url,
            redis_url=redis or embedded.redis_url,
            qdrant_url=qdrant or embedded.qdrant_url,
            qdrant_api_key=key if qdrant else embedded.qdrant_api_key,
        )
