"""Two things timed by turns, so that a slow machine slows both."""

import statistics
import time
from collections.abc import Awaitable, Callable

from semmem.evals.figures import Figure

WARM_UP = 50

Step = Callable[[], Awaitable[object]]


async def interleaved(ours: Step, theirs: Step, rounds: int, between: Step | None = None) -> tuple[float, float]:
    """Measures the p50 of each in seconds; `between` is not timed."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM_UP + rounds):
        for times, step in zip(spent, (ours, theirs), strict=True):
            started = time.perf_counter()
            await step()
            times.append(time.perf_counter() - started)
            if between:
                await between()
    first, second = (statistics.median(times[WARM_UP:]) for times in spent)
    return first, second


def ratio(name: str, ours: float, theirs: float, *, limit: float, what: str) -> Figure:
    spent = f"{ours * 1e3:.2f} ms to {theirs * 1e3:.2f} ms; {what}"
    return Figure(name=name, value=ours / theirs, limit=limit, unit="x", detail=spent)
