"""The memory: events, facts, summaries, vectors, terms, jobs and what proves erasure."""

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings

from semmem.migrations import sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    sql.execute(QueryBuilderEnvironment(DBSettings(db_schema="semmem")).build_install_query())
    sql.run_beside(__file__)
