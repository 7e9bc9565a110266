"""What Redis holds of a scope's newest events."""

from semmem import Event, ScopedMemory
from semmem.wiring.bootstrap import Application


async def cached_events(application: Application, memory: ScopedMemory) -> list[Event]:
    """Newest first, after a context has filled the list."""
    assert (await memory.context("all", budget=500)).degraded == frozenset()
    cache = application.stores.cache
    assert cache is not None
    epoch = (await application.parts.events.states(memory.view(())))[memory.scope].epoch
    events = await cache.recent(memory.scope, 10, epoch)
    assert events
    return events
