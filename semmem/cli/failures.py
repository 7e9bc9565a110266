"""How a command fails: one line on stderr, as JSON where --json was asked for, and an exit code that tells the kind."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import takewhile
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from semmem.cli.output import notes
from semmem.errors import (
    ConfigurationError,
    Conflict,
    InvalidInput,
    LockHeld,
    LockLost,
    NotFound,
    QuestionClosed,
    SemmemError,
)
from semmem.retrieval.quote import visible

FAILED, BAD_INPUT, NOT_FOUND, CONFLICT, INTERRUPTED, BROKEN_PIPE = 1, 2, 3, 4, 130, 141

EXIT_CODES = """\
Exit codes: 0 done; 1 failed (a store or a model is down, lines were refused, the answer was no); 2 bad usage, input or
settings; 3 not found; 4 somebody else was first (a field, a lock or a question); 129, 130 or 143 stopped by a hangup,
Ctrl-C or SIGTERM; 141 nobody reads stdout any more. With --json an error is one line of JSON on stderr."""

# Typer carries a copy of click and exports these of its exceptions alone.
UsageError: type[Any] = typer.BadParameter.__bases__[0]

_as_json: ContextVar[bool] = ContextVar("as_json", default=False)


class Commands(TyperGroup):
    """Commands whose usage errors are JSON too, where the command line says --json."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        with _usage_told(as_json=_asks_for_json(args)):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        wanted = _as_json.get() or _asks_for_json([*getattr(ctx, "_protected_args", ()), *ctx.args])
        token = _as_json.set(wanted)
        try:
            with _usage_told(as_json=wanted):
                return super().invoke(ctx)
        except BrokenPipeError:
            raise typer.Exit(BROKEN_PIPE) from None
        finally:
            _as_json.reset(token)


@contextmanager
def _usage_told(*, as_json: bool) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        if not as_json:
            raise
        _print_json({"code": "usage", "message": error.format_message()})
        raise typer.Exit(BAD_INPUT) from None


def _asks_for_json(words: Sequence[str]) -> bool:
    """Behind a "--" stands the command line of another program."""
    return "--json" in takewhile(lambda word: word != "--", words)


@contextmanager
def reported() -> Iterator[None]:
    """Where semmem refuses, the error on stderr and the exit code end the command."""
    try:
        yield
    except SemmemError as error:
        if _as_json.get():
            _print_json(as_json(error))
        else:
            notes.print(Text.assemble(("error: ", "bold red"), visible(str(error))), soft_wrap=True)
        raise typer.Exit(exit_code(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def exit_code(error: SemmemError) -> int:
    if isinstance(error, NotFound):
        return NOT_FOUND
    if isinstance(error, Conflict | LockHeld | LockLost | QuestionClosed):
        return CONFLICT
    return BAD_INPUT if isinstance(error, InvalidInput | ConfigurationError) else FAILED


def as_json(error: SemmemError) -> dict[str, str]:
    """`code` is the error's class in words, such as invalid_input; a refused value has its field, limit and fix."""
    code = re.sub("(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()
    made = {"code": code, "message": visible(str(error))}
    if isinstance(error, InvalidInput):
        made |= {"field": error.field, "limit": error.limit, "fix": error.fix}
    return made


def _print_json(error: dict[str, str]) -> None:
    print(json.dumps({"error": error}), file=notes.file)
