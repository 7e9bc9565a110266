"""Summaries: what sessions and scopes come to, with the events that they rest on."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

from semmem.domain.event import Event, Role
from semmem.domain.fact import Summary, Validity
from semmem.domain.scope import Scope, View
from semmem.stores.postgres.events import event_of
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("summaries.sql")
MOST_STATEMENTS = 200  # that a summary is made of; some ten fit into one
MAX_SUMMARIES = 10  # that a context may hold


class SummaryStore:
    """Reads summaries; what changes them are the functions below, inside the caller's transaction."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def newest(self, view: View) -> list[Summary]:
        """The scopes' own first, then the newest sessions', at most MAX_SUMMARIES, without their events."""
        async with self._postgres.transaction(view) as tx:
            rows = await tx.fetch(_SQL["newest"], limit=MAX_SUMMARIES)
        return [summary_of(row) for row in rows]

    async def find(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Summary]:
        """The scope's own first, then the newest sessions', below the summary `before`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["list"], before=before, limit=limit)
            if not rows:
                await check_cursor(tx, "summary", before)
        return [summary_of(row) for row in rows]

    async def texts(self, scope: Scope, sessions: Collection[str | None]) -> dict[str | None, str | None]:
        """The summaries of these sessions, as far as there are any, and under None the scope's own.

        A text of None is stale: it has to be made again first.
        """
        named = [session for session in sessions if session is not None]
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["texts"], sessions=named)
        return {row["session"]: row["text"] for row in rows}


async def put_summary(tx: Unit, session: str | None, text: str | None, events: Sequence[Event]) -> None:
    """Makes `text` the summary of the session or scope, resting on `events` besides what it rested on before.

    None leaves it to be made of all that it rests on.
    """
    id = await tx.fetchval(
        _SQL["put"],
        summary=uuid4(),
        session=session,
        text=text,
        through=max(event.seq for event in events),
        recorded_at=tx.now if text else None,
    )
    await tx.execute(_SQL["add_sources"], summary=id, events=[event.id for event in events])


class Statement(NamedTuple):
    """What a summary may be made of."""

    subject: str
    text: str
    importance: float
    validity: Validity
    trust: Role


async def stale_summaries(tx: Unit) -> list[UUID]:
    """Those of which something was forgotten or taken back."""
    return [row["id"] for row in await tx.fetch(_SQL["stale"])]


async def summary_statements(tx: Unit, id: UUID) -> list[Statement]:
    """The weightiest current facts that rest on the summary's events, in the order they were said."""
    rows = await tx.fetch(_SQL["statements_of"], summary=id, limit=MOST_STATEMENTS)
    return [
        Statement(
            row["subject"],
            row["text"],
            row["importance"],
            Validity(start=row["valid_from"], end=row["valid_to"]),
            row["trust"],
        )
        for row in rows
    ]


async def summary_events(tx: Unit, id: UUID) -> list[Event]:
    """The newest events that the summary rests on, oldest first."""
    rows = await tx.fetch(_SQL["events_of"], summary=id, limit=MOST_STATEMENTS)
    return [event_of(row) for row in rows]


async def renew_summary(tx: Unit, id: UUID, text: str) -> None:
    await tx.execute(_SQL["renew"], summary=id, text=text)


async def drop_summary(tx: Unit, id: UUID) -> None:
    await tx.execute(_SQL["drop"], summary=id)


def summary_of(row: Row) -> Summary:
    names = ("id", "session", "text", "version", "through_seq", "recorded_at")
    return Summary(scope=scope_of(row), events=tuple(row["event_ids"] or ()), **{name: row[name] for name in names})
