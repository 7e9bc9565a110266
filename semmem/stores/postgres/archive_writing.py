"""Lines of an archive become rows, kind by kind: what is known is left as it is, and what is new keeps its id."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID, uuid5

from semmem.domain.archive import instant
from semmem.domain.consistency import trusted
from semmem.domain.event import NewEvent
from semmem.domain.fact import MAX_PINS, statement_hash
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput
from semmem.stores.postgres.events import make_stale
from semmem.stores.postgres.rows import Row, key_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("archive_writing.sql")
_NAMESPACE = UUID("5e3a5f0e-6d1c-4b1e-9a53-7a0d7c0c9a51")

Line = tuple[int, dict[str, Any]]  # its number in the archive, and its fields


@dataclass(slots=True)
class Moved:
    """What an import has done to a place so far: new ids of what could not keep its own, and counts."""

    ids: dict[tuple[str, str], str] = field(default_factory=dict)  # by kind and old id
    roles: dict[str, str] = field(default_factory=dict)
    stored: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)  # left out, since this memory has one of its own in its place
    renamed: int = 0
    forgotten: int = 0  # left out, since events they rest on were forgotten while the import went on

    def id(self, old: str, kind: str = "event") -> str:
        return self.ids.get((kind, old), old)

    def successor(self, fact: Mapping[str, Any]) -> str | None:
        """Of a fact, as far as its new id is known: a successor may be read after the fact."""
        return self.id(fact["successor"], "fact") if fact["successor"] else None


async def _write_events(tx: Unit, lines: Sequence[Line], moved: Moved) -> list[str]:
    held_keys = await keyed(tx, lines)
    moved.roles |= {said["id"]: said["role"] for _, said in lines}
    reported = [each.name for each in fields(NewEvent) if each.name != "occurred_at"]
    new = []
    for _, said in lines:
        held = held_keys.get(said["key"]) if said["key"] is not None else None
        if held and str(held["id"]) not in (said["id"], fresh_id(tx.scope, said["id"])):
            moved.ids["event", said["id"]] = str(held["id"])
            moved.roles[said["id"]] = held["role"]
            moved.known["event"] += 1
        else:
            report = NewEvent(**{name: said[name] for name in reported}).report_hash
            new.append(said | {"report_hash": report.hex() if report else None})
    await _same_events(tx, lines, moved)
    return await _insert(tx, "event", new, moved)


async def _same_events(tx: Unit, lines: Sequence[Line], moved: Moved) -> None:
    """An id that stands for an event here stands for the same one in the archive. Raises InvalidInput."""
    said = {id: (number, event) for number, event in lines for id in (event["id"], fresh_id(tx.scope, event["id"]))}
    for row in await tx.fetch(_SQL["held_event"], asked=list(said)):
        number, event = said[str(row["id"])]
        if (row["content"], row["role"]) != (event["content"], event["role"]):
            limit = "an event with this id and another body is already stored"
            raise InvalidInput(f"line {number}: id", limit, "export the memory again")


async def _write_records(tx: Unit, lines: Sequence[Line], moved: Moved) -> list[str]:
    known = await known_records(tx, lines)
    new = [
        {**said, "event": moved.id(said["event"]) if said["event"] else None}
        for _, said in lines
        if said["key"] not in known
    ]
    moved.known["record"] += len(known)
    stored = {row["key"] for row in await tx.fetch(_SQL["write_record"], rows=new)}
    moved.stored["record"] += len(stored)
    return [record["event"] for record in new if record["key"] in stored and record["event"]]


async def _write_retractions(tx: Unit, lines: Sequence[Line], moved: Moved) -> list[str]:
    rows = [{**said, "event": moved.id(said["event"])} for _, said in lines]
    stored = len(await tx.fetch(_SQL["write_retraction"], rows=rows))
    moved.stored["retraction"] += stored
    moved.known["retraction"] += len(rows) - stored
    return []


async def _write_facts(tx: Unit, lines: Sequence[Line], moved: Moved) -> list[str]:
    rows = [
        {
            **said,
            "trust": trusted(said, moved.roles),
            "successor": moved.successor(said),
            "statement_hash": statement_hash(said["subject"], said["text"]).hex(),
            "sources": [{**source, "event": moved.id(source["event"])} for source in said["sources"]],
        }
        for _, said in lines
    ]
    hashes = [bytes.fromhex(row["statement_hash"]) for row in rows if row["superseded_at"] is None]
    standing = {row["statement_hash"].hex(): str(row["id"]) for row in await tx.fetch(_SQL["standing"], hashes=hashes)}
    threads = list({row["thread"] for row in rows} | {fresh_id(tx.scope, row["thread"]) for row in rows})
    versions = {
        (str(row["thread"]), row["version"]): str(row["id"])
        for row in await tx.fetch(_SQL["versions"], threads=threads)
    }
    told = await _without_what_was_taken_back(tx, rows)
    free = [row for row in told if _has_room(tx.scope, row, standing, versions)]
    moved.kept["fact"] += len(rows) - len(free)
    stored = await _insert(tx, "fact", free, moved)
    moved.kept["pin"] += await tx.execute(_SQL["unpin_beyond"], facts=stored, limit=MAX_PINS)
    renamed = {row["id"]: moved.id(row["id"], "fact") for row in free if ("fact", row["id"]) in moved.ids}
    if renamed:
        await tx.execute(_SQL["follow"], old=list(renamed), new=list(renamed.values()))
    known = [row | {"id": moved.id(row["id"], "fact")} for row in free]
    await tx.execute(_SQL["confirm"], rows=[row for row in known if row["id"] not in stored])
    return stored


async def _without_what_was_taken_back(tx: Unit, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what was taken back since of the events that it was drawn from; what people said themselves stays."""
    events = list({source["event"] for row in rows for source in row["sources"]})
    found = await tx.fetch(_SQL["taken_back"], events=events)
    taken_back = {(str(row["event_id"]), row["statement_hash"].hex()) for row in found}
    kept = []
    for row in rows:
        if row["ended"] is None and row["made"] in (None, "reopened"):
            left = [each for each in row["sources"] if (str(each["event"]), row["statement_hash"]) not in taken_back]
            if len(left) < len(row["sources"]) and not any(each["own_words"] for each in left):
                continue
            row = row | {"sources": left}
        kept.append(row)
    return kept


