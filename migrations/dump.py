"""The whole schema as a newcomer can read it, in one file: schema.sql beside this module."""

from importlib.resources import files

import asyncpg

_STATEMENTS = files("semmem.migrations").joinpath("dump.sql").read_text(encoding="utf-8")

_HEAD = """\
-- The whole schema, as all revisions together make it: `make schema` writes this file, and nobody edits it. The reasons
-- stand beside what they are of, in migrations/versions. Roles belong to the server, and are there already.

set check_function_bodies = off;  -- functions may be made of each other

create extension if not exists vector with schema public;
create schema semmem;"""


async def schema(connection: asyncpg.Connection) -> str:
    """Returns the schema of a migrated database, as statements that make the same in an empty one."""
    async with connection.transaction(readonly=True):
        await connection.execute("set local search_path = ''")
        rows = await connection.fetch(_STATEMENTS)
    return "\n\n".join([_HEAD, *(row["text"] for row in rows)]) + "\n"
