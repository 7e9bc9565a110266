"""What ranking knows of events and facts beside their vectors and words."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from semmem.ports import Passage
from semmem.scope import Scope
from semmem.stores.postgres import Connection, Row, key_of, scope_of
from semmem.stores.sql import statements

_SQL = statements("search.sql")


async def passages_around(connection: Connection, tenant: str, ids: Sequence[UUID], reach: int) -> list[Passage]:
    """See ports.Rows."""
    return [_passage(row) for row in await connection.fetch(_SQL["around"], tenant, ids, reach)]


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


def _passage(row: Row) -> Passage:
    names = ("place", "voice", "told", "at", "long", "cues", "states")
    return Passage(
        id=row["item_id"],
        kind=row["item_kind"],
        scope=scope_of(row),
        session=row["session"] or None,
        sources=tuple(row["sources"]),
        **{name: row[name] for name in names},
    )