def _has_room(
    scope: Scope, fact: Mapping[str, Any], standing: Mapping[str, str], versions: Mapping[tuple[str, int], str]
) -> bool:
    """Not where another fact makes the same statement now, or is this version of its thread."""
    own = (fact["id"], fresh_id(scope, fact["id"]), None)
    same = standing.get(fact["statement_hash"]) if fact["superseded_at"] is None else None
    threads = (fact["thread"], fresh_id(scope, fact["thread"]))
    return same in own and all(versions.get((thread, fact["version"])) in own for thread in threads)


async def _write_summaries(tx: Unit, lines: Sequence[Line], moved: Moved) -> list[str]:
    rows = [
        said | {"through": moved.id(said["through"]), "events": [moved.id(id) for id in said["events"]]}
        for _, said in lines
    ]
    named = [row["session"] for row in rows if row["session"] is not None]
    found = await tx.fetch(_SQL["sessions"], sessions=named, own=any(row["session"] is None for row in rows))
    standing = {row["session"]: str(row["id"]) for row in found}
    stored = await _insert(tx, "summary", [row for row in rows if row["session"] not in standing], moved)
    both = [row | {"id": standing[row["session"]]} for row in rows if row["session"] in standing]
    moved.known["summary"] += len(both)
    if await tx.fetch(_SQL["merge_summary"], rows=both):
        await make_stale(tx)  # a batch that is being read goes on from the texts of before
    return stored


async def _write_dead_letters(tx: Unit, lines: Sequence[Line], moved: Moved) -> list[str]:
    rows = [said | {"events": [moved.id(id) for id in said["events"]]} for _, said in lines]
    return await _insert(tx, "dead_letter", rows, moved)


