"""Facts: what was drawn from the events."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from semmem.domain.fact import TRUST, Correction, CorrectionKind, Draft, Fact, Source, Validity, statement_hash
from semmem.domain.scope import Scope
from semmem.stores.postgres.offsets import at_offset, offset_of
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("facts.sql")

_ALIKE = str.maketrans({"ı": "i"} | dict.fromkeys("’‘ʼ´`", "'") | dict.fromkeys("‐‑‒–—−", "-"))  # noqa: RUF001


class FactStore:
    """Reads facts; what changes them are the functions below, inside the caller's transaction."""

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
        async with self._postgres.transaction(scope) as tx:
            spellings = None
            if subject is not None:  # however the scope's facts write it
                key = subject_key(subject)
                written = [row["subject"] for row in await tx.fetch(_SQL["subjects"])]
                spellings = [each for each in written if subject_key(each) == key]
            rows = await tx.fetch(
                _SQL["list"],
                superseded=superseded,
                category=category,
                subjects=spellings,
                before=before,
                limit=limit,
            )
            if not rows:
                await check_cursor(tx, "fact", before)
        return [fact_of(row) for row in rows]

    async def timeline(self, scope: Scope, id: UUID) -> list[Fact]:
        """All versions of the fact's thread, oldest first; empty where the id is not in the scope."""
        async with self._postgres.transaction(scope) as tx:
            return await versions_of(tx, id)

    async def with_statements(self, scope: Scope, statements: Sequence[tuple[str, str]]) -> dict[bytes, list[Fact]]:
        """Facts of any version that make one of these (subject, text) statements, by statement_hash."""
        hashes = list({statement_hash(*statement) for statement in statements})
        found: dict[bytes, list[Fact]] = {}
        async with self._postgres.transaction(scope) as tx:
            for row in await tx.fetch(_SQL["with_hashes"], hashes=hashes):
                found.setdefault(row["statement_hash"], []).append(fact_of(row))
        return found

    async def get(self, scope: Scope, ids: Sequence[UUID]) -> list[Fact]:
        async with self._postgres.transaction(scope) as tx:
            return await hydrate_facts(tx, ids)


def subject_key(subject: str) -> str:
    """Equal for spellings that look alike: case, Unicode's forms and widths, dots on i, spaces, apostrophes, dashes."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", subject).casefold())
    shown = (character for character in folded if unicodedata.category(character) != "Cf")
    return " ".join("".join(shown).replace("i\u0307", "i").translate(_ALIKE).split())


async def versions_of(tx: Unit, id: UUID) -> list[Fact]:
    """All versions of the fact's thread, oldest first; none where the id is not in the scope."""
    return [fact_of(row) for row in await tx.fetch(_SQL["timeline"], fact=id)]


async def hydrate_facts(tx: Unit, ids: Sequence[UUID]) -> list[Fact]:
    return [fact_of(row) for row in await tx.fetch(_SQL["hydrate"], facts=ids)]


def new_fact(scope: Scope, draft: Draft, *, said_at: datetime, now: datetime, replaces: Fact | None = None) -> Fact:
    """The first version of a fact, or the version after `replaces`, which holds from when it was said at the latest."""
    id, validity = uuid4(), draft.validity
    is_over = validity.end is not None and validity.end < said_at
    if replaces and validity.start is None and not is_over:
        validity = replace(validity, start=said_at, precision="day")
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
        validity=validity,
        trust=draft.trust,
        said_at=said_at,
        recorded_at=now,
        superseded_at=now if draft.superseded else None,
        sources=draft.sources,
    )


async def insert_fact(tx: Unit, fact: Fact, draft: Draft) -> bool:
    """The fact that was made of a draft; False where the scope already holds this statement as current."""
    inserted = await tx.fetchval(
        _SQL["insert"],
        fact=fact.id,
        thread=fact.thread,
        version=fact.version,
        subject=fact.subject,
        text=fact.text,
        hash=statement_hash(fact.subject, fact.text),
        category=fact.category,
        confidence=fact.confidence,
        importance=fact.importance,
        valid_from=fact.validity.start,
        valid_to=fact.validity.end,
        precision=fact.validity.precision,
        trust=fact.trust,
        said_at=fact.said_at,
        utc_offset=offset_of(fact.said_at),
        recorded_at=fact.recorded_at,
        superseded_at=fact.superseded_at,
        said_to=draft.superseded.said_to if draft.superseded else None,
        dated_by=list(draft.dated_by),
        **_side_by_side(fact.sources),
    )
    return inserted is not None


