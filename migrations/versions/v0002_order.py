"""One log per scope, in commit order and without gaps: heads, positions, entries, and groups of consumers.

It expands only, while older processes write. The events that are there get their positions from
`semmem.migrations.filling`, in batches, so that no writer waits for long. `semmem.remember` stays as it was, for
processes of the release before: the trigger that gives a position to what comes without one makes it right, also where
a call waited for this very transaction.
"""

from semmem.migrations import sql

revision = "0002"
down_revision = "0001"

# What writers use comes last, for it stays locked until the commit: events before jobs, as writers lock them.
SCRIPTS = (
    "tables/heads",
    "tables/entries",
    "functions/advance",
    "functions/take_position",
    "functions/append",
    "events",
    "tables/groups",
    "functions/take",
    "rights",
    "jobs",
)


def upgrade() -> None:
    sql.run("v0002", SCRIPTS)
