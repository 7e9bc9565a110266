"""Forks processes that share a memory, in a process of its own: `python -m tests.faults.forker CASES SETTINGS_AS_JSON`.

Cases stand between commas, and are tried one after the other, each under its name. Each child and the parent say what
they were answered, one line each; a child that hangs is ended and says so.
"""

import asyncio
import faulthandler
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.abc import MetaPathFinder
from typing import Any

from alembic import command

import semmem
from semmem.models import tokens
from semmem.stores.redis import recent
from semmem.wiring import settings
from semmem.wiring.bridge import Bridge

SECONDS = 90
faulthandler.register(signal.SIGALRM, chain=True)  # a child that hangs says where before it is ended
SETTINGS: dict[str, Any] = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}


async def _use(memory: semmem.Memory) -> str:
    """Writes, embeds and reads."""
    alice = memory.scope(tenant="acme", user="alice")
    ack = await alice.remember("I am allergic to peanuts.", agent=None)
    await alice.recall("What is she allergic to?")
    assert "peanuts" in (await alice.context("Any allergies?", budget=500)).text
    return ack.status


def said(who: str, ask: Callable[[], object]) -> None:
    signal.alarm(SECONDS)
    try:
        print(f"{who}: {ask()}", flush=True)
    except Exception as error:  # the test reads what it was
        print(f"{who}: {type(error).__name__} {error}", flush=True)
    signal.alarm(0)


def child(work: Callable[[], None], *, politely: bool = False) -> int:
    """Forks; the child does the work and ends, by `sys.exit` if `politely`."""
    pid = os.fork()
    if pid == 0:
        work()
        sys.stdout.flush()
        sys.exit(0) if politely else os._exit(0)
    return pid


