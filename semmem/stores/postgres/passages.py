"""What ranking knows of events and facts beside their vectors and words."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from semmem.domain.scope import Scope
from semmem.ports import Passage
from semmem.stores.postgres.pool import Connection, Row, key_of, scope_at
from semmem.stores.postgres.sql import statements

_SQL = statements("search.sql")
_COLUMNS = ["id", "kind", "scope_kind", "scope_id", "session", "place", "voice", "told", "at", "long", "cues", "states"]


async def passages_around(connection: Connection, tenant: str, ids: Sequence[UUID], reach: int) -> list[Passage]:
    """See ports.Rows."""
    columns = await connection.fetchrow(_SQL["around"], tenant, ids, reach)
    return _passages(tenant, columns) if columns and columns["id"] else []


async def last_places(connection: Connection, scope: Scope, sessions: Iterable[str | None]) -> dict[str | None, int]:
    """The last place taken in each of these sessions, 0 where none is."""
    named = list(dict.fromkeys(sessions))
    rows = await connection.fetch(_SQL["places"], *key_of(scope), [session or "" for session in named])
    taken = {row["session"]: row["place"] for row in rows}
    return {session: taken.get(session or "", 0) for session in named}


async def put_passages(connection: Connection, passages: Sequence[Passage]) -> None:
    rows = [
        (
            *key_of(passage.scope),
            passage.id,
            passage.kind,
            passage.session or "",
            passage.place,
            passage.voice,
            passage.told,
            passage.at,
            passage.long,
            passage.cues,
            passage.states,
        )
        for passage in passages
    ]
    await connection.executemany(_SQL["put_passage"], rows)


def _passages(tenant: str, columns: Row) -> list[Passage]:
    sources: dict[UUID, tuple[UUID, ...]] = {}
    for fact, event in zip(columns["facts"] or (), columns["events"] or (), strict=True):
        sources[fact] = (*sources.get(fact, ()), event)
    return [
        Passage(
            id=id,
            kind=kind,
            scope=scope_at(tenant, scope_kind, scope_id),
            session=session or None,
            place=place,
            voice=voice,
            told=told,
            at=at,
            long=long,
            cues=cues,
            states=states,
            sources=sources.get(id, ()),
        )
        for (
            id, kind, scope_kind, scope_id, session, place, voice, told, at, long, cues, states
        ) in zip(*(columns[name] for name in _COLUMNS), strict=True)
    ]  # fmt: skip
