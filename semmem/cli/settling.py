"""Waiting until what was accepted is extracted and indexed, and what was forgotten is gone from every store."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from semmem.cli.output import notes, waited_for
from semmem.domain.receipt import Receipt
from semmem.errors import NotSettled

if TYPE_CHECKING:
    from semmem.engine.reconciliation import Reconciler
    from semmem.memory.scoped import ScopedMemory

PATIENCE = 120.0  # seconds without progress
FOLLOW_SECONDS, FOLLOW_POLL = 10.0, 0.05
STALL_POLL, STALL_BUDGET = 0.25, 160


def counting() -> Progress:
    """Bars that count and tell the time gone by, on a terminal alone; they go when they end."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal)


async def settle(memories: Sequence["ScopedMemory"], *, patience: float = PATIENCE) -> None:
    """Raises NotSettled where nothing has moved for `patience` seconds."""
    with counting() as progress:
        for memory in memories:
            countdown = Countdown(progress, f"settling {memory.scope.id}")
            while True:
                before = countdown.left
                try:
                    await memory.settled(timeout=patience, progress=countdown)
                    break
                except NotSettled:
                    if countdown.left == before:
                        raise


async def carried(reconciler: "Reconciler", *, patience: float = PATIENCE) -> None:
    """Until what waits for Qdrant now is there. Raises NotSettled where nothing has moved for `patience` seconds."""
    through = await reconciler.queued()
    loop = asyncio.get_running_loop()
    with counting() as progress:
        countdown, moved = Countdown(progress, "mending"), loop.time()
        while left := await reconciler.waiting(through):
            if left != countdown.left:
                moved = loop.time()
            elif loop.time() - moved > patience:
                raise NotSettled(f"{left} points are not carried after {patience:g} s; is a worker running?")
            countdown(left)
            await asyncio.sleep(STALL_POLL)


async def settle_unless_stalled(memory: "ScopedMemory") -> None:
    """As `settle`, but where the model does not answer, it says so and waits for the index alone.

    A context names a model from half of a request's time on; it is given the other half, for it may only be slow.
    """
    loop = asyncio.get_running_loop()
    began, named_after = loop.time(), 0.0
    settling = asyncio.create_task(settle([memory]))
    try:
        while not (await asyncio.wait({settling}, timeout=STALL_POLL))[0]:
            context = await memory.context("what is new", budget=STALL_BUDGET, tiers=("recent",))
            if "llm" not in context.degraded:
                named_after = loop.time() - began
            elif loop.time() - began > 2 * named_after:
                await memory.settled(facts=False)
                notes.print("stored; its facts wait for the model, which does not answer", style="yellow")
                return
        await settling
    finally:
        settling.cancel()
        await asyncio.wait({settling})


class Countdown:
    """A bar over what is left; its total is the most that was ever left."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._task, self._most = progress, progress.add_task(name, total=None), 0
        self.left: int | None = None

    def __call__(self, left: int) -> None:
        self.left, self._most = left, max(left, self._most)
        self._progress.update(self._task, total=self._most, completed=self._most - left)


async def followed(memory: "ScopedMemory", receipt: Receipt) -> Receipt:
    """Returns the receipt once the other stores are clean too, or as it stands after FOLLOW_SECONDS."""
    try:
        async with asyncio.timeout(FOLLOW_SECONDS):
            with notes.status("the stores follow"):
                while receipt.id and not receipt.complete:
                    await asyncio.sleep(FOLLOW_POLL)
                    receipt = await memory.receipt(receipt.id)
    except TimeoutError:
        notes.print(f"{waited_for(receipt)} has not followed yet: a worker that has it comes back for it")
    return receipt
