"""The memory: events, facts, summaries, vectors, terms, jobs and what proves erasure."""

from semmem.migrations import sql

revision = "0001"
down_revision = None

# A function stands behind what it is made of: tables, and functions that are written in SQL.
SCRIPTS = (
    "database",
    "functions/guard",
    "pgqueuer",
    "functions/keep_no_log",
    "jobs",
    "tables/events",
    "tables/facts",
    "tables/search",
    "tables/ledger",
    "functions/refuse",
    "functions/enter",
    "functions/scope_key",
    "functions/job_key",
    "functions/job_lock",
    "functions/queue",
    "functions/is_failing",
    "functions/take_turn",
    "functions/remember",
    "functions/matching",
    "functions/postings",
    "functions/lexical",
    "functions/ensure_index",
    "functions/analyse_new",
    "rights",
)


def upgrade() -> None:
    sql.run("v0001", SCRIPTS)
