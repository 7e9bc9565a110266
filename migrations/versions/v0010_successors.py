"""Which fact ended which, reports that outlive their first agent, keys asked under again, and an index that stands.

`semmem.migrations.filling` makes the index by which ended facts are found, while others write.
"""

from semmem.migrations import sql

revision = "0010"
down_revision = "0009"

SCRIPTS = (
    "tables/successors",
    "tables/reports",
    "tables/questions",
    "functions/ask_question",
    "functions/ensure_index",
)


def upgrade() -> None:
    sql.run("v0010", SCRIPTS)
