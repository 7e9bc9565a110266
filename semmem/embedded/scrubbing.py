"""Takes the bytes of what was deleted out of the embedded servers' files.

Deleting overwrites nothing: pages of tables and indexes, logs of writes and Qdrant's segments keep what was in them
until something else needs the room. So what lives is written anew, server by server, and the old files go.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable

import asyncpg
import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from semmem.embedded.client import Servers
from semmem.errors import EmbeddedServerError

LOCK_SECONDS = 0.2  # that others are held up by our waiting for a table; then they go first
LOCK_TRIES = 50
OLDER_SECONDS = 10.0  # for transactions that might still see what was deleted
LOG_SECONDS = 60.0
QDRANT_SECONDS = 300.0
POLL = 0.05
LOG_FILES = 3  # of Valkey: the state, what was written since, and the list of both

TABLES = """
select format('semmem.%I', relname) from pg_class
where relnamespace = 'semmem'::regnamespace and relkind = 'r' order by 1
"""
NONE_IS_OLDER = """
select count(*) = 0 from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and xact_start < $1
  and (backend_xmin is not null or backend_xid is not null)
"""


async def scrub(servers: Servers, *, hold: float | None) -> None:
    """Returns when no file of the three servers holds anything that was deleted before the call.

    `hold` is how many seconds a table may be closed to its readers while it is written anew; None if nobody minds.
    Raises EmbeddedServerError where that did not suffice, or a server did not answer; what was done stays done.
    """
    await _rewrite_log(servers.redis_url)
    await _rewrite_segments(servers.qdrant_url, servers.qdrant_api_key)
    try:
        connection = await asyncpg.connect(servers.postgres_url, timeout=OLDER_SECONDS)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise EmbeddedServerError(f"postgres could not be scrubbed: {type(error).__name__}") from error
    try:
        await _rewrite_tables(connection, hold)
    finally:
        await connection.close(timeout=LOCK_SECONDS)


async def _rewrite_log(url: str) -> None:
    try:
        async with asyncio.timeout(LOG_SECONDS), Redis.from_url(url) as redis:

            async def is_idle() -> bool:
                state = await redis.info("persistence")
                return not state["aof_rewrite_in_progress"] and not state["aof_rewrite_scheduled"]

            async def has_one_log() -> bool:  # the one before is deleted in the background
                settings = await redis.config_get("dir", "appenddirname")
                files = await asyncio.to_thread(os.listdir, f"{settings['dir']}/{settings['appenddirname']}")
                return len(files) <= LOG_FILES

            await _until(is_idle)
            await redis.bgrewriteaof()
            await _until(is_idle)
            if (await redis.info("persistence"))["aof_last_bgrewrite_status"] != "ok":
                raise EmbeddedServerError("redis could not write its log anew; its own log says why")
            await _until(has_one_log)
    except (RedisError, OSError, TimeoutError) as error:
        raise EmbeddedServerError(f"redis could not be scrubbed: {type(error).__name__}") from error


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await holds():
            return
        await asyncio.sleep(POLL)


async def _rewrite_segments(url: str, api_key: str) -> None:
    client = httpx.AsyncClient(base_url=url, headers={"api-key": api_key}, timeout=QDRANT_SECONDS, trust_env=False)
    try:
        async with client:
            found = (await client.get("/collections")).raise_for_status().json()["result"]["collections"]
            for collection in found:
                (await client.post(f"/collections/{collection['name']}/scrub")).raise_for_status()
    except httpx.HTTPError as error:
        raise EmbeddedServerError(f"qdrant could not be scrubbed: {type(error).__name__}") from error


async def _rewrite_tables(connection: asyncpg.Connection, hold: float | None) -> None:
    began = await connection.fetchval("select clock_timestamp()")
    try:  # rows that an older transaction might still see would be written anew as well
        async with asyncio.timeout(OLDER_SECONDS):
            await _until(lambda: connection.fetchval(NONE_IS_OLDER, began))
    except TimeoutError:
        raise EmbeddedServerError(
            f"postgres could not be scrubbed: a transaction has been open for more than {OLDER_SECONDS:.0f} s"
        ) from None
    await connection.execute(f"set lock_timeout = {LOCK_SECONDS * 1_000:.0f}")
    for table in [row[0] for row in await connection.fetch(TABLES)]:
        await connection.execute(f"set statement_timeout = {(hold or 0) * 1_000:.0f}")
        await _rewrite_table(connection, table)
        await connection.execute("set statement_timeout = 0")
        await connection.execute(f"vacuum (analyze, skip_locked) {table}")  # what is known of its pages went too
    # The log of writes from before is removed with the checkpoint after it, and so are the files of the old tables.
    await connection.execute("select pg_switch_wal()")
    await connection.execute("checkpoint")


async def _rewrite_table(connection: asyncpg.Connection, table: str) -> None:
    for _ in range(LOCK_TRIES):
        try:
            await connection.execute(f"vacuum (full) {table}")
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(POLL)
        except asyncpg.QueryCanceledError as error:
            raise EmbeddedServerError(
                f"{table} is too large to be written anew while it is in use; `semmem scrub` takes the time it needs"
            ) from error
        else:
            return
    raise EmbeddedServerError(f"{table} could not be written anew: it was in use each of {LOCK_TRIES} times")
