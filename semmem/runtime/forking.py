"""After a fork the child lets go of its parent's sockets: two processes that speak on one would break it for both.

A socket is not closed but replaced, under its number, by /dev/null. So whatever still holds that number in the child
can do no harm, neither to the parent nor to a file that the child opens next.
"""

import os
import threading
from asyncio import AbstractEventLoop, Transport
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

# Whether all sockets of a loop are ours, or only those that lead to Postgres, beside the caller's own.
_loops: "WeakKeyDictionary[AbstractEventLoop, bool]" = WeakKeyDictionary()
_inherited: list[object] = []
_unshared: set[int] = set()
_undivided = threading.RLock()


@contextmanager
def undivided() -> Iterator[None]:
    """A fork in another thread waits until this is over.

    It is for what a child could never finish: an import or a library's lock that a thread holds which it does not have
    (pydantic's, while it sees its first value of a kind).
    """
    with _undivided:
        yield


@contextmanager
def unshared(descriptor: int) -> Iterator[None]:
    """A child that is forked meanwhile gets none of this file: neither the lock on it nor the other end's attention."""
    _unshared.add(descriptor)
    try:
        yield
    finally:
        _unshared.discard(descriptor)


def watch(loop: AbstractEventLoop, *, owned: bool) -> None:
    """A child that this process forks lets go of the loop's sockets: of all if it is `owned`, else of Postgres's."""
    _loops[loop] = owned or _loops.get(loop, False)


def leave_alone(inherited: object) -> None:
    """Keeps in a child what is its parent's, so that nothing of it is closed or ended there."""
    _inherited.append(inherited)


def _let_go() -> None:
    _undivided.release()
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    sockets = {descriptor for loop, owned in list(_loops.items()) for descriptor in _descriptors(loop, owned)}
    for descriptor in sockets | _unshared:
        os.dup2(null, descriptor, inheritable=False)
    os.close(null)
    _loops.clear()
    _unshared.clear()


def _descriptors(loop: AbstractEventLoop, owned: bool) -> Iterator[int]:
    """Yields the sockets that a loop of asyncio's own waits for, of all or of Postgres's; other loops show none."""
    selector = getattr(loop, "_selector", None)
    if not selector or not selector.get_map():
        return
    for key in list(selector.get_map().values()):
        reader = key.data[0] if isinstance(key.data, tuple) else None
        transport = getattr(getattr(reader, "_callback", None), "__self__", None)
        protocol = transport.get_protocol() if isinstance(transport, Transport) and not owned else None
        if owned or type(protocol).__module__.startswith("asyncpg"):
            yield key.fd


os.register_at_fork(before=_undivided.acquire, after_in_parent=_undivided.release, after_in_child=_let_go)
