"""A producer in a process of its own: does its steps, again and again until each is answered, and says what was.

usage: python -m tests.storm.producer URLS_AS_JSON SIZES_AS_JSON NUMBER
Each line on stdout is JSON: {"kept": key, "id": ...}, {"gone": [key, ...]}, {"wrong": what} or {"read": key}.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from semmem import NotSettled, SemmemError, StoreUnavailable
from semmem.domain.scope import Branch, Scope
from semmem.memory.memory import Memory
from semmem.memory.scoped import ScopedMemory
from tests.applications import opened
from tests.storm.plan import Place, Said, Sizes, Step, steps, words_in

SETTLE = 30.0  # seconds, before some forgets
PAUSE = 0.2  # before a store that was away is asked again
T = TypeVar("T")


def at(memory: Memory, place: Place) -> ScopedMemory:
    return memory.at(Branch(Scope(place.tenant, place.kind, place.id)))


class Producer:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._ids: dict[str, UUID] = {}
        self._gone: set[str] = set()

    async def take(self, step: Step) -> None:
        try:
            await self._do(step)
        except SemmemError as error:
            tell(wrong=f"{step.act} at {step.said.place}: {type(error).__name__}: {error}")

    async def _do(self, step: Step) -> None:
        said, memory = step.said, at(self._memory, step.said.place)
        if step.act in ("remember", "again"):
            await self._remember(memory, said)
        elif step.act == "recall":
            await self._recall(memory, said)
        else:
            await self._forget(memory, step)

    async def _remember(self, memory: ScopedMemory, said: Said) -> None:
        ack = await answered(
            lambda: memory.remember(said.content, key=said.key, session=said.session, agent="producer")
        )
        if self._ids.setdefault(said.key, ack.id) != ack.id:
            tell(wrong=f"{said.key} stands for two events")
        tell(kept=said.key, id=str(ack.id))

    async def _recall(self, memory: ScopedMemory, said: Said) -> None:
        recall = await answered(lambda: memory.recall(f"Who owns the lamp {said.word}?", limit=50))
        if heard := words_in(repr(recall)) & self._gone:
            tell(wrong=f"{said.place} recalls what was forgotten: {heard}")
        tell(read=said.key, words=sorted(words_in(repr(recall))))

    async def _forget(self, memory: ScopedMemory, step: Step) -> None:
        what: dict[str, Any] = {"everything": True}
        if step.act == "forget event":
            what = {"event": self._ids[step.said.key]}
        elif step.act == "forget session":
            what = {"session": step.said.session}
        if step.act != "forget event":  # what every store holds by now has to leave every store
            with suppress(NotSettled, StoreUnavailable):
                await memory.settled(timeout=SETTLE)
        await answered(lambda: memory.forget(**what))
        self._gone |= {one.word for one in step.gone}
        tell(gone=[one.key for one in step.gone])


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """As a caller does who gives no event up: asks until the store is there."""
    while True:
        try:
            return await ask()
        except StoreUnavailable:
            await asyncio.sleep(PAUSE)


def tell(**said: Any) -> None:
    print(json.dumps(said), flush=True)


async def main() -> None:
    urls, sizes, number = json.loads(sys.argv[1]), Sizes(**json.loads(sys.argv[2])), int(sys.argv[3])
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with AsyncExitStack() as stack:
        application = await answered(
            lambda: stack.enter_async_context(opened(urls, lambda: datetime.now(UTC), worker=False))
        )
        producer = Producer(application.memory)
        for step in steps(sizes, number):
            if stopping.is_set():
                break
            await producer.take(step)


if __name__ == "__main__":
    asyncio.run(main())
