"""What a revision leaves to be done while others write: each step is short, and is found again where it was broken off.

Revision 0002 gave new events their positions; the events before it get theirs here, in the order in which they were
stored. The last step makes the index of positions; `gaps` knows by the indexes that nothing is left, and a memory opens
only then, so that no process of this release ever meets an event without a position.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import asyncpg

from semmem.postgres.connect import connect
from semmem.postgres.errors import mapped_errors
from semmem.postgres.scripts import named_parts
from semmem.postgres.session import PATIENT, session_settings
from semmem.postgres.url import PostgresUrl

BATCH = 5_000  # events that one transaction changes
LOOK_AGAIN = 0.1  # seconds
FILLING_LOCK = 0x5E33E4  # any other number than env.py's will do

# Made here, while others write, by these steps.
INDEXES = {
    "facts_weightiest": ("drop_weightiest", "weightiest"),
    "facts_pinned": ("drop_pinned", "pinned"),
    "facts_ended": ("drop_ended", "ended"),
    "events_in_order": ("withdraw", "promise", "check", "require", "drop", "index"),
}

_SQL = named_parts(files("semmem.migrations").joinpath("filling.sql").read_text("utf-8"))


async def fill(url: PostgresUrl) -> list[str]:
    """Does what is left; the indexes that were missing. Whoever comes second waits until the first is done."""
    connection = await connect(url)
    try:
        with mapped_errors():
            async with _alone(url):
                if missing := [row["name"] for row in await connection.fetch(_SQL["missing"], list(INDEXES))]:
                    if "events_in_order" in missing:
                        await _place_all(connection)
                    await _make(connection, missing)
                return missing
    finally:
        await connection.close()


@asynccontextmanager
async def _alone(url: PostgresUrl) -> AsyncIterator[None]:
    """In an idle transaction of its own: a pooler knows no other, and an index in the making waits for no idle one."""
    connection = await connect(url)
    try:
        while True:
            async with connection.transaction(isolation="read_committed"):
                if await connection.fetchval(_SQL["try_lock"], FILLING_LOCK):
                    # Last, for the driver leaves a query with parameters open, whose snapshot an index would wait for.
                    await connection.execute(PATIENT)
                    yield
                    return
            await asyncio.sleep(LOOK_AGAIN)  # outside of any transaction, for the same reason
    finally:
        await connection.close()


async def _place_all(connection: asyncpg.Connection) -> None:
    """Scope by scope. Row level security binds the owner too, so the sweeper names the scopes."""
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(session_settings("semmem_sweeper", local=True))
        scopes = await connection.fetch(_SQL["scopes"])
    for scope in scopes:
        after: int | None = 0
        while after is not None:
            async with connection.transaction(isolation="read_committed"):
                await connection.execute(session_settings(None, local=True))
                await connection.execute(_SQL["view"], *scope)
                await connection.execute(_SQL["lock"], *scope)
                after = await connection.fetchval(_SQL["place"], *scope, after, BATCH)


async def _make(connection: asyncpg.Connection, missing: list[str]) -> None:
    """Each statement is a transaction of its own, and none keeps writers waiting while it reads the table."""
    for step in (step for name in missing for step in INDEXES[name]):
        await connection.execute(_SQL[step])
