"""Runs a revision's SQL files: several statements at once, which only the driver itself can do."""

from collections.abc import Sequence
from importlib.resources import files

from alembic import op


def run(folder: str, scripts: Sequence[str]) -> None:
    """Executes these .sql files of the revision's folder, in this order."""
    connection = op.get_bind().connection.dbapi_connection
    if connection is None:
        raise RuntimeError("alembic gave no open connection")
    for script in scripts:
        text = read(folder, script)
        connection.run_async(lambda driver, text=text: driver.execute(text))


def read(folder: str, script: str) -> str:
    """Reads the text of one of a revision's scripts."""
    return files("semmem.migrations").joinpath("versions", folder, f"{script}.sql").read_text(encoding="utf-8")
