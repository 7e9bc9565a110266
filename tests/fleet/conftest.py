"""A Postgres that can be away, and a folder that keeps meanwhile what is told."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.faults.proxy import Proxy
from tests.servers import through, way_to_postgres


@pytest_asyncio.fixture
async def proxy(urls: dict[str, Any]) -> AsyncIterator[Proxy]:
    async with Proxy(way_to_postgres(urls["postgres_url"])) as proxy:
        yield proxy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def behind(urls: dict[str, Any], folder: Path, proxy: Proxy) -> dict[str, Any]:
    """Settings of a process that reaches Postgres through the proxy, and keeps what does not."""
    return urls | {"postgres_url": through(proxy.port, urls["postgres_url"]), "local_log": folder, "worker": False}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk))
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a small disk")
    yield disk
    subprocess.run(("umount", "-l", str(disk)), check=True)
