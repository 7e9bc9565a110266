"""Work that an answer does not wait for, but closing does."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Tasks that are kept until they are done; what they raise is theirs to handle."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Waits for what was started."""
        await asyncio.gather(*self._tasks)
