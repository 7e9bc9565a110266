"""Functions mended: an ordered group that replays, the past of fields that were dropped, lists of 10,000 items."""

from semmem.migrations import sql

revision = "0009"
down_revision = "0008"

SCRIPTS = (
    "functions/take",
    "functions/act_as",
    "functions/pieces_of",
)


def upgrade() -> None:
    sql.run("v0009", SCRIPTS)
