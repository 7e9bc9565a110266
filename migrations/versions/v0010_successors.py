"""Which fact ended which; `semmem.migrations.filling` makes the index by which they are found, while others write."""

from semmem.migrations import sql

revision = "0010"
down_revision = "0009"

SCRIPTS = ("tables/successors",)


def upgrade() -> None:
    sql.run("v0010", SCRIPTS)
