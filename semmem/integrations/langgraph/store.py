"""A BaseStore whose items are records of semmem, and whose search is semmem's recall."""

import asyncio
import threading
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from langgraph.store.base import BaseStore, Op, Result, TTLConfig

from semmem import Branch, Closed, Scope
from semmem.domain.checks import check_is
from semmem.integrations.langgraph.batches import Batch, check_ttl
from semmem.integrations.langgraph.text import WHOLE, check_paths
from semmem.wiring.bridge import Bridge


class SemmemStore(BaseStore):
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
        self._root = Branch(Scope.one_of(tenant, user=user, workspace=workspace))
        check_paths("fields", fields or [WHOLE])
        self._fields = tuple(fields or [WHOLE])
        if ttl is not None:
            check_is("ttl", ttl, Mapping)
            if ttl.get("default_ttl") is not None:
                check_ttl(ttl["default_ttl"])
        self.ttl_config = ttl
        self._bridge = Bridge.shared(**settings)
        self._closing = threading.Lock()
        self._closed = False

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Returns a result for each operation, in order; nothing is done where one of them is refused."""
        return self._bridge.run(self._checked(ops).run)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Does what `batch` does, while the running loop goes on."""
        return await self._bridge.arun(self._checked(ops).run)

    def _checked(self, ops: Iterable[Op]) -> Batch:
        if self._closed:
            raise Closed("this store was closed; make another SemmemStore")
        return Batch.checked(ops, self._root, self._fields)

    def close(self) -> None:
        """Refuses every later call; the memory behind it ends with the last store that shares it. May be repeated."""
        with self._closing:
            closed, self._closed = self._closed, True
        if not closed:
            self._bridge.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)
