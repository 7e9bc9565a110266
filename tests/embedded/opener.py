"""A client in a process of its own: opens the folder, prints the URLs as a line of JSON, stays until stdin closes."""

import asyncio
import json
import sys
from pathlib import Path

from semmem.embedded import open_servers
from semmem.errors import EmbeddedServerError


async def main() -> None:
    try:
        servers = await open_servers(Path(sys.argv[1]))
    except EmbeddedServerError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    print(json.dumps({"postgres": servers.postgres_url, "qdrant": servers.qdrant_url}), flush=True)
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    await stdin.read()
    await servers.aclose()


asyncio.run(main())
