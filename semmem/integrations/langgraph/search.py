"""A SearchOp's answer: records by what they say, or in the order they were first put."""

import logging
from collections.abc import Sequence
from contextlib import aclosing

from langgraph.store.base import SearchItem, SearchOp

from semmem import InvalidInput, NotSettled, Record, ScopedMemory
from semmem.domain.checks import MAX_CONTENT_BYTES, MAX_LIMIT, check_text
from semmem.integrations.langgraph.filters import check_filter, contained, matches
from semmem.integrations.langgraph.namespaces import check_page
from semmem.integrations.paging import pages_of
from semmem.memory.scoped import MAX_PLACES

log = logging.getLogger(__name__)

PAGE = 200  # records read at a time where a filter has to see each
INDEX_WAIT = 5.0  # seconds; what was just put is found by the search that follows
HITS_PER_RECORD = 4  # an event, and facts that rest on it

Found = tuple[Record, float | None]


def check_search(op: SearchOp) -> None:
    """Raises InvalidInput for a page, a filter or a query that cannot be."""
    check_page(op.limit, op.offset)
    check_filter(op.filter or {})
    if op.query:
        check_text("query", op.query, MAX_CONTENT_BYTES)


async def search(places: Sequence[ScopedMemory], op: SearchOp) -> list[SearchItem]:
    """Returns the page of the items in these places that the operation asks for; with a query the best first, scored.

    Raises InvalidInput for more places than one view holds.
    """
    if len(places) > MAX_PLACES:
        limit = f"must have at most {MAX_PLACES:,} namespaces at and below it"
        raise InvalidInput("namespace_prefix", limit, "search below a longer one")
    if not places or not op.limit:
        return []
    if op.query:
        found = await _by_query(places, op.query, op)
    else:
        found = await _in_order(places, op)
    page = found[op.offset : op.offset + op.limit]
    at = {place.scope: place for place in places}
    if op.refresh_ttl:
        mortal = [record for record, _ in page if record.ttl]
        for scope in {record.scope for record in mortal}:
            keys = [record.key for record in mortal if record.scope == scope]
            await at[scope].records.named(keys, refresh=True)
    return [
        SearchItem(
            namespace=at[record.scope].place.path,
            key=record.key,
            value=dict(record.value),
            created_at=record.created_at,
            updated_at=record.updated_at,
            score=score,
        )
        for record, score in page
    ]


async def _in_order(places: Sequence[ScopedMemory], op: SearchOp) -> list[Found]:
    """Returns as many records as the page needs, from the first."""
    wanted = op.offset + op.limit
    size = PAGE if op.filter else min(wanted, MAX_LIMIT)
    found: list[Found] = []
    async with aclosing(pages_of(places, matching=contained(op.filter or {}), size=size)) as pages:
        async for page in pages:
            found += [(record, None) for record in page if matches(record.value, op.filter or {})]
            if len(found) >= wanted:
                break
    return found


async def _by_query(places: Sequence[ScopedMemory], query: str, op: SearchOp) -> list[Found]:
    """Asks for more hits until the page is full, for several may lead to one record, and a filter to none.

    Each record comes once, with the best score that a hit on it or on what was learnt from it has.
    """
    first, also = places[0], places[1:]
    try:
        await first.settled(also=also, facts=False, timeout=INDEX_WAIT)
    except NotSettled:
        log.warning("a search did not wait longer for the index and may miss what was just put; is a worker running?")
    wanted = op.offset + op.limit
    limit = min(MAX_LIMIT, wanted * HITS_PER_RECORD)
    while True:
        hits = await first.recall(query, also=also, limit=limit)
        scored = [(source.event_id, hit.score) for hit in hits for source in hit.sources]
        records = await first.records.of(list(dict.fromkeys(id for id, _ in scored)), also=also)
        best: dict[tuple[object, str], Found] = {}
        for id, score in sorted(scored, key=lambda one: -one[1]):
            if (record := records.get(id)) and matches(record.value, op.filter or {}):
                best.setdefault((record.scope, record.key), (record, score))
        if len(best) >= wanted or len(hits) < limit or limit == MAX_LIMIT:
            return list(best.values())
        limit = min(MAX_LIMIT, limit * HITS_PER_RECORD)
