"""Runs revisions. Beside them and env.py it is the only module that loads alembic and SQLAlchemy."""

import os
import threading
from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from semmem.postgres.errors import mapped_errors, translated
from semmem.postgres.url import PostgresUrl

# alembic's `op` and `context` are global to the process; between processes the advisory lock of env.py decides.
_in_process = threading.Lock()


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(files("semmem.migrations")))
    return made


def run(url: PostgresUrl, revision: str, *, mends: bool) -> list[str]:
    """Runs the revisions, and returns what was mended behind them."""
    asked = config()
    asked.attributes |= {"url": url, "mends": mends, "mended": []}
    with _in_process, mapped_errors():
        try:
            command.upgrade(asked, revision)
        except DBAPIError as error:
            first: BaseException = error  # of the chain, which the driver raised
            while first.__cause__ is not None:
                first = first.__cause__
            raise translated(first) or error from error
    mended: list[str] = asked.attributes["mended"]
    return mended


def _after_fork() -> None:
    """A thread of the parent may have held it."""
    global _in_process
    _in_process = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
