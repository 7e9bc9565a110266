"""The one bridge from a command into asyncio, and from its errors to an exit code."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
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

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def run(work: Coroutine[Any, Any, T]) -> T:
    """The answer of `work`; where semmem refuses, one line on stderr and the exit code ends the command."""
    try:
        return asyncio.run(work)
    except SemmemError as error:
        notes.print(Text.assemble(("error: ", "bold red"), visible(str(error))), soft_wrap=True)
        bad_input = isinstance(error, InvalidInput | ConfigurationError | NotFound)
        raise typer.Exit(BAD_INPUT if bad_input else FAILED) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


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
        yield opened


@asynccontextmanager
async def scoped(ctx: typer.Context, scope: Scope) -> "AsyncIterator[ScopedMemory]":
    async with application(ctx) as opened:
        yield memory_of(opened, scope)


def memory_of(opened: "Application", scope: Scope) -> "ScopedMemory":
    return opened.memory.at(Branch(scope))
