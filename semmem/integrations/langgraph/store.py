"""A BaseStore whose items are records of semmem, and whose search is semmem's recall."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langgraph.store.base import BaseStore, Op, Result, TTLConfig

from semmem.domain.checks import check_is
from semmem.integrations.langgraph.batches import Batch, check_ttl
from semmem.integrations.langgraph.bridged import Bridged
from semmem.integrations.langgraph.text import WHOLE, check_paths


class SemmemStore(Bridged, BaseStore):
    """Long-term memory of one user or one workspace, for `compile(store=...)`.

    A namespace is a branch below that user or workspace, found by its exact labels; an item is a record in it. A
    search with a query is semmem's recall. `fields` are the paths whose text items are found by where a put names
    none (every string of the value, if left out); `ttl` is langgraph's TTLConfig, in minutes. All other arguments are
    settings of `semmem.open()`; stores with the same settings share one memory.

    Usable from any thread and any event loop. Raises InvalidInput, langgraph's InvalidNamespaceError, StoreUnavailable
    where Postgres is down, and Closed after close().
    """

    supports_ttl = True

    def __init__(
        self,
        *,
        tenant: str,
        user: str | None = None,
        workspace: str | None = None,
        fields: Sequence[str] | None = None,
        ttl: TTLConfig | None = None,
        **settings: Any,
    ) -> None:
        check_paths("fields", fields or [WHOLE])
        self._fields = tuple(fields or [WHOLE])
        if ttl is not None:
            check_is("ttl", ttl, Mapping)
            if ttl.get("default_ttl") is not None:
                check_ttl(ttl["default_ttl"])
        self.ttl_config = ttl
        self._bridge_to(tenant, user, workspace, settings)

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Returns a result for each operation, in order; nothing is done where one of them is refused."""
        bridge = self._opened
        return bridge.run(Batch.checked(ops, self._root, self._fields).run)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Does what `batch` does, while the running loop goes on."""
        bridge = self._opened
        return await bridge.arun(Batch.checked(ops, self._root, self._fields).run)
