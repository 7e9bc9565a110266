"""Where the tests find their servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url


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
