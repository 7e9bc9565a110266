"""CrewAI's own memory events, so that its console and listeners see semmem at work; what fails is logged as well."""

import logging
import time
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any

from crewai.events.base_events import BaseEvent
from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.memory_events import (
    MemoryQueryCompletedEvent,
    MemoryQueryFailedEvent,
    MemoryQueryStartedEvent,
    MemorySaveCompletedEvent,
    MemorySaveFailedEvent,
    MemorySaveStartedEvent,
)
from crewai.memory.types import MemoryMatch

from semmem import SemmemError

log = logging.getLogger(__name__)

# Listeners know the memory of a crew by this name.
SOURCE = "unified_memory"


class _Emitting(AbstractContextManager[Any]):
    """Emits an event when it starts, and when it is done or has failed."""

    def __init__(self, emitter: object) -> None:
        self._emitter = emitter
        self._started = time.perf_counter()

    @property
    def milliseconds(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    def emit(self, event: BaseEvent) -> None:
        with suppress(RuntimeError):  # the bus may be shut down while the process ends
            crewai_event_bus.emit(self._emitter, event)


class Querying(_Emitting):
    """`with Querying(memory, query, limit) as asked: asked.results = ...`"""

    def __init__(self, emitter: object, query: str, limit: int) -> None:
        super().__init__(emitter)
        # A limit that is no number will be refused, and the event's class takes nothing else.
        number = limit if isinstance(limit, int) else 0
        self._asked: dict[str, Any] = {"query": _shown(query), "limit": number, "source_type": SOURCE}
        self.results: list[MemoryMatch] = []

    def __enter__(self) -> "Querying":
        self.emit(MemoryQueryStartedEvent(**self._asked))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            done = {**self._asked, "results": self.results, "query_time_ms": self.milliseconds}
            return self.emit(MemoryQueryCompletedEvent(**done))
        log.warning("nothing was recalled: %s", described(error))
        return self.emit(MemoryQueryFailedEvent(error=str(error), **self._asked))


class Saving(_Emitting):
    """`with Saving(memory, "what is saved", metadata, agent_role): ...`"""

    def __init__(self, emitter: object, value: str, metadata: dict[str, Any] | None, agent_role: str | None) -> None:
        super().__init__(emitter)
        named = isinstance(metadata, dict) and all(isinstance(key, str) for key in metadata)
        shown = metadata if named else None
        self._saved: dict[str, Any] = {"value": _shown(value), "metadata": shown, "source_type": SOURCE}
        self._agent_role = agent_role

    def __enter__(self) -> "Saving":
        self.emit(MemorySaveStartedEvent(**self._saved))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            done = {**self._saved, "agent_role": self._agent_role, "save_time_ms": self.milliseconds}
            return self.emit(MemorySaveCompletedEvent(**done))
        log.error("a memory was not kept: %s", described(error))
        return self.emit(MemorySaveFailedEvent(error=str(error), **self._saved))


def _shown(value: object) -> str:
    """Shows of what is no text, and will be refused, the type alone: it may be too deep to be printed."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else type(value).__name__


def described(error: BaseException) -> str:
    """Describes errors that are not semmem's by their class alone: their text may hold content."""
    return str(error) if isinstance(error, SemmemError) else type(error).__name__
