"""The one bridge from a command into asyncio, and from its errors and signals to an exit code."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from rich.text import Text

from semmem.cli.output import notes, visible
from semmem.errors import ConfigurationError, InvalidInput, NotFound, SemmemError
from semmem.scope import Branch, Scope

if TYPE_CHECKING:
    from semmem.bootstrap import Application
    from semmem.memory import ScopedMemory
    from semmem.settings import Settings

T = TypeVar("T")

BAD_INPUT, FAILED, SIGNALLED = 2, 1, 128
STOPS = (signal.SIGINT, signal.SIGTERM)


class Signalled(Exception):
    """A signal ended the command."""

    def __init__(self, caught: Sequence[int]) -> None:
        self.number = caught[0] if caught else signal.SIGINT


def run(work: Coroutine[Any, Any, T]) -> T:
    """The answer of `work`; where semmem refuses, one line on stderr and the exit code ends the command.

    Ctrl-C or SIGTERM cancels the work, which closes what it has open; the second one ends the process at once.
    """
    try:
        return asyncio.run(_cancelled_by_signals(work))
    except SemmemError as error:
        notes.print(Text.assemble(("error: ", "bold red"), visible(str(error))), soft_wrap=True)
        bad_input = isinstance(error, InvalidInput | ConfigurationError | NotFound)
        raise typer.Exit(BAD_INPUT if bad_input else FAILED) from None
    except Signalled as stopped:
        raise typer.Exit(SIGNALLED + stopped.number) from None
    except KeyboardInterrupt:
        raise typer.Exit(SIGNALLED + signal.SIGINT) from None


async def _cancelled_by_signals(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    with signalled(task.cancel) as caught:
        try:
            return await task
        except asyncio.CancelledError:
            raise Signalled(caught) from None


@contextmanager
def signalled(stop: Callable[[], object]) -> Iterator[list[int]]:
    """Calls `stop` in the loop at the first SIGINT or SIGTERM, and yields which came; the second ends the process.

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
    before = {name: signal.signal(name, first) for name in STOPS} if hears else {}
    try:
        yield caught
    finally:
        if not caught:
            for name, handler in before.items():
                signal.signal(name, handler)


def settings_of(ctx: typer.Context, **given: Any) -> "Settings":
    from semmem.settings import load_settings

    return load_settings(**(ctx.obj | given))


@asynccontextmanager
async def application(ctx: typer.Context, **given: Any) -> "AsyncIterator[Application]":
    """The application that the options and the environment name, open."""
    async with AsyncExitStack() as stack:
        with notes.status("opening the memory"):
            from semmem.bootstrap import open_application

            opened = await stack.enter_async_context(open_application(settings_of(ctx, **given)))
        try:
            yield opened
        except asyncio.CancelledError:
            await stack.aclose()
            if opened.worker.left:
                notes.print(f"{opened.worker.left}; the next command or worker goes on with it")
            raise


@asynccontextmanager
async def scoped(ctx: typer.Context, scope: Scope) -> "AsyncIterator[ScopedMemory]":
    async with application(ctx) as opened:
        yield memory_of(opened, scope)


def memory_of(opened: "Application", scope: Scope) -> "ScopedMemory":
    return opened.memory.at(Branch(scope))
