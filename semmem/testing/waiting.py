"""Waiting for a condition, in place of sleeping for a guess."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable


async def wait_until(
    predicate: Callable[[], object] | Callable[[], Awaitable[object]],
    timeout: float = 300.0,  # long enough for a machine that is busy with something else; what holds returns at once
) -> None:
    """Return once `predicate()`, synchronous or not, is true. Raises AssertionError after `timeout` seconds."""
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        outcome = predicate()
        if inspect.isawaitable(outcome):
            outcome = await outcome
        if outcome:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {_described(predicate)}; last answer {outcome!r}")
        await asyncio.sleep(0.02)


def _described(predicate: Callable[[], object]) -> str:
    try:
        return inspect.getsource(predicate).strip()
    except (OSError, TypeError):
        return repr(predicate)
