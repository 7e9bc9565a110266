"""The database schema: alembic revisions whose bodies are plain SQL files of the same name."""

import asyncio
import threading
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from semmem.errors import ConfigurationError

# alembic's `op` and `context` are global to the process; between processes the advisory lock of env.py decides.
_IN_PROCESS = threading.Lock()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("semmem.migrations")))
    config.attributes["url"] = asyncpg_url(url)
    return config


def asyncpg_url(url: str) -> str:
    """The same address for SQLAlchemy's asyncpg dialect."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError("the Postgres URL must start with postgresql://; correct SEMMEM_POSTGRES_URL")
    return parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def head() -> str:
    """The revision this release needs."""
    return ScriptDirectory.from_config(_config("postgresql://")).get_current_head() or ""


async def upgrade(url: str, revision: str = "head") -> None:
    """Brings the database at `url` up to date, as a role that may create schemas and roles.

    Safe to run twice at once: the second run waits for the first and finds nothing to do.
    """
    await asyncio.to_thread(_upgrade, url, revision)


def _upgrade(url: str, revision: str) -> None:
    with _IN_PROCESS:
        command.upgrade(_config(url), revision)
