"""Whole lists of records, for frameworks that know no pages."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from semmem import NotFound, Record, Scope, ScopedMemory


async def pages_of(
    places: Sequence[ScopedMemory], *, matching: Mapping[str, Any], size: int
) -> AsyncGenerator[list[Record], None]:
    """Yields the records of these places in the order they were first put, each once, while others come and go."""
    first, *rest = places
    after: Record | None = None
    listed: set[tuple[Scope, str]] = set()
    while True:
        try:
            page = await first.records.find(also=rest, matching=matching, limit=size, after=after)
        except NotFound:  # the record to go on from went meanwhile, and with it the place in the list
            after = None
            continue
        yield [record for record in page if (record.scope, record.key) not in listed]
        if len(page) < size:
            return
        listed |= {(record.scope, record.key) for record in page}
        after = page[-1]
