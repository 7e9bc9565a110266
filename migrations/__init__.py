"""The database schema: alembic revisions whose bodies are plain SQL files of the same name."""

import asyncio
import os
import threading
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from semmem.errors import ConfigurationError, SchemaOutdated
from semmem.migrations.access import gaps
from semmem.migrations.server import Server, examine, forbidden, revision_of, unfit
from semmem.postgres.connect import connect
from semmem.postgres.errors import mapped_errors, translated
from semmem.postgres.session import session_settings
from semmem.postgres.url import PostgresUrl, parse

# alembic's `op` and `context` are global to the process; between processes the advisory lock of env.py decides.
_in_process = threading.Lock()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("semmem.migrations")))
    return config


def head() -> str:
    """The revision this release needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


async def upgrade(url: str, revision: str = "head", name: str = "SEMMEM_POSTGRES_URL") -> list[str]:
    """Brings the database at `url` up to date, as a role that may create schemas and roles.

    Answers with what was missing in a database that had been migrated before.

    Safe to run twice at once: the second run waits for the first and finds nothing to do. Raises ConfigurationError for
    a server that is not fit or a login with too few rights, and StoreUnavailable.
    """
    target = parse(url, name)
    before, is_whole = await _examined(target)
    if is_whole:
        return []
    mended = await asyncio.to_thread(_run, target, revision, mends=True)
    return mended if before else []


async def build(url: str) -> None:
    """Makes in an empty database what the revisions alone make; schema.sql is read from that, and has no say in it."""
    await asyncio.to_thread(_run, parse(url), "head", mends=False)


async def _examined(url: PostgresUrl) -> tuple[str | None, bool]:
    """The revision, and whether nothing is left to do. Raises ConfigurationError where it could not be done."""
    connection = await connect(url)
    try:
        with mapped_errors():
            async with connection.transaction():
                await connection.execute(session_settings(None, local=True))
                server, revision = await examine(connection), await revision_of(connection)
                if reasons := unfit(server):
                    raise ConfigurationError("; ".join(reasons))
                is_whole = revision == head() and not await gaps(connection)
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
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaOutdated(
            f"the database is at revision {revision}, which this release does not know; migrate with the "
            "release that made it, or a newer one"
        )


def _run(url: PostgresUrl, revision: str, *, mends: bool) -> list[str]:
    """The revisions, and what was mended behind them."""
    config = _config()
    config.attributes |= {"url": url, "mends": mends, "mended": []}
    with _in_process, mapped_errors():
        try:
            command.upgrade(config, revision)
        except DBAPIError as error:
            raise translated(_driver_error(error)) or error from error
    mended: list[str] = config.attributes["mended"]
    return mended


def _driver_error(error: BaseException) -> BaseException:
    """The first error of the chain, which the driver raised."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _after_fork() -> None:
    """A thread of the parent may have held it."""
    global _in_process
    _in_process = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
