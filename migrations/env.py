"""Alembic's entry: one transaction under an advisory lock, on asyncpg; access is made whole in the same one."""

import asyncio

import asyncpg
from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from semmem.migrations.access import mend
from semmem.postgres.connect import connect
from semmem.postgres.session import session_settings

# Any number will do, as long as every release takes the same one.
MIGRATION_LOCK = 0x5E33E3


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, version_table="semmem_revision", version_table_schema="public")
    driver = connection.connection.dbapi_connection
    assert driver is not None
    with context.begin_transaction():
        for statement in session_settings(None, local=True).split("; "):
            connection.execute(text(statement))
        connection.execute(text(f"select pg_advisory_xact_lock({MIGRATION_LOCK})"))
        context.run_migrations()
        if context.config.attributes["mends"]:
            context.config.attributes["mended"] += driver.run_async(mend)


async def opened(**ignored: object) -> asyncpg.Connection:
    return await connect(context.config.attributes["url"])


async def run() -> None:
    # Behind a pooler the name of a prepared statement may be another client's already, so ours get none.
    unnamed = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}
    engine = create_async_engine(
        "postgresql+asyncpg://",
        poolclass=NullPool,
        isolation_level="READ COMMITTED",
        connect_args={"async_creator_fn": opened, **unnamed},
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
            await connection.commit()
    finally:
        await engine.dispose()


asyncio.run(run())
