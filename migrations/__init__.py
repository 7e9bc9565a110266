"""The database schema: alembic revisions whose bodies are plain SQL files of the same name."""

import asyncio
from importlib import import_module

from semmem.errors import ConfigurationError
from semmem.migrations.access import gaps
from semmem.migrations.filling import fill
from semmem.migrations.revisions import HEAD, check_known
from semmem.migrations.server import Server, examine, forbidden, revision_of, unfit
from semmem.postgres.connect import connect
from semmem.postgres.errors import mapped_errors
from semmem.postgres.session import session_settings
from semmem.postgres.url import PostgresUrl, parse
from semmem.runtime import forking

# What env.py and SQLAlchemy import as late as possible: at once, so that no fork comes between.
LATE = ("sqlalchemy.ext.asyncio", "sqlalchemy.dialects.postgresql.asyncpg")


async def upgrade(url: str, name: str = "SEMMEM_POSTGRES_URL") -> list[str]:
    """Brings the database at `url` up to date, as a role that may create schemas and roles.

    Answers with what was missing in a database that had been migrated before.

    Safe to run twice at once: the second run waits for the first and finds nothing to do. Raises ConfigurationError for
    a server that is not fit or a login with too few rights, and StoreUnavailable.
    """
    target = parse(url, name)
    before, is_whole = await _examined(target)
    if is_whole:
        return []
    mended = await asyncio.to_thread(_run, target, "head", mends=True)
    filled = await fill(target)
    if before == HEAD:
        mended += [f"the index {name}" for name in filled]
    return mended if before else []


async def build(url: str) -> None:
    """Makes in an empty database what the revisions alone make; schema.sql is read from that, and has no say in it."""
    await asyncio.to_thread(_run, parse(url), "head", mends=False)
    await fill(parse(url))


async def _examined(url: PostgresUrl) -> tuple[str | None, bool]:
    """Returns the revision, and whether nothing is left to do. Raises ConfigurationError where it could not be done."""
    connection = await connect(url)
    try:
        with mapped_errors():
            async with connection.transaction():
                await connection.execute(session_settings(None, local=True))
                server, revision = await examine(connection), await revision_of(connection)
                if reasons := unfit(server):
                    raise ConfigurationError("; ".join(reasons))
                is_whole = revision == HEAD and not await gaps(connection)
                if not is_whole:
                    _check(server, revision)
                return revision, is_whole
    finally:
        await connection.close()


def _check(server: Server, revision: str | None) -> None:
    """Raises ConfigurationError where a migration is bound to fail."""
    if server.read_only:
        raise ConfigurationError("the server is read-only, a standby perhaps; migrate the one that can be written to")
    if reasons := forbidden(server):
        raise ConfigurationError(f"the login {server.login} cannot migrate: {'; '.join(reasons)}")
    if revision is None and server.has_tables:
        raise ConfigurationError(
            "the tables are there, but not public.semmem_revision with their release, or not for "
            f"{server.login} to read; restore a dump of the whole database, with its data, into an empty one"
        )
    check_known(revision, "migrate with the release that made it, or a newer one")


def _run(url: PostgresUrl, revision: str, *, mends: bool) -> list[str]:
    """Runs in a thread, which alembic needs: it brings an event loop of its own."""
    with forking.undivided():
        for module in LATE:
            import_module(module)
        from semmem.migrations import running

    return running.run(url, revision, mends=mends)
