"""Local Postgres, Valkey and Qdrant for one data folder, each a real server with a URL.

async with await open_servers(folder) as servers:
    asyncpg.connect(servers.postgres_url)
"""

import sys

from semmem.errors import EmbeddedServerError

if sys.platform == "win32":
    raise EmbeddedServerError("embedded servers need Linux or macOS: give the URLs of running servers instead")

from semmem.embedded.client import Servers, ServerStatus, open_servers

__all__ = ["ServerStatus", "Servers", "open_servers"]