async def current_with_statement(tx: Unit, subject: str, text: str) -> UUID | None:
    id: UUID | None = await tx.fetchval(_SQL["with_hash"], hash=statement_hash(subject, text))
    return id


async def supersede(tx: Unit, fact: Fact, *, by: UUID, ended: datetime) -> bool:
    """False where the version is no longer the current one: the caller's decision is stale."""
    return await tx.execute(_SQL["supersede"], fact=fact.id, version=fact.version, successor=by, ended=ended) == 1


async def succeed(tx: Unit, history: Mapping[UUID, bytes]) -> None:
    """Says which facts took the place of what came as history, by the hashes of their statements."""
    if history:  # few batches bring any
        await tx.execute(_SQL["succeed"], facts=list(history), hashes=list(history.values()))


async def carry_pin(tx: Unit, fact: UUID, retired: Sequence[UUID]) -> None:
    """What is pinned stays so in whatever takes its place."""
    await tx.execute(_SQL["carry_pin"], fact=fact, retired=retired)


async def end(tx: Unit, id: UUID, *, plan: UUID, at: datetime) -> None:
    """A current version holds until a plan begins; it stays the current one until something takes its place."""
    await tx.execute(_SQL["end"], fact=id, successor=plan, ended=at)


async def go_on(tx: Unit, plans: Sequence[UUID]) -> None:
    """Lets hold on what was to end with plans that go."""
    await tx.execute(_SQL["goes_on"], facts=plans)


async def carry_endings(tx: Unit, of: UUID, *, made: UUID) -> None:
    """What a version had ended in other threads is ended by its next version from here on."""
    await tx.execute(_SQL["carry_endings"], of=of, made=made)


async def confirm(tx: Unit, id: UUID, draft: Draft, said_at: datetime, *, own_words: bool) -> bool:
    """`own_words` says that the draft makes the very statement: the fact may then rest on its sources alone.

    False where the fact is no longer the current version: the caller's decision is stale.
    """
    confirmed = await tx.execute(
        _SQL["confirm"],
        fact=id,
        confidence=draft.confidence,
        importance=draft.importance,
        said_at=said_at,
        trust=draft.trust if own_words else TRUST[0],
        ranks=TRUST,
    )
    await tx.execute(_SQL["add_sources"], fact=id, own_words=own_words, **_side_by_side(draft.sources))
    return confirmed == 1


async def adopt_dates(tx: Unit, id: UUID, draft: Draft, said_at: datetime) -> bool:
    """Whether a fact that leaves its dates open has them now from the same statement; an end only that is to come."""
    validity = draft.validity
    if validity.start is None and validity.end is None:
        return False
    end = validity.end if validity.end and validity.end > said_at else None
    given = {"valid_from": validity.start, "valid_to": end, "precision": validity.precision}
    events = [source.event_id for source in draft.sources]
    return bool(await tx.fetch(_SQL["adopt_dates"], fact=id, events=events, **given))


def _side_by_side(sources: Sequence[Source]) -> dict[str, list[Any]]:
    """For `unnest`."""
    return {"events": [source.event_id for source in sources], "quotes": [source.quote for source in sources]}


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
        made=_correction(row["made"], row["made_by"], row["recorded_at"]),
        ended=_correction(row["ended"], row["ended_by"], row["superseded_at"]),
        pinned=_correction("pinned", row["pinned_by"], row["pinned_at"]),
        **{name: row[name] for name in names + times},
    )


def _correction(kind: CorrectionKind, by: str | None, at: datetime | None) -> Correction | None:
    return None if by is None or at is None else Correction(kind=kind, by=by, at=at)


async def unindexed_facts(postgres: Postgres, scope: Scope, limit: int) -> list[tuple[Fact, str | None, str | None]]:
    """Imported facts that recall cannot find yet, each with the session and agent of its first event."""
    async with postgres.transaction(scope) as tx:
        rows = await tx.fetch(_SQL["unindexed"], limit=limit)
    return [(fact_of(row), row["session"], row["agent"]) for row in rows]


async def lock_unindexed_facts(tx: Unit, ids: Sequence[UUID]) -> set[UUID]:
    return {row["id"] for row in await tx.fetch(_SQL["lock_unindexed"], facts=ids)}


async def mark_facts_indexed(tx: Unit, ids: Sequence[UUID]) -> None:
    await tx.execute(_SQL["mark_indexed"], facts=ids)
