"""What of an archive may no longer come, since events it rests on were forgotten while it was being imported."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from semmem.stores.postgres.archive_writing import Line, Moved
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("archive_forgotten.sql")

Said = Mapping[str, Any]


async def without_forgotten(tx: Unit, kind: str, lines: Sequence[Line], moved: Moved) -> list[Line]:
    """The lines as a forget would have left them, had it come later; counted in `moved` where one goes."""
    if kind == "event":
        return list(lines)
    named = {event: moved.id(event) for _, said in lines for event in _EVENTS[kind](said)}
    rows = await tx.fetch(_SQL["standing_events"], events=list(named.values()))
    standing = {str(row["id"]) for row in rows}
    gone = {event for event, id in named.items() if id not in standing}
    if not gone:
        return list(lines)
    kept: list[Line] = []
    for number, said in lines:
        left = _left(kind, said, gone)
        if left is not None:
            kept.append((number, left))
    moved.forgotten += len(lines) - len(kept)
    return kept


_EVENTS: dict[str, Callable[[Said], list[str]]] = {
    "record": lambda said: [said["event"]] if said["event"] else [],
    "fact": lambda said: [source["event"] for source in said["sources"]],
    "summary": lambda said: [*said["events"], said["through"]],
    "dead_letter": lambda said: said["events"],
}


def _left(kind: str, said: dict[str, Any], gone: set[str]) -> dict[str, Any] | None:
    """What is left of a line without these events; None where nothing is."""
    if gone.isdisjoint(_EVENTS[kind](said)):
        return said
    if kind == "fact":
        sources = [source for source in said["sources"] if source["event"] not in gone]
        if not any(source["own_words"] for source in sources):
            return None
        return said | {"sources": sources}
    if kind == "summary":  # its text may hold their words, and is made again of what it still rests on
        events = [event for event in said["events"] if event not in gone]
        if not events:
            return None
        through = said["through"] if said["through"] in events else events[-1]
        return said | {"events": events, "through": through, "text": None, "recorded_at": None}
    return None
