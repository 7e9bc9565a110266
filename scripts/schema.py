"""Writes migrations/schema.sql, as all revisions together make it: `python scripts/schema.py`."""

import asyncio
import tempfile
from pathlib import Path

import asyncpg

from semmem.embedded import open_servers
from semmem.migrations import build
from semmem.migrations.dump import schema

FILE = Path(__file__).parents[1] / "migrations" / "schema.sql"


async def main() -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with await open_servers(Path(folder)) as servers:
            await build(servers.postgres_url)
            connection = await asyncpg.connect(servers.postgres_url)
            try:
                return await schema(connection)
            finally:
                await connection.close()


if __name__ == "__main__":
    FILE.write_text(asyncio.run(main()), encoding="utf-8")
