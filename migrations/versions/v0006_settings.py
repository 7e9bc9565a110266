"""What is settled about a scope, such as its time zone; and how often agents met in a field of its state."""

from semmem.migrations import sql

revision = "0006"
down_revision = "0005"

SCRIPTS = (
    "tables/conflicts",
    "tables/settings",
    "functions/count_conflicts",
    "functions/append",
    "rights",
)


def upgrade() -> None:
    sql.run("v0006", SCRIPTS)
