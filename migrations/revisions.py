"""The revisions by name, known without alembic, which is loaded only where one of them has to run."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")  # oldest first
HEAD = REVISIONS[-1]  # what this release needs
