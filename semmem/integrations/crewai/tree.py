"""The places below one user or workspace as CrewAI uses them: records kept, listed and forgotten by path."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from crewai.memory.types import MemoryRecord

from semmem import Branch, InvalidInput, Memory, NotFound, Receipt, Record, ScopedMemory
from semmem.domain.checks import MAX_EVENTS_PER_CALL, MAX_LIMIT, check_id
from semmem.integrations.crewai.paths import place_of
from semmem.integrations.crewai.records import KIND, Criteria, memory_of, stored
from semmem.integrations.paging import pages_of
from semmem.memory.scoped import MAX_PLACES

ALL = Criteria()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """A record of CrewAI's, and the place it was found in."""

    place: Branch
    record: Record

    @property
    def memory(self) -> MemoryRecord:
        return memory_of(self.record, self.place)


class Tree:
    """Reads cover a path and all below it, by whole segments; private places are among them."""

    def __init__(self, memory: Memory, root: Branch) -> None:
        self.memory, self._root = memory, root

    async def places(self, path: str | None = None) -> list[Branch]:
        """Returns those that hold something."""
        return await self.memory.at(place_of(self._root, path)).branches()

    def views(self, places: Sequence[Branch]) -> Iterator[list[ScopedMemory]]:
        """Yields as many of these places at a time as can be read together."""
        for page in pages(places, MAX_PLACES):
            yield [self.memory.at(place) for place in page]

    async def settled(self, timeout: float) -> None:
        """Waits until each place is extracted and indexed. Raises NotSettled."""
        for place in await self.places():
            await self.memory.at(place).settled(timeout=timeout)

    async def put(
        self, memories: Sequence[MemoryRecord], *, agent: str | None = None, said_at: datetime | None = None
    ) -> None:
        """What goes to one place is kept as a whole or not at all, a thousand records at a time."""
        new = [
            (home(self._root, memory), stored(memory, self._root.root, agent=agent, said_at=said_at))
            for memory in memories
        ]
        for place, group in groupby(new, key=lambda pair: pair[0]):
            for page in pages([record for _, record in group], MAX_EVENTS_PER_CALL):
                await self.memory.at(place).records.put_many(page)

    async def replace(self, memory: MemoryRecord, *, said_at: datetime | None = None) -> None:
        """Puts another value in a record's place, and perhaps in another place; its agent stays."""
        earlier = await self.named(memory.id)
        agent = next((kept.record.value.get("agent") for kept in earlier), None)
        await self.put([memory], agent=agent, said_at=said_at)
        moved = [kept for kept in earlier if kept.place != home(self._root, memory)]
        await self._delete(moved)

    async def kept(self, path: str | None = None) -> list[Kept]:
        """Returns CrewAI's records at and below a path, newest first."""
        found: list[Kept] = []
        places = await self.places(path)
        by_scope = {place.scope: place for place in places}
        for view in self.views(places):
            async for page in pages_of(view, matching={"kind": KIND}, size=MAX_LIMIT):
                found += [Kept(by_scope[record.scope], record) for record in page]
        return sorted(found, key=lambda kept: kept.record.value["created_at"], reverse=True)

    async def named(self, *ids: str, path: str | None = None) -> list[Kept]:
        """Returns those of CrewAI's records at and below a path that have these ids; what can be no id is none's."""
        keys = []
        for id in ids:
            with suppress(InvalidInput):
                keys.append(check_id("id", id))
        places = await self.places(path)
        by_scope = {place.scope: place for place in places}
        found = [record for first, *rest in self.views(places) for record in await first.records.named(keys, also=rest)]
        return [Kept(by_scope[record.scope], record) for record in found if record.value.get("kind") == KIND]

    async def find(self, id: str, path: str | None = None) -> MemoryRecord | None:
        return next((kept.memory for kept in await self.named(id, path=path)), None)

    async def resting_on(self, fact: str, path: str | None = None) -> list[str] | None:
        """Returns the ids of the records that a fact was drawn from; None where there is no such fact."""
        id = _uuid(fact)
        if id is None:
            return None
        for place in await self.places(path):
            with suppress(NotFound):
                versions = await self.memory.at(place).timeline(id)
                events = [source.event_id for version in versions for source in version.sources]
                records = await self.memory.at(place).records.of(events)
                return [record.key for record in records.values()]
        return None

    async def delete(
        self, path: str | None = None, criteria: Criteria = ALL, record_ids: Collection[str] | None = None
    ) -> int:
        """Returns how many records went. Without anything but a path all goes that is kept there, facts and events too.

        Among `record_ids` may be facts and events that a recall found: a fact takes along the records it rests on.
        """
        if record_ids is None and not criteria.any:
            return _records_gone(await self.memory.at(place_of(self._root, path)).forget(everything=True))
        if record_ids is None:
            chosen = await self.kept(path)
        else:
            chosen = await self.named(*record_ids, path=path)
        count = await self._delete([kept for kept in chosen if criteria.fit(kept.memory)])
        drawn = set(record_ids or ()) - {kept.record.key for kept in chosen}
        if criteria.any:
            return count
        ids = [id for id in map(_uuid, drawn) if id is not None]
        places = await self.places(path) if ids else []
        for id in ids:
            for place in places:
                count += await _forget_item(self.memory.at(place), id)
        return count

    async def _delete(self, kept: Iterable[Kept]) -> int:
        count = 0
        in_order = sorted(kept, key=lambda each: (each.place.path, each.place.owner or ""))
        for place, group in groupby(in_order, key=lambda each: each.place):
            count += await self.memory.at(place).records.delete([each.record.key for each in group])
        return count


def home(root: Branch, memory: MemoryRecord) -> Branch:
    """Returns where a record is kept. Raises InvalidInput for a path that names no place."""
    return place_of(root, memory.scope, private=memory.private, source=memory.source)


def pages(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


async def _forget_item(memory: ScopedMemory, id: UUID) -> int:
    """Forgets a fact with what it rests on, or an event; a dry run comes first, since each forget leaves a receipt."""
    if (await memory.forget(fact=id, dry_run=True)).counts["events"]:
        return _records_gone(await memory.forget(fact=id))
    if (await memory.forget(event=id, dry_run=True)).counts["events"]:
        return _records_gone(await memory.forget(event=id))
    return 0


def _records_gone(receipt: Receipt) -> int:
    """Each record has an event, and each event that CrewAI did not write was a memory as well."""
    return max(receipt.counts["events"], receipt.counts["records"])


def _uuid(id: str) -> UUID | None:
    try:
        return UUID(id)
    except (ValueError, AttributeError, TypeError):
        return None
