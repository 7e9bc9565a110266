"""One thread that several callers compute in by turns."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from queue import PriorityQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Turns:
    """Who is due first goes first: earliest deadline first (Liu and Layland 1973), so nobody waits forever."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.start_anew()

    def start_anew(self) -> None:
        """Begins with a thread of this process's own, after a fork."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        self._waiting: PriorityQueue[tuple[float, int, Future[Any], Callable[[], Any]]] = PriorityQueue()
        self._numbers = count()

    async def take(self, due: float, work: Callable[..., T], *args: Any) -> T:
        """Returns `work(*args)` from the thread; `due` is compared with that of others, in whatever event loops."""
        future: Future[T] = Future()
        self._waiting.put((due, next(self._numbers), future, partial(work, *args)))
        self._thread.submit(self._give)
        return await asyncio.wrap_future(future)

    def _give(self) -> None:
        _, _, future, work = self._waiting.get_nowait()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except BaseException as error:  # it belongs to the one who waits, whatever it is
                future.set_exception(error)
