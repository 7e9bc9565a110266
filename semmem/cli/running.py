"""The one bridge from a command into asyncio, and from its errors and signals to an exit code."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from semmem.cli.failures import FAILED as FAILED
from semmem.cli.failures import reported
from semmem.cli.output import notes
from semmem.cli.places import places_of
from semmem.domain.scope import Branch, Scope
from semmem.errors import NotSettled

if TYPE_CHECKING:
    from semmem.memory.scoped import ScopedMemory
    from semmem.wiring.bootstrap import Application
    from semmem.wiring.settings import Settings

T = TypeVar("T")

KEEP_SERVERS = timedelta(minutes=1)
CATCH_UP_SECONDS = 3.0
SIGNALLED = 128
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signalled(Exception):
    """A signal ended the command."""

    def __init__(self, caught: Sequence[int]) -> None:
        self.number = caught[0] if caught else signal.SIGINT


def run(work: Coroutine[Any, Any, T]) -> T:
    """Returns the answer of `work`; where semmem refuses, one line on stderr and the exit code ends the command.

    Ctrl-C or SIGTERM cancels the work, which closes what it has open; the second one ends the process at once.
    """

    async def until_signalled() -> T:
        task = asyncio.ensure_future(work)
        with signalled(task.cancel) as caught:
            try:
                return await task
            except asyncio.CancelledError:
                raise Signalled(caught) from None

    try:
        with reported():
            return asyncio.run(until_signalled())
    except Signalled as stopped:
        raise typer.Exit(SIGNALLED + stopped.number) from None


@contextmanager
def signalled(stop: Callable[[], object]) -> Iterator[list[int]]:
    """Calls `stop` in the loop at the first of STOPS, and yields which came; the second ends the process.

    One that is ignored, as nohup and shells have it, stays so.

    The handlers are Python's, not the loop's, so that a loop which is busy can be ended too.
    """
    loop, caught = asyncio.get_running_loop(), list[int]()

    def first(number: int, frame: object) -> None:
        caught.append(number)
        for name in STOPS:
            signal.signal(name, signal.SIG_DFL)
        notes.print("stopping; once more ends at once", style="dim")
        loop.call_soon_threadsafe(stop)

    hears = threading.current_thread() is threading.main_thread()  # no other thread does
    heard = [name for name in STOPS if hears and signal.getsignal(name) is not signal.SIG_IGN]
    before = {name: signal.signal(name, first) for name in heard}
    try:
        yield caught
    finally:
        if not caught:
            for name, handler in before.items():
                signal.signal(name, handler)


def settings_of(ctx: typer.Context, **given: Any) -> "Settings":
    from semmem.wiring.settings import load_settings

    return load_settings(**(ctx.obj | given))


@asynccontextmanager
async def application(ctx: typer.Context, *, reads: bool = False, **given: Any) -> "AsyncIterator[Application]":
    """Opens the application that the options and the environment name.

    One that only `reads` has no time for a model: its own worker indexes, and leaves what waits for a model waiting.
    """
    async with AsyncExitStack() as stack:
        with notes.status("opening the memory"):
            from semmem.stores.postgres.jobs import ENTRYPOINTS
            from semmem.wiring.bootstrap import open_application

            settings = settings_of(ctx, **given)
            without = {"consolidate"} if reads and settings.uses_llm else set()
            jobs = [kind for kind in ENTRYPOINTS if kind not in without]
            opened = await stack.enter_async_context(open_application(settings, jobs=jobs))
        try:
            yield opened
        except asyncio.CancelledError:
            await stack.aclose()
            if opened.worker.left:
                notes.print(f"{opened.worker.left}; the next command that writes, or a worker, goes on with it")
            raise


@asynccontextmanager
async def briefly(ctx: typer.Context, *, reads: bool = False) -> "AsyncIterator[Application]":
    """Opens the application for one command among others: embedded servers stay a while, for the next to find them."""
    kept = {} if "keep_servers" in settings_of(ctx).model_fields_set else {"keep_servers": KEEP_SERVERS}
    async with application(ctx, reads=reads, **kept) as opened:
        yield opened


@asynccontextmanager
async def scoped(ctx: typer.Context, place: Scope | Branch, *, reads: bool = False) -> "AsyncIterator[ScopedMemory]":
    async with briefly(ctx, reads=reads) as opened:
        yield memory_of(opened, place)


@asynccontextmanager
async def viewed(
    ctx: typer.Context, place: Branch, also: Sequence[str] | None
) -> "AsyncIterator[tuple[ScopedMemory, list[ScopedMemory]]]":
    """Opens the memory of a place, and those that --also names, to be read; what was just written is indexed first."""
    others = places_of(place, also)
    async with briefly(ctx, reads=True) as opened:
        memory = memory_of(opened, place)
        read_too = [memory_of(opened, other) for other in others]
        if settings_of(ctx).runs_worker:
            # A command's own worker lives no longer than the command, so the command gives it a moment.
            try:
                await memory.settled(also=read_too, facts=False, timeout=CATCH_UP_SECONDS)
            except NotSettled:
                notes.print("a part of it still waits to be indexed, and is not found yet", style="yellow")
        yield memory, read_too


def memory_of(opened: "Application", place: Scope | Branch) -> "ScopedMemory":
    return opened.memory.at(place if isinstance(place, Branch) else Branch(place))