WRITERS = {
    "event": _write_events,
    "record": _write_records,
    "retraction": _write_retractions,
    "fact": _write_facts,
    "summary": _write_summaries,
    "dead_letter": _write_dead_letters,
}


async def _insert(tx: Unit, kind: str, rows: Sequence[dict[str, Any]], moved: Moved) -> list[str]:
    """Stores what the place does not hold yet, and answers with its ids.

    An id that another scope of the tenant has taken, which nobody here can see, is replaced by one made of it and of
    this scope: the same whenever the archive is imported again.
    """
    fresh = {row["id"]: fresh_id(tx.scope, row["id"]) for row in rows}
    asked = [*fresh.keys(), *fresh.values()]  # the place may hold a row under its own id or the one in place of it
    held = {str(row["id"]) for row in await tx.fetch(_SQL[f"held_{kind}"], asked=asked)}
    moved.ids |= {(kind, id): instead for id, instead in fresh.items() if instead in held}
    new = [row for row in rows if moved.id(row["id"], kind) not in held]
    moved.known[kind] += len(rows) - len(new)
    try:
        async with tx.connection.transaction():
            stored = await _stored(tx, kind, new)
            if len(stored) < len(new):
                raise _Taken({row["id"] for row in new} - set(stored))
    except _Taken as found:
        moved.ids |= {(kind, id): fresh_id(tx.scope, id) for id in found.ids}
        moved.renamed += len(found.ids)
        stored = await _stored(tx, kind, [_renamed(tx.scope, kind, row, new, moved) for row in new])
    if len(stored) < len(new):
        raise InvalidInput("id", f"of a {kind} was taken while it was imported", "import the file again")
    moved.stored[kind] += len(stored)
    return stored


class _Taken(Exception):
    """Found by trying, for row security hides whose the ids are."""

    def __init__(self, ids: set[str]) -> None:
        self.ids = ids


async def _stored(tx: Unit, kind: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    return [str(row["id"]) for row in await tx.fetch(_SQL[f"write_{kind}"], rows=rows)]


def _renamed(
    scope: Scope, kind: str, row: dict[str, Any], batch: Sequence[dict[str, Any]], moved: Moved
) -> dict[str, Any]:
    """With its new id, and in a thread of this scope's own if any version of it needed one."""
    changed = row | {"id": moved.id(row["id"], kind)}
    if kind == "fact" and any(("fact", one["id"]) in moved.ids for one in batch if one["thread"] == row["thread"]):
        changed["thread"] = fresh_id(scope, row["thread"])
    return changed


def fresh_id(scope: Scope, id: str) -> str:
    return str(uuid5(_NAMESPACE, json.dumps([*key_of(scope), id])))


async def keyed(tx: Unit, lines: Sequence[Line]) -> dict[str, Row]:
    """The events (id and role) that hold these keys here. Raises InvalidInput where one was said with another body."""
    said = {event["key"]: (number, event["body_hash"]) for number, event in lines if event["key"] is not None}
    if not said:
        return {}
    rows = await tx.fetch(_SQL["keyed"], keys=list(said))
    for row in rows:
        number, body = said[row["key"]]
        if row["body_hash"].hex() != body:
            limit = "an event with this key and another body is already stored"
            raise InvalidInput(f"line {number}: key", limit, "forget that event, or import into another place")
    return {row["key"]: row for row in rows}


async def known_records(tx: Unit, lines: Sequence[Line]) -> set[str]:
    """The keys that hold the same here already. Raises InvalidInput where one holds something else."""
    said = {record["key"]: (number, record) for number, record in lines}
    rows = await tx.fetch(_SQL["records_under"], keys=list(said))
    for row in rows:
        number, record = said[row["key"]]
        if (instant(row["updated_at"]), row["value"]) != (record["updated_at"], record["value"]):
            limit = "a record with this key and another value is already stored"
            raise InvalidInput(f"line {number}: key", limit, "delete that record, or import into another place")
    return {row["key"] for row in rows}
