"""Writes that are tried again where Postgres let another writer go first."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from semmem.errors import WriteConflict

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 5
PAUSE_SECONDS = 0.05


def tried_again(write: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """For a method that is one whole transaction. Raises WriteConflict where the last try fails too."""

    @wraps(write)
    async def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        for number in range(1, TRIES):
            try:
                return await write(*args, **kwargs)
            except WriteConflict:  # writers that met pause for unlike times, or they would meet again
                await asyncio.sleep(random.uniform(0, number * PAUSE_SECONDS))
        return await write(*args, **kwargs)

    return tried
