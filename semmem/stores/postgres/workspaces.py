"""The task of a place and those who work on it: each change is an entry of the place's log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from semmem.domain.event import NewEvent
from semmem.domain.receipt import Selection
from semmem.domain.scope import Branch, Scope
from semmem.domain.workspace import Member, Workspace
from semmem.errors import InvalidInput, NotFound
from semmem.stores.postgres.branches import register
from semmem.stores.postgres.events import NO_WINDOW, EventStore, Remembered
from semmem.stores.postgres.log import tell_forgotten
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.state import refused
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("workspaces.sql")

LASTS, NO_TASK, NOT_ON_ROSTER, OTHER_ROLE, FULL = "SM021", "SM022", "SM023", "SM024", "SM027"


class WorkspaceStore:
    def __init__(self, postgres: Postgres, events: EventStore) -> None:
        self._postgres, self._events = postgres, events

    @tried_again
    async def begin(
        self, place: Branch, task: str, roster: Mapping[str, str], *, agent: str | None, now: datetime
    ) -> tuple[Workspace, int]:
        """And the log's last position. Raises InvalidInput while another task lasts."""
        try:
            async with self._postgres.transaction(place, now) as tx:
                await register(tx)
                head: int = await tx.fetchval(_SQL["begin"], agent=agent, task=task, roster=dict(roster))
                row = await tx.fetchrow(_SQL["workspace"])
        except asyncpg.PostgresError as error:
            raise not_seated(error) from error
        assert row is not None
        return _workspace(row), head

    @tried_again
    async def end(
        self, place: Branch, status: str, result: NewEvent | None, *, agent: str | None, now: datetime
    ) -> tuple[Remembered | None, int]:
        """Together with what came out, if anything did; and the log's last position. Raises NotFound."""
        try:
            async with self._postgres.transaction(place, now) as tx:
                await register(tx)
                head: int = await tx.fetchval(_SQL["end"], agent=agent, status=status)
                if result is None:
                    return None, head
                return await self._events.append(tx, [result], dedup_window=NO_WINDOW), head
        except asyncpg.PostgresError as error:
            raise not_seated(error) from error

    async def workspace(self, scope: Scope) -> Workspace | None:
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["workspace"])
        return _workspace(row) if row else None

    async def roster(self, scope: Scope, now: datetime) -> list[Member]:
        """By name; how long ago is as of now."""
        async with self._postgres.transaction(scope) as tx:
            return [_member(row, now) for row in await tx.fetch(_SQL["roster"])]

    async def role(self, scope: Scope, agent: str) -> str | None:
        async with self._postgres.transaction(scope) as tx:
            role: str | None = await tx.fetchval(_SQL["role"], agent=agent)
        return role

    @tried_again
    async def tell(
        self, place: Branch, status: str, detail: str, *, agent: str, role: str | None, until: datetime, now: datetime
    ) -> int:
        """The position of its entry. Raises InvalidInput for who takes no part, and NotFound after the end."""
        try:
            async with self._postgres.transaction(place, now) as tx:
                await register(tx)
                position: int = await tx.fetchval(
                    _SQL["status"], agent=agent, role=role, status=status, detail=detail, until=until
                )
        except asyncpg.PostgresError as error:
            raise not_seated(error) from error
        return position


async def clear_workspace(tx: Unit) -> None:
    """Forgets the task, the roster and all questions; the head is held, and nobody writes."""
    for statement in ("clear_workspace", "clear_roster", "clear_questions"):
        await tx.execute(_SQL[statement])


async def drop_sayings(tx: Unit, selection: Selection) -> None:
    """Takes out the statuses and questions that a selection means: they are an agent's, and of a time.

    Whoever waits for an answer is told that its question is gone.
    """
    if selection.everything or selection.session or selection.event or selection.fact or selection.category:
        return
    meant: dict[str, Any] = {"agent": selection.agent, "before": selection.before}
    await tx.execute(_SQL["drop_statuses"], **meant)
    gone = [row["id"] for row in await tx.fetch(_SQL["drop_questions"], **meant)]
    await tx.execute(_SQL["drop_answers"], questions=gone)
    await tell_forgotten(tx, gone, whole=False)
    if selection.agent:
        await tx.execute(_SQL["unname_answers"], **meant)


def not_seated(error: asyncpg.PostgresError) -> Exception:
    """What a function of the database refused, as a caller is told; the error itself where it is none of ours."""
    about = error.detail or ""
    if error.sqlstate == LASTS:
        return InvalidInput("task", "must be the one that lasts", "end that one first")
    if error.sqlstate == NO_TASK:
        return NotFound("no task lasts in this place: it was never begun, or has ended; begin one")
    if error.sqlstate == NOT_ON_ROSTER:
        return InvalidInput("agent", "must be on the roster, and is not", "name it in begin(roster=...)")
    if error.sqlstate == OTHER_ROLE:
        return InvalidInput(
            "role", "must be the roster's, which is another one", "leave it out, or begin with another roster"
        )
    if error.sqlstate == FULL:
        return InvalidInput(about, "would be one of more than 1,000", "end what is done, or ask less at once")
    return refused(error)


def _workspace(row: Row) -> Workspace:
    plain = ("task", "position", "begun_at", "begun_by", "ended_at", "status")
    return Workspace(scope=scope_of(row), **{name: row[name] for name in plain})


def _member(row: Row, now: datetime) -> Member:
    told_at: datetime | None = row["told_at"]
    said: dict[str, Any] = dict(row)
    return Member(**said, ago=now - told_at if told_at else None, current=told_at is not None and now < row["until"])
