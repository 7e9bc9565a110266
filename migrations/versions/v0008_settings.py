"""What is settled about a scope: its time zone, and how long its events are kept."""

from semmem.migrations import sql

revision = "0008"
down_revision = "0007"

SCRIPTS = (
    "tables/settings",
    "functions/append",
)


def upgrade() -> None:
    sql.run("v0008", SCRIPTS)
