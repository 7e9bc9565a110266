"""Threads of graphs: their checkpoints, so that a run goes on where it was, and is forgotten with its scope."""

from semmem.migrations import sql

revision = "0004"
down_revision = "0003"

SCRIPTS = ("tables/threads",)


def upgrade() -> None:
    sql.run("v0004", SCRIPTS)
