"""What agents share: state in typed fields, without lost updates; locks that fence; checkpoints."""

from semmem.migrations import sql

revision = "0003"
down_revision = "0002"

# A function stands behind what it is made of.
SCRIPTS = (
    "tables/state",
    "functions/guard_rights",
    "tables/rights",
    "functions/act_as",
    "functions/check_locks",
    "functions/check_expected",
    "functions/pieces_of",
    "functions/mark_changed",
    "functions/log_change",
    "functions/reduce_single",
    "functions/reduce_pieces",
    "functions/change_state",
    "functions/fill_field",
    "functions/declare_state",
    "functions/restore_state",
    "functions/state_digest",
    "functions/make_checkpoint",
    "functions/held_lock",
    "functions/acquire_locks",
    "functions/renew_locks",
    "rights",
    "heads",  # which writers use: it stays locked until the commit
)


def upgrade() -> None:
    sql.run("v0003", SCRIPTS)
