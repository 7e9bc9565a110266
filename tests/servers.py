"""Where the tests find their servers."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from semmem.testing import wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUrls:
    """The servers of a test run: the embedded ones, or those that SEMMEM_TEST_*_URL names."""

    postgres_url: str
    redis_url: str
    qdrant_url: str
    qdrant_api_key: str | None


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def own_database(servers: ServerUrls, template: str = "template1") -> AsyncIterator[str]:
    """The URL of a database that is copied from the template, and dropped at the end."""
    name = f"test_{uuid4().hex[:12]}"
    # Copied as files it takes half of the time, for nothing of it goes through the log.
    await administer(servers, f'create database "{name}" template "{template}" strategy file_copy')
    yield with_database(servers.postgres_url, name)
    await administer(servers, f'drop database "{name}" with (force)')


async def administer(servers: ServerUrls, statement: str) -> None:
    """By a connection that is closed again, for tests count them."""
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def with_login(url: str, login: str) -> str:
    """The same database, another login."""
    return make_url(url).set(username=login, password=None).render_as_string(hide_password=False)


def way_to_postgres(url: str) -> Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    """Opens a plain connection to the server of a URL, for a proxy: by its unix socket, or its address."""
    place = make_url(url)
    port = place.port or int(str(place.query.get("port", 5432)))
    if folder := place.query.get("host"):
        return partial(asyncio.open_unix_connection, f"{folder}/.s.PGSQL.{port}")
    return partial(asyncio.open_connection, place.host, port)


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """The port of a server that takes connections and never says a word."""
    held: list[asyncio.StreamWriter] = []  # Python 3.13 closes a connection that nobody holds
    listener = await asyncio.start_server(lambda reader, writer: held.append(writer), "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for writer in held:
            writer.close()


@asynccontextmanager
async def debian_redis(folder: Path) -> AsyncIterator[str]:
    """The URL of Debian's own redis-server; skips the test where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    path = folder / "redis.sock"
    options = ("--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder))
    process = await asyncio.to_thread(subprocess.Popen, (program, *options), stdout=subprocess.DEVNULL)
    try:
        async with Redis(unix_socket_path=str(path)) as client:

            async def answers() -> bool:
                try:
                    return bool(await client.ping())
                except (RedisError, OSError):
                    return False

            await wait_until(answers)
        yield f"unix://{path}"
    finally:
        process.kill()
        process.wait()


def through(port: int, url: str) -> str:
    """The same database by a proxy's port."""
    return make_url(url).set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
