"""From semmem's events and facts to what a model is shown, and from the id it was shown back to them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from semmem import Event, Fact, NotFound, Record, ScopedMemory
from semmem.domain.checks import check_id
from semmem.domain.fact import events_of
from semmem.integrations.mcp.answers import ShownMemory


async def shown(memory: ScopedMemory, items: Sequence[Event | Fact]) -> list[ShownMemory]:
    """Shows the items in the order given, each under the id that `found` takes."""
    events = [id for item in items for id in events_of(item)]
    records = await memory.records.of(list(dict.fromkeys(events)))
    memories = []
    for item in items:
        sources = dict.fromkeys(events_of(item)) if item.kind == "fact" else ()
        memories.append(
            ShownMemory(
                id=_id(item.id, records),
                kind="fact" if item.kind == "fact" else "memory",
                text=item.text,
                said_by=item.voice,
                said_at=item.said_at,
                metadata=dict(item.metadata) if item.kind == "event" else {},
                rests_on=[_id(event, records) for event in sources],
                current=item.kind == "event" or item.current,
                corrected_by=_corrected_by(item),
            )
        )
    return memories


async def found(memory: ScopedMemory, id: str, field: str = "memory_id") -> Event | Fact:
    """Returns what was shown under this id: a record's event, an event that an application remembered, or a fact.

    Raises NotFound, or InvalidInput with the `field` that the id came in.
    """
    check_id(field, id)
    uuid: UUID | None = None
    with suppress(ValueError):
        uuid = UUID(id)
    record = await memory.records.get(id)
    event = record.event if record else uuid
    if event:
        with suppress(NotFound):
            return await memory.event(event)
    if uuid:
        with suppress(NotFound):
            return next(version for version in await memory.timeline(uuid) if version.id == uuid)
    raise NotFound(f"there is no memory {id}; take an id that search_memories or list_memories showed")


def _corrected_by(item: Event | Fact) -> str | None:
    """Who took it back, or else made it what it is."""
    done = (item.ended or item.made) if item.kind == "fact" else None
    return done.by if done else None


def _id(id: UUID, records: Mapping[UUID, Record]) -> str:
    """A memory goes by its record's key; one that an application remembered without a record, and a fact, by its id."""
    return records[id].key if id in records else str(id)
