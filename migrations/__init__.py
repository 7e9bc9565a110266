"""The database schema: alembic revisions whose bodies are plain SQL files of the same name."""

import asyncio
import threading
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from semmem.errors import ConfigurationError, SchemaOutdated
from semmem.migrations.access import gaps
from semmem.migrations.server import Server, examine, forbidden, unfit
from semmem.postgres.connect import connect
from semmem.postgres.errors import mapped_errors, translated
from semmem.postgres.url import PostgresUrl, parse

# alembic's `op` and `context` are global to the process; between processes the advisory lock of env.py decides.
_IN_PROCESS = threading.Lock()


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
    before = await _examined(target)
    if before is None:
        return []
    mended = await asyncio.to_thread(_upgrade, target, revision)
    return mended if before.revision else []


async def _examined(url: PostgresUrl) -> Server | None:
    """None where nothing is left to do. Raises ConfigurationError where it could not be done."""
    connection = await connect(url)
    try:
        with mapped_errors():
            async with connection.transaction():
                server = await examine(connection)
                if reasons := unfit(server):
                    raise ConfigurationError("; ".join(reasons))
                if server.revision == head() and not await gaps(connection):
                    return None
                _check(server)
                return server
    finally:
        await connection.close()


def _check(server: Server) -> None:
    """Raises ConfigurationError where a migration is bound to fail."""
    if server.read_only:
        raise ConfigurationError("the server is read-only, a standby perhaps; migrate the one that can be written to")
    if reasons := forbidden(server):
        raise ConfigurationError(f"the login {server.login} cannot migrate: {'; '.join(reasons)}")
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if server.revision is not None and server.revision not in known:
        raise SchemaOutdated(
            f"the database is at revision {server.revision}, which this release does not know; migrate with the "
            "release that made it, or a newer one"
        )


def _upgrade(url: PostgresUrl, revision: str) -> list[str]:
    config = _config()
    config.attributes |= {"url": url, "mended": []}
    with _IN_PROCESS, mapped_errors():
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
