"""The ledger: dead letters, audit rows and what extraction has cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from semmem.domain.extraction import Usage
from semmem.domain.scope import Scope
from semmem.stores.postgres.events import lock_scope, mark_unconsolidated
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.points import retry_vectors
from semmem.stores.postgres.pool import Connection, Postgres, Row, key_of, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again

_SQL = statements("facts.sql")
Stage = Literal["extraction", "draft", "embedding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Events no answer could be had for (stage "extraction"), a draft that was refused (stage "draft"), or a text that
    the embedder refused, which is found by its words alone (stage "embedding").
    """

    id: UUID
    scope: Scope
    stage: Stage
    reason: str
    detail: str
    event_ids: tuple[UUID, ...]
    recorded_at: datetime
    replayed_at: datetime | None


class Ledger:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def dead_letters(
        self, scope: Scope, *, replayed: bool, before: UUID | None = None, limit: int
    ) -> list[DeadLetter]:
        """Newest first, below the letter `before`."""
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["dead_letters"], *key_of(scope), replayed, before, limit)
            if not rows:
                await check_cursor(connection, scope, "dead letter", before)
        return [_dead_letter_of(row) for row in rows]

    @tried_again
    async def replay(self, scope: Scope, ids: Sequence[UUID] | None, now: datetime) -> int:
        """Lets the events of these dead letters (all, if None) be extracted or embedded again; how many that were."""
        async with self._postgres.transaction(scope) as connection:
            await lock_scope(connection, scope)
            rows = await connection.fetch(_SQL["take_dead_letters"], *key_of(scope), now, ids)
            unembedded = [id for row in rows if row["stage"] == "embedding" for id in row["event_ids"]]
            await retry_vectors(connection, scope, unembedded)
            unextracted = [id for row in rows if row["stage"] != "embedding" for id in row["event_ids"]]
            await mark_unconsolidated(connection, scope.tenant, unextracted)
            if unextracted:
                await connection.execute("select semmem.queue('consolidate', $1, $2, $3)", *key_of(scope))
        return len(rows)

    async def usage(self, scope: Scope) -> Usage:
        async with self._postgres.transaction(scope) as connection:
            row = await connection.fetchrow(_SQL["usage"], *key_of(scope))
        return Usage(**row) if row else Usage()


async def add_dead_letter(
    connection: Connection, scope: Scope, stage: Stage, reason: str, detail: str, events: Sequence[UUID], now: datetime
) -> None:
    row = (*key_of(scope), uuid4(), stage, reason, detail, events, now)
    await connection.execute(_SQL["add_dead_letter"], *row)


async def add_audit(
    connection: Connection,
    scope: Scope,
    action: str,
    actor: str,
    items: Sequence[UUID],
    now: datetime,
    usage: Usage | None = None,
) -> None:
    """Records a change by ids only; `actor` is the extractor's name, or the verb that was called."""
    cost = usage or Usage()
    counts = (cost.calls, cost.prompt_tokens, cost.completion_tokens)
    await connection.execute(_SQL["add_audit"], *key_of(scope), action, actor, items, *counts, now)


def _dead_letter_of(row: Row) -> DeadLetter:
    names = ("id", "stage", "reason", "detail", "recorded_at", "replayed_at")
    rest = {name: row[name] for name in names}
    return DeadLetter(scope=scope_of(row), event_ids=tuple(row["event_ids"]), **rest)
