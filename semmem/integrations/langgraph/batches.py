"""A batch of LangGraph's operations: checked as a whole, then read, then written."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from langgraph.store.base import GetOp, Item, ListNamespacesOp, Op, PutOp, Result, SearchOp

from semmem import Branch, InvalidInput, Memory, NewEvent, NewRecord, ScopedMemory
from semmem.domain.checks import MAX_EVENTS_PER_CALL, check_id, check_is
from semmem.domain.record import MAX_TTL
from semmem.integrations.langgraph.namespaces import Namespace, check_listing, check_namespace, matches_all
from semmem.integrations.langgraph.search import check_search, search
from semmem.integrations.langgraph.text import searchable_text

READS_AT_ONCE = 50  # of a batch: all wait for one pool of connections
MAX_TTL_MINUTES = MAX_TTL / timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations in which nothing is wrong: `writes` holds the last one of each key, None where it deletes."""

    root: Branch
    ops: Sequence[Op]
    writes: dict[Branch, dict[str, NewRecord | None]] = field(default_factory=dict)

    @classmethod
    def checked(cls, ops: Iterable[Op], root: Branch, fields: Sequence[str]) -> "Batch":
        """Raises InvalidInput or langgraph's InvalidNamespaceError before anything is read or written."""
        check_is("ops", ops, Iterable)
        batch = cls(root, list(ops))
        for op in batch.ops:
            if not isinstance(op, GetOp | PutOp | SearchOp | ListNamespacesOp):
                fix = "pass langgraph's GetOp, PutOp, SearchOp and the like"
                raise InvalidInput("ops", f"hold a {type(op).__name__}", fix)
            if isinstance(op, ListNamespacesOp):
                check_listing(op)  # first: langgraph goes through the conditions
            check_namespace(op)
            if isinstance(op, SearchOp):
                check_search(op)
            elif isinstance(op, GetOp | PutOp):
                check_id("key", op.key)
            if isinstance(op, PutOp):
                written = batch.writes.setdefault(root.below(*op.namespace), {})
                written[op.key] = None if op.value is None else _record(op, op.value, fields)
        return batch

    async def run(self, memory: Memory) -> list[Result]:
        """Returns a result for each operation; reads answer from before the writes, as in langgraph's own stores."""
        results: list[Result] = []
        for start in range(0, len(self.ops), READS_AT_ONCE):
            some = self.ops[start : start + READS_AT_ONCE]
            results += await asyncio.gather(*(self._answer(memory, op) for op in some))
        for branch, written in self.writes.items():
            records = memory.at(branch).records
            puts = [record for record in written.values() if record]
            for start in range(0, len(puts), MAX_EVENTS_PER_CALL):  # so many are put all or none
                await records.put_many(puts[start : start + MAX_EVENTS_PER_CALL])
            if gone := [key for key, record in written.items() if record is None]:
                await records.delete(gone)
        return results

    async def _answer(self, memory: Memory, op: Op) -> Result:
        if isinstance(op, SearchOp):
            places = await _places(memory, self.root.below(*op.namespace_prefix))
            return await search(places, op)
        if isinstance(op, ListNamespacesOp):
            return await _list(memory, self.root, op)
        if not isinstance(op, GetOp):
            return None
        place = self.root.below(*op.namespace)
        record = await memory.at(place).records.get(op.key, refresh=op.refresh_ttl)
        if record is None:
            return None
        return Item(
            value=dict(record.value),
            key=record.key,
            namespace=place.path,
            created_at=record.created_at,
            updated_at=record.updated_at,
        )


def check_ttl(minutes: object) -> None:
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= MAX_TTL_MINUTES:
        limit = f"must be minutes above 0, at most {MAX_TTL_MINUTES:,.0f}"
        raise InvalidInput("ttl", limit, "pass a number such as 60, or None to keep it")


def _record(op: PutOp, value: Mapping[str, Any], fields: Sequence[str]) -> NewRecord:
    if op.ttl is not None:
        check_ttl(op.ttl)
    ttl = None if op.ttl is None else timedelta(minutes=op.ttl)
    record = NewRecord(key=op.key, value=value, ttl=ttl)
    text = searchable_text(value, op.index, fields)
    return replace(record, event=NewEvent(content=text)) if text else record


async def _places(memory: Memory, prefix: Branch) -> list[ScopedMemory]:
    """Returns all places at and below it, but those which another integration keeps for one agent alone."""
    return [memory.at(place) for place in await memory.at(prefix).branches() if place.owner is None]


async def _list(memory: Memory, root: Branch, op: ListNamespacesOp) -> list[Namespace]:
    """Lists those of the places, in the order of their paths, that hold an item: as many as the page needs."""
    places = [place for place in await _places(memory, root) if matches_all(place.place.path, op)]
    found: dict[Namespace, None] = {}
    for start in range(0, len(places), READS_AT_ONCE):
        some = places[start : start + READS_AT_ONCE]
        items = await asyncio.gather(*(place.records.find(limit=1) for place in some))
        found |= {place.place.path[: op.max_depth]: None for place, first in zip(some, items, strict=True) if first}
        if len(found) >= op.offset + op.limit:
            break
    return list(found)[op.offset : op.offset + op.limit]
