"""The revisions by name, known without alembic, which is loaded only where one of them has to run."""

from semmem.errors import SchemaOutdated

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")  # oldest first
HEAD = REVISIONS[-1]  # what this release needs


def check_known(revision: str | None, fix: str) -> None:
    """Raises SchemaOutdated for a database that a newer release has made."""
    if revision is not None and revision not in REVISIONS:
        raise SchemaOutdated(f"the database is at revision {revision}, which this release does not know; {fix}")
