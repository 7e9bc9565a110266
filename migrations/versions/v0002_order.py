"""One log per scope, in commit order and without gaps: heads, positions and entries, while older processes write.

It expands only, and gives the events that are there no position yet: `semmem.migrations.filling` does, in batches that no
writer waits for long for. `semmem.remember` stays as it was, for the processes of the release before; the trigger that
gives positions to what comes without one makes it right, also where a call waited for this very transaction.
"""

from semmem.migrations import sql

revision = "0002"
down_revision = "0001"

# The tables that writers use come last, for they stay locked until the commit: events before jobs, as writers lock them.
SCRIPTS = (
    "tables/heads",
    "tables/entries",
    "functions/advance",
    "functions/take_position",
    "functions/append",
    "rights",
    "events",
    "jobs",
)


def upgrade() -> None:
    sql.run("v0002", SCRIPTS)
