"""What a store and a saver have in common: one user's or workspace's memory behind a bridge, until it is closed."""

import asyncio
import threading
from types import TracebackType
from typing import Any, Self

from semmem import Branch, Closed, Scope
from semmem.wiring.bridge import Bridge


class Bridged:
    """Usable from any thread and any event loop; those with the same settings share one memory."""

    def _bridge_to(self, tenant: str, user: str | None, workspace: str | None, settings: dict[str, Any]) -> None:
        self._root = Branch(Scope.one_of(tenant, user=user, workspace=workspace))
        self._bridge = Bridge.shared(**settings)
        self._closed = threading.Event()
        self._closing = threading.Lock()

    @property
    def _opened(self) -> Bridge:
        """Raises Closed after close()."""
        if self._closed.is_set():
            raise Closed(f"this was closed; make another {type(self).__name__}")
        return self._bridge

    def close(self) -> None:
        """Refuses every later call; the memory behind it ends with the last one that shares it. May be repeated."""
        with self._closing:
            closed = self._closed.is_set()
            self._closed.set()
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
