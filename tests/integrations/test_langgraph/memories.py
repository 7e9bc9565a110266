"""Looking into the memory behind a store."""

from semmem import Memory, ScopedMemory
from semmem.integrations.langgraph import SemmemStore


def settle(store: SemmemStore) -> None:
    """Waits until what was put is indexed, and its facts are extracted."""

    async def settled(memory: Memory) -> None:
        for place in await _places(store, memory):
            await place.settled()

    store._bridge.run(settled)


def contents(store: SemmemStore) -> list[str]:
    """What the events below the store's root say."""

    async def read(memory: Memory) -> list[str]:
        return [event.content for place in await _places(store, memory) async for event in place.events()]

    return store._bridge.run(read)


async def _places(store: SemmemStore, memory: Memory) -> list[ScopedMemory]:
    return [memory.at(place) for place in await memory.at(store._root).branches()]
