"""Workspaces: the task of a place, who works on it with which status, and questions that wait for an answer."""

from semmem.migrations import sql

revision = "0005"
down_revision = "0004"

# A function stands behind what it is made of.
SCRIPTS = (
    "tables/workspaces",
    "functions/begin_workspace",
    "functions/end_workspace",
    "functions/take_seat",
    "functions/tell_status",
    "functions/ask_question",
    "functions/answer_question",
    "functions/receive_answer",
    "rights",
)


def upgrade() -> None:
    sql.run("v0005", SCRIPTS)
