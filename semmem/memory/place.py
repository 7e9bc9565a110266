"""What an open memory and every place in it rest on."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence

from semmem.domain.checks import check_callable, check_flag
from semmem.domain.scope import Branch, View
from semmem.engine.reconciliation import Reconciler
from semmem.errors import Closed, ConfigurationError
from semmem.memory.parts import Parts


class Opened:
    """The parts of a memory, for as long as it is open, in the process and the event loop that it was opened in.

    A memory and its places keep it to themselves: the stores among the parts answer for any scope that they are given.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._closed = False
        self._process = os.getpid()
        self._loop = running_loop()

    @property
    def parts(self) -> Parts:
        """Raises Closed after the memory was closed, and in another process or event loop than it was opened in."""
        if self._closed:
            raise Closed("this memory was closed; open it again with semmem.open()")
        if os.getpid() != self._process:
            raise Closed("this memory was opened before a fork, by the parent; open one here with semmem.open()")
        if self._loop is not None and running_loop() not in (None, self._loop):
            raise Closed(
                "this memory was opened in another event loop; open one in this loop, or send the call to its own with "
                "asyncio.run_coroutine_threadsafe"
            )
        return self._parts

    def close(self) -> None:
        """Refuses every later call; semmem.open() closes the stores themselves."""
        self._closed = True


def running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Place(ABC):
    """One user's, workspace's or branch's part of an open memory: what its records rest on, too."""

    def __init__(self, place: Branch, opened: Opened) -> None:
        self.place, self.scope = place, place.scope
        self._opened = opened

    @property
    def _parts(self) -> Parts:
        return self._opened.parts

    @abstractmethod
    def view(self, also: Sequence["Place"]) -> View:
        """This scope and others of its tenant, to be read together."""


def check_reindex(dry_run: object, progress: object) -> None:
    check_flag("dry_run", dry_run)
    check_callable("progress", progress)


def reconciler_of(parts: Parts) -> Reconciler:
    """Raises ConfigurationError where nothing mirrors Postgres."""
    if parts.reconciler is None:
        raise ConfigurationError("the vector index is pgvector, inside Postgres: there is nothing to compare")
    return parts.reconciler
