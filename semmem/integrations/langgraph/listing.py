"""A list of checkpoints, page by page."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol

from semmem.domain.checks import check_int, check_is
from semmem.domain.thread import Contents, Found
from semmem.integrations.langgraph.checkpoints import decoded, has_all, searched, tuple_of
from semmem.memory.threads import Threads

PAGE = 50  # checkpoints that are read at a time
MAX_LISTED = 2**31 - 1


class Listing:
    """How far a list has come. Its filter is not the database's work: metadata are known to the serializer alone."""

    def __init__(
        self,
        serde: SerializerProtocol,
        config: RunnableConfig | None,
        filter: Mapping[str, Any] | None,
        before: RunnableConfig | None,
        limit: int | None,
    ) -> None:
        self._searched = searched(config, before)
        self._serde, self._filter = serde, filter or {}
        check_is("filter", self._filter, Mapping)
        if limit is not None:
            check_int("limit", limit, -1, MAX_LISTED)
        self._left = MAX_LISTED if limit is None else limit
        self._after: Found | None = None
        self._wanted: Sequence[Found] = ()

    @property
    def goes_on(self) -> bool:
        return self._left > 0

    @property
    def _size(self) -> int:
        return PAGE if self._filter else min(PAGE, self._left)

    async def page(self, threads: Threads) -> Sequence[Found]:
        """What comes next, wanted or not."""
        return await threads.page(self._searched, after=self._after, limit=self._size)

    def take(self, page: Sequence[Found]) -> None:
        """Goes on behind the page, with those of it that the filter lets through."""
        matching = [one for one in page if has_all(decoded(self._serde, one.metadata), self._filter)]
        self._wanted, self._after = matching[: self._left], page[-1] if page else None
        ended = len(page) < self._size
        self._left = 0 if ended else self._left - len(self._wanted)

    async def contents(self, threads: Threads) -> Sequence[Contents]:
        return await threads.contents(self._wanted)

    def tuples(self, contents: Sequence[Contents]) -> Sequence[CheckpointTuple]:
        return [tuple_of(self._serde, found, held) for found, held in zip(self._wanted, contents, strict=True)]
