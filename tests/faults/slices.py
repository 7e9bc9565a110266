"""How long an event loop was held at a time, in seconds of its own thread's processor: a busy machine adds none."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time
from typing import NamedTuple

import pytest


class Slice(NamedTuple):
    """A turn of one callback in the loop, between two chances of the others."""

    seconds: float
    told: str


@contextmanager
def longest_slices(least: float = 0.02) -> Iterator[list[Slice]]:
    """Collects the turns that took `least` or more, of every loop in this process, the longest first at the end."""
    found: list[Slice] = []
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = thread_time()
        run(handle)
        took = thread_time() - began
        if took >= least:
            found.append(Slice(took, repr(handle)))

    gc.collect()
    gc.freeze()  # or a collection of all that the tests before have left is told as a turn's work
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio.Handle, "_run", timed)
            yield found
    finally:
        gc.unfreeze()
    found.sort(reverse=True)
