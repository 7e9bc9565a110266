"""What ranking knows of events and facts beside their vectors and words."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from semmem.ports import Passage
from semmem.stores.postgres.rows import scope_at
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("passages.sql")
_COLUMNS = ["id", "kind", "scope_kind", "scope_id", "session", "place", "voice", "told", "at", "long", "cues", "states"]


async def passages_around(tx: Unit, ids: Sequence[UUID], reach: int) -> list[Passage]:
    """See ports.Rows."""
    columns = await tx.fetchrow(_SQL["around"], items=ids, reach=reach)
    if not columns or not columns["id"]:
        return []
    sources: dict[UUID, tuple[UUID, ...]] = {}
    for fact, event in zip(columns["facts"] or (), columns["events"] or (), strict=True):
        sources[fact] = (*sources.get(fact, ()), event)
    return [
        Passage(
            id=id,
            kind=kind,
            scope=scope_at(tx.tenant, scope_kind, scope_id),
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


async def last_places(tx: Unit, sessions: Iterable[str | None]) -> dict[str | None, int]:
    """The last place taken in each of these sessions, 0 where none is."""
    named = list(dict.fromkeys(sessions))
    rows = await tx.fetch(_SQL["places"], sessions=[session or "" for session in named])
    taken = {row["session"]: row["place"] for row in rows}
    return {session: taken.get(session or "", 0) for session in named}


async def put_passages(tx: Unit, passages: Sequence[Passage]) -> None:
    rows = (
        {
            "of_tenant": passage.scope.tenant,
            "of_kind": passage.scope.kind,
            "of_id": passage.scope.id,
            "item": passage.id,
            "item_kind": passage.kind,
            "session": passage.session or "",
            "place": passage.place,
            "voice": passage.voice,
            "told": passage.told,
            "at": passage.at,
            "long": passage.long,
            "cues": passage.cues,
            "states": passage.states,
        }
        for passage in passages
    )
    await tx.executemany(_SQL["put_passage"], rows)
