"""Facts and summaries: what was drawn from the events."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from semmem.domain.event import Event, Role
from semmem.domain.fact import TRUST, Draft, Fact, Source, Summary, Validity, statement_hash
from semmem.domain.scope import Scope, View
from semmem.stores.postgres.events import event_of
from semmem.stores.postgres.offsets import at_offset, offset_of
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.pool import Connection, Postgres, Row, affected, columns_of, key_of, scope_of
from semmem.stores.postgres.sql import statements

_SQL = statements("facts.sql")
MOST_STATEMENTS = 200  # that a summary is made of; some ten fit into one
MAX_SUMMARIES = 10  # that a context may hold

_ALIKE = str.maketrans({"ı": "i"} | dict.fromkeys("’‘ʼ´`", "'") | dict.fromkeys("‐‑‒–—−", "-"))  # noqa: RUF001


class FactStore:
    """Reads facts and summaries; what changes them are the functions below, inside the caller's transaction."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def find(
        self,
        scope: Scope,
        *,
        superseded: bool,
        category: str | None,
        subject: str | None,
        before: UUID | None = None,
        limit: int,
    ) -> list[Fact]:
        """Newest first, below the fact `before`."""
        async with self._postgres.transaction(scope) as connection:
            subjects = None if subject is None else await _spellings(connection, scope, subject)
            rows = await connection.fetch(_SQL["list"], *key_of(scope), superseded, category, subjects, before, limit)
            if not rows:
                await check_cursor(connection, scope, "fact", before)
        return [fact_of(row) for row in rows]

    async def timeline(self, scope: Scope, id: UUID) -> list[Fact]:
        """All versions of the fact's thread, oldest first; empty where the id is not in the scope."""
        async with self._postgres.transaction(scope) as connection:
            return [fact_of(row) for row in await connection.fetch(_SQL["timeline"], *key_of(scope), id)]

    async def with_statements(self, scope: Scope, statements: Sequence[tuple[str, str]]) -> dict[bytes, list[Fact]]:
        """Facts of any version that make one of these (subject, text) statements, by statement_hash."""
        hashes = list({statement_hash(*statement) for statement in statements})
        found: dict[bytes, list[Fact]] = {}
        async with self._postgres.transaction(scope) as connection:
            for row in await connection.fetch(_SQL["with_hashes"], *key_of(scope), hashes):
                found.setdefault(row["statement_hash"], []).append(fact_of(row))
        return found

    async def get(self, scope: Scope, ids: Sequence[UUID]) -> list[Fact]:
        async with self._postgres.transaction(scope) as connection:
            return await hydrate_facts(connection, View.of(scope), ids)

    async def newest_summaries(self, view: View) -> list[Summary]:
        """The scopes' own first, then the newest sessions', at most MAX_SUMMARIES, without their events."""
        async with self._postgres.transaction(view) as connection:
            rows = await connection.fetch(_SQL["summaries"], *columns_of(view), MAX_SUMMARIES)
        return [summary_of(row) for row in rows]

    async def summaries(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Summary]:
        """The scope's own first, then the newest sessions', below the summary `before`."""
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["list_summaries"], *key_of(scope), before, limit)
            if not rows:
                await check_cursor(connection, scope, "summary", before)
        return [summary_of(row) for row in rows]

    async def summary_texts(self, scope: Scope, sessions: Collection[str | None]) -> dict[str | None, str | None]:
        """The summaries of these sessions, as far as there are any, and under None the scope's own.

        A text of None is stale: it has to be made again first.
        """
        named = [session for session in sessions if session is not None]
        async with self._postgres.transaction(scope) as connection:
            rows = await connection.fetch(_SQL["summary_texts"], *key_of(scope), named)
        return {row["session"]: row["text"] for row in rows}


async def _spellings(connection: Connection, scope: Scope, subject: str) -> list[str]:
    """The subjects of the scope's facts that are this one, however it was written there."""
    key = subject_key(subject)
    rows = await connection.fetch(_SQL["subjects"], *key_of(scope))
    return [row["subject"] for row in rows if subject_key(row["subject"]) == key]


def subject_key(subject: str) -> str:
    """Equal for spellings that look alike: case, Unicode's forms and widths, dots on i, spaces, apostrophes, dashes."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", subject).casefold())
    shown = (character for character in folded if unicodedata.category(character) != "Cf")
    return " ".join("".join(shown).replace("i\u0307", "i").translate(_ALIKE).split())


async def hydrate_facts(connection: Connection, view: View, ids: Sequence[UUID]) -> list[Fact]:
    return [fact_of(row) for row in await connection.fetch(_SQL["hydrate"], view.tenant, ids)]


def new_fact(scope: Scope, draft: Draft, *, said_at: datetime, now: datetime, replaces: Fact | None = None) -> Fact:
    """The first version of a fact, or the version after `replaces`, which holds from when it was said at the latest."""
    id = uuid4()
    return Fact(
        id=id,
        thread=replaces.thread if replaces else id,
        version=replaces.version + 1 if replaces else 1,
        scope=scope,
        subject=draft.subject,
        text=draft.text,
        category=draft.category,
        confidence=draft.confidence,
        importance=draft.importance,
        validity=_since(said_at, draft.validity) if replaces else draft.validity,
        trust=draft.trust,
        said_at=said_at,
        recorded_at=now,
        superseded_at=now if draft.superseded else None,
        sources=draft.sources,
    )


def _since(said_at: datetime, validity: Validity) -> Validity:
    if validity.start or (validity.end and validity.end < said_at):
        return validity
    return replace(validity, start=said_at, precision="day")


async def insert_fact(connection: Connection, fact: Fact) -> bool:
    """False where the scope already holds this statement as current."""
    inserted = await connection.fetchval(
        _SQL["insert"],
        *key_of(fact.scope),
        fact.id,
        fact.thread,
        fact.version,
        fact.subject,
        fact.text,
        statement_hash(fact.subject, fact.text),
        fact.category,
        fact.confidence,
        fact.importance,
        fact.validity.start,
        fact.validity.end,
        fact.validity.precision,
        fact.trust,
        fact.said_at,
        offset_of(fact.said_at),
        fact.recorded_at,
        fact.superseded_at,
        *_columns(fact.sources),
    )
    return inserted is not None


async def current_with_statement(connection: Connection, scope: Scope, subject: str, text: str) -> UUID | None:
    id: UUID | None = await connection.fetchval(_SQL["with_hash"], *key_of(scope), statement_hash(subject, text))
    return id


async def supersede(connection: Connection, fact: Fact, *, now: datetime, ended: datetime) -> bool:
    """False where the version is no longer the current one: the caller's decision is stale."""
    status = await connection.execute(_SQL["supersede"], fact.scope.tenant, fact.id, fact.version, now, ended)
    return affected(status) == 1


