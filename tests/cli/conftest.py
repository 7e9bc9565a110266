from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from semmem.embedded import Servers, open_servers
from tests.cli.command import Command


@pytest_asyncio.fixture(scope="session")
async def embedded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, Servers]]:
    """A data folder whose servers stay up from one command to the next."""
    folder = tmp_path_factory.mktemp("cli")
    async with await open_servers(folder) as servers:
        yield folder, servers


@pytest.fixture(scope="session")
def semmem(embedded: tuple[Path, Servers]) -> Command:
    return Command(data=embedded[0])


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return f"tenant-{uuid4().hex[:8]}"


@pytest.fixture
def alice(semmem: Command, tenant: str) -> Command:
    return semmem.within("--tenant", tenant, "--user", "alice")
