"""Corrections by people: who made a version of a fact, who took one back, and which facts are pinned."""

from semmem.migrations import sql

revision = "0007"
down_revision = "0006"

SCRIPTS = ("tables/corrections",)


def upgrade() -> None:
    sql.run("v0007", SCRIPTS)
