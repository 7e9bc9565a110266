"""What ranking knows of events and facts beside their vectors and words."""

from collections.abc import Iterable, Sequence

from semmem.ports import Candidate, Passage
from semmem.scope import Scope, View
from semmem.stores.postgres import Connection, Postgres, Row, key_of, scope_of
from semmem.stores.sql import statements

_SQL = statements("search.sql")

Spot = tuple[str, str, str, int]  # kind and id of the scope, session, place


class PassageStore:
    """ports.Passages over the passages table."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def around(self, view: View, candidates: Sequence[Candidate], reach: int) -> list[Passage]:
        ids = [candidate.id for candidate in candidates]
        facts = [candidate.id for candidate in candidates if candidate.kind == "fact"]
        async with self._postgres.transaction(view) as connection:
            found = await connection.fetch(_SQL["passages"], view.tenant, ids, facts)
            spots = _spots_beside(found, reach)
            near = await connection.fetch(_SQL["at_places"], view.tenant, *zip(*spots, strict=True)) if spots else []
        return [_passage(row) for row in (*found, *near)]


def _spots_beside(rows: Sequence[Row], reach: int) -> list[Spot]:
    """The places up to `reach` before and after each short event, without those of the events themselves."""
    own = {_spot(row, 0) for row in rows if row["place"] is not None}
    steps = [step for step in range(-reach, reach + 1) if step]
    short = [row for row in rows if row["place"] is not None and not row["long"]]
    return sorted({_spot(row, step) for row in short for step in steps} - own)


def _spot(row: Row, step: int) -> Spot:
    return row["scope_kind"], row["scope_id"], row["session"], row["place"] + step


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
        **{name: row[name] for name in names},
    )
