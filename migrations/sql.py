"""Runs a revision's SQL file: several statements at once, which only the driver itself can do."""

from pathlib import Path

from alembic import op


def run_beside(revision_file: str) -> None:
    """Executes the .sql file that has the revision's name."""
    script = Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")
    execute(script)


def execute(script: str) -> None:
    connection = op.get_bind().connection.dbapi_connection
    if connection is None:
        raise RuntimeError("alembic gave no open connection")
    connection.run_async(lambda driver: driver.execute(script))