async def confirm(
    connection: Connection, scope: Scope, id: UUID, draft: Draft, said_at: datetime, *, own_words: bool
) -> None:
    """`own_words` says that the draft makes the very statement: the fact may then rest on its sources alone."""
    trust = draft.trust if own_words else TRUST[0]
    await connection.execute(
        _SQL["confirm"], scope.tenant, id, draft.confidence, draft.importance, said_at, trust, TRUST
    )
    await connection.execute(_SQL["add_sources"], *key_of(scope), id, *_columns(draft.sources), own_words)


def _columns(sources: Sequence[Source]) -> tuple[list[UUID], list[str]]:
    """The events and the quotes side by side, for `unnest`."""
    return [source.event_id for source in sources], [source.quote for source in sources]


async def put_summary(
    connection: Connection, scope: Scope, session: str | None, text: str | None, events: Sequence[Event], now: datetime
) -> None:
    """Makes `text` the summary of the session or scope, resting on `events` besides what it rested on before.

    None leaves it to be made of all that it rests on.
    """
    through = max(event.seq for event in events)
    id = await connection.fetchval(
        _SQL["put_summary"], *key_of(scope), uuid4(), session, text, through, now if text else None
    )
    await connection.execute(_SQL["add_summary_sources"], *key_of(scope), id, [event.id for event in events])


class Statement(NamedTuple):
    """What a summary may be made of."""

    subject: str
    text: str
    importance: float
    validity: Validity
    trust: Role


async def stale_summaries(connection: Connection, scope: Scope) -> list[UUID]:
    """Those of which something was forgotten or taken back."""
    return [row["id"] for row in await connection.fetch(_SQL["stale_summaries"], *key_of(scope))]


async def summary_statements(connection: Connection, scope: Scope, id: UUID) -> list[Statement]:
    """The weightiest current facts that rest on the summary's events, in the order they were said."""
    rows = await connection.fetch(_SQL["summary_statements"], scope.tenant, id, MOST_STATEMENTS)
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


async def summary_events(connection: Connection, scope: Scope, id: UUID) -> list[Event]:
    """The newest events that the summary rests on, oldest first."""
    rows = await connection.fetch(_SQL["summary_events"], scope.tenant, id, MOST_STATEMENTS)
    return [event_of(row) for row in rows]


async def renew_summary(connection: Connection, scope: Scope, id: UUID, text: str, now: datetime) -> None:
    await connection.execute(_SQL["renew_summary"], scope.tenant, id, text, now)


async def drop_summary(connection: Connection, scope: Scope, id: UUID) -> None:
    await connection.execute(_SQL["drop_summary"], scope.tenant, id)


def fact_of(row: Row) -> Fact:
    sources = zip(row["event_ids"] or (), row["quotes"] or (), strict=True)
    names = ("id", "thread", "version", "subject", "text", "category", "confidence", "importance", "trust")
    times = ("recorded_at", "superseded_at")
    said_at, start, end = (
        row[name] and at_offset(row[name], row["utc_offset"]) for name in ("said_at", "valid_from", "valid_to")
    )
    return Fact(
        scope=scope_of(row),
        validity=Validity(start=start, end=end, precision=row["precision"]),
        said_at=said_at,
        sources=tuple(Source(event_id=event_id, quote=quote) for event_id, quote in sources),
        **{name: row[name] for name in names + times},
    )


def summary_of(row: Row) -> Summary:
    names = ("id", "session", "text", "version", "through_seq", "recorded_at")
    return Summary(scope=scope_of(row), events=tuple(row["event_ids"] or ()), **{name: row[name] for name in names})


async def unindexed_facts(postgres: Postgres, scope: Scope, limit: int) -> list[tuple[Fact, str | None, str | None]]:
    """Imported facts that recall cannot find yet, each with the session and agent of its first event."""
    async with postgres.transaction(scope) as connection:
        rows = await connection.fetch(_SQL["unindexed"], *key_of(scope), limit)
    return [(fact_of(row), row["session"], row["agent"]) for row in rows]


async def lock_unindexed_facts(connection: Connection, tenant: str, ids: Sequence[UUID]) -> set[UUID]:
    return {row["id"] for row in await connection.fetch(_SQL["lock_unindexed"], tenant, ids)}


async def mark_facts_indexed(connection: Connection, tenant: str, ids: Sequence[UUID], now: datetime) -> None:
    await connection.execute(_SQL["mark_indexed"], tenant, ids, now)
