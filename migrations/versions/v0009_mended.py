"""What takes a fact's place is known; functions mended: groups that replay, the past of dropped fields, long lists."""

from semmem.migrations import sql

revision = "0009"
down_revision = "0008"

SCRIPTS = (
    "tables/superseded",
    "functions/take",
    "functions/act_as",
    "functions/pieces_of",
)


def upgrade() -> None:
    sql.run("v0009", SCRIPTS)
