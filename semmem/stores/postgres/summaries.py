"""Summaries: what sessions and scopes come to, with the events that they rest on."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

from semmem.domain.event import Event, Role
from semmem.domain.fact import Summary, Validity
from semmem.domain.scope import Scope
from semmem.stores.postgres.events import event_of
from semmem.stores.postgres.offsets import at_offset
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("summaries.sql")
MOST_STATEMENTS = 200  # that a summary is made of; some ten fit into one
MAX_SUMMARIES = 10  # that a context may hold
NEWEST_FACTS = 5_000  # of a scope, among which a line that holds no more is looked for


class SummaryStore:
    """Reads summaries; what changes them are the functions below, inside the caller's transaction."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def find(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Summary]:
        """The scope's own first, then the newest sessions', below the summary `before`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["list"], before=before, limit=limit)
            if not rows:
                await check_cursor(tx, "summary", before)
            return await _summaries(tx, rows)

    async def texts(self, scope: Scope, sessions: Collection[str | None]) -> dict[str | None, str | None]:
        """The summaries of these sessions, as far as there are any, and under None the scope's own.

        A text of None is stale: it has to be made again first.
        """
        named = [session for session in sessions if session is not None]
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["texts"], sessions=named)
        return {row["session"]: row["text"] for row in rows}


async def newest_summaries(tx: Unit) -> list[Summary]:
    """The scopes' own first, then the newest sessions', at most MAX_SUMMARIES, without their events."""
    return await _summaries(tx, await tx.fetch(_SQL["newest"], limit=MAX_SUMMARIES))


async def put_summary(tx: Unit, session: str | None, text: str | None, events: Sequence[Event]) -> UUID:
    """Makes `text` the summary of the session or scope, resting on `events` besides what it rested on before.

    None leaves it to be made of all that it rests on. Answers with its id.
    """
    id: UUID = await tx.fetchval(
        _SQL["put"],
        summary=uuid4(),
        session=session,
        text=text,
        through=max(event.seq for event in events),
        recorded_at=tx.now if text else None,
    )
    await tx.execute(_SQL["add_sources"], summary=id, events=[event.id for event in events])
    return id


async def outdated_texts(tx: Unit, texts: Sequence[str]) -> set[str]:
    """Those of the texts with a line that is a superseded fact."""
    rows = await tx.fetch(_SQL["outdated_texts"], texts=texts, newest=NEWEST_FACTS) if texts else []
    return {row["text"] for row in rows}


async def outdate_summaries(tx: Unit, facts: Sequence[UUID], *, besides: Sequence[UUID]) -> int:
    """How many summaries have to be made again, for these facts hold no more; `besides` are told anew already."""
    return await tx.execute(_SQL["outdate"], facts=facts, besides=besides) if facts else 0


class Statement(NamedTuple):
    """What a summary may be made of."""

    subject: str
    text: str
    importance: float
    validity: Validity
    trust: Role


async def stale_summaries(tx: Unit) -> list[UUID]:
    """Those of which something was forgotten, taken back or superseded."""
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
    """The newest events that the summary and no fact rests on, oldest first."""
    rows = await tx.fetch(_SQL["events_of"], summary=id, limit=MOST_STATEMENTS)
    return [event_of(row) for row in rows]


async def renew_summary(tx: Unit, id: UUID, text: str) -> None:
    await tx.execute(_SQL["renew"], summary=id, text=text)


async def drop_summary(tx: Unit, id: UUID) -> None:
    await tx.execute(_SQL["drop"], summary=id)


async def _summaries(tx: Unit, rows: Sequence[Row]) -> list[Summary]:
    dated = {row["id"]: row for row in await tx.fetch(_SQL["dates"], summaries=[row["id"] for row in rows])}
    return [_summary(row, dated.get(row["id"])) for row in rows]


def _summary(row: Row, dated: Row | None) -> Summary:
    """Without an event of its place it tells of when it was made."""
    names = ("id", "session", "text", "version", "through_seq", "recorded_at")
    moments = [row["recorded_at"]]
    if dated:
        moments = [at_offset(dated[f"{which}_at"], dated[f"{which}_offset"]) for which in ("first", "last")]
    return Summary(
        scope=scope_of(row),
        since=min(moments),
        until=max(moments),
        events=tuple(row["event_ids"] or ()),
        **{name: row[name] for name in names},
    )
