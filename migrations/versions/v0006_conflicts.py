"""What a scope has of its own beside its log: how often agents met in a field of its state."""

from semmem.migrations import sql

revision = "0006"
down_revision = "0005"

SCRIPTS = (
    "tables/conflicts",
    "functions/count_conflicts",
    "rights",
)


def upgrade() -> None:
    sql.run("v0006", SCRIPTS)
