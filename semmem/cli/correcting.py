"""The commands by which people put facts right: correct, reject, restore-fact and pin-fact."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from semmem.cli import options, output
from semmem.cli.output import notes, print_json, show
from semmem.cli.places import at_place
from semmem.cli.running import run, scoped, settings_of
from semmem.cli.settling import settle_unless_stalled
from semmem.domain.fact import Fact, Precision, Validity
from semmem.domain.scope import Branch

if TYPE_CHECKING:
    from semmem.memory.scoped import ScopedMemory

FactArgument = Annotated[
    UUID, typer.Argument(parser=options.item_id, help="Its id, as `semmem facts` shows it.", show_default=False)
]
By = Annotated[str, typer.Option(help="Who does it, by name; the fact's timeline shows it.", show_default=False)]
Version = Annotated[int | None, typer.Option(help="Refuse where the fact is of another version by now.")]
From = Annotated[datetime | None, typer.Option(parser=options.instant, metavar="TIME", help="From when on it holds.")]
To = Annotated[datetime | None, typer.Option(parser=options.instant, metavar="TIME", help="Until when it holds.")]


@at_place
def correct(
    ctx: typer.Context,
    fact: FactArgument,
    place: Branch,
    by: By,
    text: Annotated[str | None, typer.Option(help="What it has to say.")] = None,
    holds_from: From = None,
    holds_to: To = None,
    undated: Annotated[bool, typer.Option("--undated", help="It has no dates.")] = False,
    version: Version = None,
    as_json: options.AsJson = False,
) -> None:
    """Put a fact's text or dates right; what it said before never held. Dates are replaced together.

    Example: semmem correct 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 --text "Alice lives in Bern." --by nurse --tenant acme
    --user alice

    Example: semmem correct 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 --holds-from 2026-05-01 --by nurse --tenant acme
    --user alice
    """

    if undated and (holds_from or holds_to):
        fix = "leave out --undated, or --holds-from and --holds-to"
        raise typer.BadParameter(f"a fact that has no dates holds from no time on; {fix}", param_hint="--undated")

    async def act(memory: "ScopedMemory") -> Fact:
        dated = holds_from or holds_to or undated
        validity = Validity(start=holds_from, end=holds_to, precision=_precision(holds_from)) if dated else None
        return await memory.correct(fact, text=text, validity=validity, by=by, version=version)

    _show(_done(ctx, place, act), as_json)


def _precision(start: datetime | None) -> Precision | None:
    """A day, or the moment where it was given with a time."""
    if start is None:
        return None
    return "day" if start.time() == time() else "instant"


@at_place
def reject(
    ctx: typer.Context,
    fact: FactArgument,
    place: Branch,
    by: By,
    version: Version = None,
    as_json: options.AsJson = False,
) -> None:
    """Take back a fact that was learnt wrongly; it is not learnt from the same events again.

    What it had superseded holds again, and is shown. To undo it, `semmem restore-fact` the same id.

    Example: semmem reject 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 --by nurse --tenant acme --user alice
    """
    _show(_done(ctx, place, lambda memory: memory.reject(fact, by=by, version=version)), as_json)


@at_place
def restore_fact(
    ctx: typer.Context,
    fact: FactArgument,
    place: Branch,
    by: By,
    version: Version = None,
    as_json: options.AsJson = False,
) -> None:
    """Undo a correction: the version of this id, which somebody took back, holds again.

    Example: semmem restore-fact 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 --by nurse --tenant acme --user alice
    """
    _show(_done(ctx, place, lambda memory: memory.restore_fact(fact, by=by, version=version)), as_json)


@at_place
def pin_fact(
    ctx: typer.Context,
    fact: FactArgument,
    place: Branch,
    by: By,
    undo: Annotated[bool, typer.Option("--undo", help="Unpin it.")] = False,
    version: Version = None,
    as_json: options.AsJson = False,
) -> None:
    """Let a fact stand first in every context's profile, and later what takes its place; at most 50 of a scope.

    Example: semmem pin-fact 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 --by nurse --tenant acme --user alice
    """
    _show(_done(ctx, place, lambda memory: memory.pin_fact(fact, pinned=not undo, by=by, version=version)), as_json)


def _done(ctx: typer.Context, place: Branch, act: "Callable[[ScopedMemory], Awaitable[Fact | None]]") -> Fact | None:
    """What holds now; where this process runs the worker, once recall finds it."""

    async def work() -> Fact | None:
        async with scoped(ctx, place) as memory:
            holds = await act(memory)
            if settings_of(ctx).runs_worker:
                await settle_unless_stalled(memory)
        return holds

    return run(work())


def _show(holds: Fact | None, as_json: bool) -> None:
    if holds is not None:
        show(holds, as_json, lambda fact: output.facts([fact]))
    elif as_json:
        print_json(None)
    else:
        notes.print("nothing holds in its place")


COMMANDS = {"correct": correct, "reject": reject, "restore-fact": restore_fact, "pin-fact": pin_fact}
