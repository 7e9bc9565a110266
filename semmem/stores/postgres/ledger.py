"""The ledger: dead letters, audit rows and what extraction has cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from semmem.domain.extraction import Usage
from semmem.domain.scope import Scope
from semmem.stores.postgres.events import lock_scope, mark_unconsolidated
from semmem.stores.postgres.jobs import queue
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.points import retry_vectors
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("ledger.sql")
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
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["dead_letters"], replayed=replayed, before=before, limit=limit)
            if not rows:
                await check_cursor(tx, "dead letter", before)
        names = ("id", "stage", "reason", "detail", "recorded_at", "replayed_at")
        return [
            DeadLetter(scope=scope_of(row), event_ids=tuple(row["event_ids"]), **{name: row[name] for name in names})
            for row in rows
        ]

    @tried_again
    async def replay(self, scope: Scope, ids: Sequence[UUID] | None, now: datetime) -> int:
        """Lets the events of these dead letters (all, if None) be extracted or embedded again; how many that were."""
        async with self._postgres.transaction(scope, now) as tx:
            await lock_scope(tx)
            rows = await tx.fetch(_SQL["take_dead_letters"], letters=ids)
            await retry_vectors(tx, [id for row in rows if row["stage"] == "embedding" for id in row["event_ids"]])
            unextracted = [id for row in rows if row["stage"] != "embedding" for id in row["event_ids"]]
            await mark_unconsolidated(tx, unextracted)
            if unextracted:
                await queue(tx, "consolidate")
        return len(rows)

    async def usage(self, scope: Scope) -> Usage:
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["usage"])
        return Usage(**row) if row else Usage()


async def add_dead_letter(tx: Unit, stage: Stage, reason: str, detail: str, events: Sequence[UUID]) -> None:
    await tx.execute(_SQL["add_dead_letter"], letter=uuid4(), stage=stage, reason=reason, detail=detail, events=events)


async def add_audit(tx: Unit, action: str, actor: str, items: Sequence[UUID], usage: Usage | None = None) -> None:
    """Records a change by ids only; `actor` is the extractor's name, or the verb that was called."""
    cost = usage or Usage()
    await tx.execute(
        _SQL["add_audit"],
        action=action,
        actor=actor,
        items=items,
        calls=cost.calls,
        prompt_tokens=cost.prompt_tokens,
        completion_tokens=cost.completion_tokens,
    )