def ended(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    if status:
        print(f"ended with {os.waitstatus_to_exitcode(status)}", flush=True)


def used_before() -> None:
    bridge = Bridge.shared(**SETTINGS)
    said("parent", lambda: bridge.run(_use))
    ended(child(lambda: said("child", lambda: bridge.run(_use))))
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def unused_before() -> None:
    bridge = Bridge.shared(**SETTINGS)
    ended(child(lambda: said("child", lambda: bridge.run(_use))))
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def new_in_child() -> None:
    bridge = Bridge.shared(**SETTINGS)
    said("parent", lambda: bridge.run(_use))
    ended(child(lambda: said("child", lambda: Bridge.shared(**SETTINGS, recent_events=7).run(_use))))
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def child_closes() -> None:
    bridge = Bridge.shared(**SETTINGS)
    said("parent", lambda: bridge.run(_use))

    def work() -> None:
        said("child", lambda: bridge.run(_use))
        bridge.close()

    ended(child(work, politely=True))
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def child_does_nothing() -> None:
    bridge = Bridge.shared(**SETTINGS)
    said("parent", lambda: bridge.run(_use))
    ended(child(lambda: None, politely=True))
    ended(child(bridge.close, politely=True))
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def parent_closes() -> None:
    bridge = Bridge.shared(**SETTINGS)
    said("parent", lambda: bridge.run(_use))
    reading, writing = os.pipe()

    def work() -> None:
        os.read(reading, 1)
        said("child", lambda: bridge.run(_use))

    pid = child(work)
    bridge.close()
    os.write(writing, b"x")
    ended(pid)


def twice() -> None:
    bridge = Bridge.shared(**SETTINGS)
    said("parent", lambda: bridge.run(_use))

    def work() -> None:
        said("child", lambda: bridge.run(_use))
        ended(child(lambda: said("grandchild", lambda: bridge.run(_use))))
        said("child", lambda: bridge.run(_use))

    ended(child(work))
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def under_way() -> None:
    """Forks while other threads are in the middle of calls."""
    bridge = Bridge.shared(**SETTINGS)
    bridge.run(_use)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            bridge.run(_use)

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    for pid in [child(lambda: said("child", lambda: bridge.run(_use))) for _ in range(3)]:
        ended(pid)
    stop.set()
    for thread in threads:
        thread.join()
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def opening() -> None:
    """Forks while the memory is being opened by another thread."""
    bridge = Bridge.shared(**SETTINGS)
    thread = threading.Thread(target=lambda: said("parent", lambda: bridge.run(_use)))
    thread.start()
    pids = [child(lambda: said("child", lambda: bridge.run(_use))) for _ in range(2)]
    thread.join()
    for pid in pids:
        ended(pid)
    bridge.close()


class _Slow(MetaPathFinder):
    """The first import of a module takes a second; `begun` says when it is under way."""

    def __init__(self, module: str) -> None:
        self._module, self.begun = module, threading.Event()

    def find_spec(self, name: str, *_: object) -> None:
        if name == self._module and not self.begun.is_set():
            self.begun.set()
            time.sleep(1)


def importing(module: str) -> None:
    """Forks while another thread imports a module on its way to the memory."""
    assert module not in sys.modules
    slow = _Slow(module)
    sys.meta_path.insert(0, slow)
    _fork_while(slow.begun)


def counting() -> None:
    """Forks while another thread makes the table of tokens, under a lock."""
    tokens._ranks, begun = _slow_once(tokens._ranks)
    _fork_while(begun)


def migrating() -> None:
    """Forks while another thread makes the tables of the embedded database."""
    slow, begun = _slow_once(command.upgrade)
    command.upgrade = slow
    _fork_while(begun)


def validating() -> None:
    """Forks while another thread's settings are the first that pydantic looks at, which it does under a lock."""
    slow, begun = _slow_once(settings.Settings.__init__)
    settings.Settings.__init__ = _one_at_a_time(slow)  # type: ignore[method-assign]
    _fork_while(begun)


def serializing() -> None:
    """Forks while another thread writes the first entry of Redis, which pydantic does under a lock."""
    slow, begun = _slow_once(recent._ENTRY.dump_json)
    recent._ENTRY.dump_json = _one_at_a_time(slow)  # type: ignore[method-assign]
    _fork_while(begun)


def _slow_once(function: Callable[..., Any]) -> tuple[Callable[..., Any], threading.Event]:
    """The first call takes a second longer; the event says when it is under way."""
    begun = threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        if not begun.is_set():
            begun.set()
            time.sleep(1)
        return function(*arguments, **named)

    return slow, begun


def _one_at_a_time(function: Callable[..., Any]) -> Callable[..., Any]:
    lock = threading.Lock()

    def locked(*arguments: Any, **named: Any) -> Any:
        with lock:
            return function(*arguments, **named)

    return locked


def _fork_while(begun: threading.Event) -> None:
    bridge = Bridge.shared(**SETTINGS)
    thread = threading.Thread(target=lambda: said("parent", lambda: bridge.run(_use)))
    thread.start()
    assert begun.wait(SECONDS)
    ended(child(lambda: said("child", lambda: bridge.run(_use))))
    thread.join()
    bridge.close()


def _in_pool(settings: dict[str, Any]) -> str:
    return Bridge.shared(**settings).run(_use)


def _pooled(pool: ProcessPoolExecutor) -> Any:
    return pool.submit(_in_pool, SETTINGS).result(SECONDS)


def pools() -> None:
    """As multiprocessing and Celery fork, and as multiprocessing spawns."""
    bridge = Bridge.shared(**SETTINGS)
    said("parent", lambda: bridge.run(_use))
    for method in ("fork", "spawn"):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            said("child", partial(_pooled, pool))
    said("parent", lambda: bridge.run(_use))
    bridge.close()


def opened() -> None:
    """A memory of `semmem.open()`: the child is refused, and may open its own."""

    async def own() -> str:
        async with semmem.open(**SETTINGS) as memory:
            return await _use(memory)

    async def main() -> None:
        async with semmem.open(**SETTINGS) as memory:
            print("parent:", await _use(memory), flush=True)

            def work() -> None:
                said("child", lambda: asyncio.run(_use(memory)))
                said("child", lambda: asyncio.run(own()))

            ended(child(work))
            print("parent:", await _use(memory), flush=True)
            await memory.scope(tenant="acme", user="alice").settled()
            print("parent: settled", flush=True)

    asyncio.run(main())


if __name__ == "__main__":
    for told in sys.argv[1].split(","):
        print(f"# {told}", flush=True)
        case, *named = told.split(":")
        globals()[case](*named)
