"""The one synchronous bridge: a memory in a thread of its own, for callers without a loop, or with several.

A forked child has no such thread: there each bridge opens a memory of the child's own when it is used next.
"""

import asyncio
import atexit
import hashlib
import json
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from weakref import WeakSet

from pydantic import SecretStr

from semmem.errors import Closed, EmbeddedServerError, InvalidInput, StoreUnavailable
from semmem.memory.memory import Memory
from semmem.runtime import forking
from semmem.wiring.bootstrap import open

T = TypeVar("T")
Work = Callable[[Memory], Coroutine[Any, Any, T]]

_shared: dict[str, "Bridge"] = {}
_sharing = threading.Lock()
_bridges: "WeakSet[Bridge]" = WeakSet()


def _spelled_out(setting: object) -> str:
    """Returns a setting's whole value; the text of a secret hides it."""
    return setting.get_secret_value() if isinstance(setting, SecretStr) else repr(setting)


@dataclass(frozen=True, slots=True)
class _Opened:
    memory: Memory
    loop: asyncio.AbstractEventLoop
    closing: asyncio.Event


class Bridge:
    """Runs work in the thread that a memory lives in. The memory opens on first use; any thread or loop may ask.

    Where a server was away then, the next use tries again.
    """

    def __init__(self, **settings: Any) -> None:
        """Takes what `semmem.open` takes."""
        self._settings = settings
        self._prepare()
        self._closed = False
        self._holders = 1
        _bridges.add(self)

    def _prepare(self) -> None:
        self._lock = threading.Lock()
        self._prepare_opening()

    def _prepare_opening(self) -> None:
        opened: Future[_Opened] = Future()
        self._opened = opened
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live(opened)), name="semmem", daemon=True)

    @classmethod
    def shared(cls, **settings: Any) -> "Bridge":
        """Returns one bridge for all in this process who ask with the same settings; it closes when each has closed it.

        Raises InvalidInput for values that no setting has.
        """
        try:
            name = hashlib.sha256(json.dumps(settings, sort_keys=True, default=_spelled_out).encode()).hexdigest()
        except (TypeError, ValueError, RecursionError):
            raise InvalidInput("settings", "must be plain values", "pass what semmem.open takes") from None
        with _sharing:
            bridge = _shared.get(name)
            if bridge is None or bridge.ended:
                bridge = _shared[name] = cls(**settings)
            else:
                bridge._holders += 1
        return bridge

    @property
    def ended(self) -> bool:
        """Closed, or never opened for an error that stays."""
        failure = _failure(self._opened)
        return self._closed or (failure is not None and not _may_pass(failure))

    def run(self, work: Work[T]) -> T:
        """Returns the answer of `work`, which is given the memory; from any other thread. An interrupt cancels it.

        Raises what `semmem.open` raises, InvalidInput for what is no async function, and Closed.
        """
        future = _submit(_checked(work), self._open())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def arun(self, work: Work[T]) -> T:
        """Does the same from a running loop, which goes on meanwhile."""
        opened = self._opened  # once, for another thread may open the memory anew at any moment
        is_open = opened.done() and opened.exception() is None and not self._closed
        memory = opened.result() if is_open else await asyncio.to_thread(self._open)
        return await asyncio.wrap_future(_submit(_checked(work), memory))

    def close(self) -> None:
        """Ends the memory, once all who share it have closed it; waits until its stores are let go."""
        with _sharing:
            self._holders -= 1
            if self._holders > 0:
                return
            self._closed = True  # whoever asks for a shared one from here on is given another
        self._end()

    def _open(self) -> _Opened:
        with self._lock:
            if self._closed:
                raise Closed("this memory was closed; make a new one")
            if self._thread.ident is None:
                self._thread.start()
                _end_at_exit()
            elif _may_pass(_failure(self._opened)):
                self._prepare_opening()
                self._thread.start()
            opened = self._opened
        return opened.result()

    async def _live(self, opened: "Future[_Opened]") -> None:
        closing = asyncio.Event()
        forking.watch(asyncio.get_running_loop(), owned=True)
        try:
            async with open(**self._settings) as memory:
                opened.set_result(_Opened(memory, asyncio.get_running_loop(), closing))
                await closing.wait()
        except BaseException as error:  # whoever asked for the memory is told
            if opened.done():
                raise
            opened.set_exception(error)

    def _end(self) -> None:
        with self._lock:
            self._closed = True
        if not self._thread.is_alive():
            return
        if self._opened.exception() is None:
            opened = self._opened.result()
            opened.loop.call_soon_threadsafe(opened.closing.set)
        self._thread.join()

    def _start_anew(self) -> None:
        forking.leave_alone((self._opened, self._thread, self._lock))
        self._prepare()


@cache
def _end_at_exit() -> None:
    """Before the executors that memories work with: at atexit's own time these take no more, and work would fail."""
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_end_all)


def _end_all() -> None:
    for bridge in list(_bridges):
        bridge._end()


def _failure(opened: "Future[_Opened]") -> BaseException | None:
    return opened.exception() if opened.done() else None


def _may_pass(failure: BaseException | None) -> bool:
    """What was away when the memory was opened may be back."""
    return isinstance(failure, StoreUnavailable | EmbeddedServerError)


def _checked(work: Work[T]) -> Work[T]:
    if not callable(work):
        raise InvalidInput("work", "must be an async function", "pass one that takes the memory")
    return work


def _submit(work: Work[T], opened: _Opened) -> "Future[T]":
    started = work(opened.memory)
    if not asyncio.iscoroutine(started):
        raise InvalidInput("work", f"must be an async function, not one that returns {started!r:.80}", "await in it")
    return asyncio.run_coroutine_threadsafe(started, opened.loop)


def _after_fork() -> None:
    global _sharing
    _sharing = threading.Lock()
    for bridge in list(_bridges):
        bridge._start_anew()


os.register_at_fork(after_in_child=_after_fork)
