"""schema.sql is what the revisions make: a newcomer may read it in their place, and so does access.sql."""

from importlib.resources import files
from pathlib import Path

import asyncpg

from semmem.migrations import build
from semmem.migrations.dump import schema
from tests.postgres.cluster import cluster
from tests.postgres.dumped import dumped

SCHEMA = Path(str(files("semmem.migrations").joinpath("schema.sql"))).read_text("utf-8")


async def test_the_file_and_the_revisions_make_the_same(tmp_path: Path) -> None:
    """Compared by pg_dump, which knows of more than was thought of when the file was written."""
    async with cluster() as made:
        await made.execute("create database revisions", "create database file")
        await build(made.url("revisions"))
        await made.execute(SCHEMA, database="file")
        assert await dumped(made.url("file"), tmp_path) == await dumped(made.url("revisions"), tmp_path)
        connection = await asyncpg.connect(made.url("revisions"))
        assert await schema(connection) == SCHEMA, "run `make schema`"
        await connection.close()
