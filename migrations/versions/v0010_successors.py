"""Which fact ended which, and reports that outlive their first agent.

`semmem.migrations.filling` makes the index by which ended facts are found, while others write.
"""

from semmem.migrations import sql

revision = "0010"
down_revision = "0009"

SCRIPTS = (
    "tables/successors",
    "tables/reports",
)


def upgrade() -> None:
    sql.run("v0010", SCRIPTS)
