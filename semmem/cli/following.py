"""The commands that read a place's log: follow and entries."""

import sys
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated

import typer

from semmem.cli import agent_pictures, options
from semmem.cli.agents import As, acting
from semmem.cli.output import answers, notes, print_json, show
from semmem.cli.places import at_place
from semmem.cli.running import run, scoped
from semmem.domain.entry import Entry
from semmem.domain.scope import Branch


@at_place
def follow(
    ctx: typer.Context,
    place: Branch,
    after: Annotated[
        int | None,
        typer.Option(metavar="POSITION", help="Go on behind it; 0 begins with the first.", show_default="what comes"),
    ] = None,
    event_type: Annotated[
        list[str] | None, typer.Option(metavar="TYPE", help="Events of this type only; may be repeated.")
    ] = None,
    agent: Annotated[
        list[str] | None, typer.Option(metavar="AGENT", help="Of this agent only; may be repeated.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="Changes of this field only; may be repeated.")
    ] = None,
    min_importance: Annotated[float, typer.Option(help="From 0 to 1: leave out events that weigh less.")] = 0.0,
    as_agent: As = None,
    own: Annotated[bool, typer.Option("--own", help="With --as: what that agent did itself, too.")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many.", show_default="never")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Print what happens in a place, entry by entry, as it is committed, until Ctrl-C.

    Each line begins with its position in the place's log, which --after takes to go on later; with --json a line is
    one object. What was forgotten is told whatever is asked for.

    Example: semmem follow --tenant acme --workspace launch --after 0

    Example: semmem follow --tenant acme --workspace launch --event-type invoice --as b1 --json | ./handle.sh
    """

    async def work() -> None:
        async with acting(ctx, place, as_agent) as memory:
            coming = memory.follow(
                after=after,
                event_types=event_type or (),
                agents=agent or (),
                fields=field or (),
                min_importance=min_importance,
                own=own,
            )
            shown, seen = 0, after
            try:
                async with aclosing(coming):
                    async for entry in coming:
                        _print(entry, as_json)
                        shown, seen = shown + 1, entry.position
                        if shown == count:
                            return
            finally:
                if seen is not None:
                    notes.print(f"--after {seen} goes on from here", style="dim")

    run(work())


def _print(entry: Entry, as_json: bool) -> None:
    """Prints it at once, also where stdout is a pipe."""
    if as_json:
        print_json(entry)
    else:
        answers.print(agent_pictures.entry(entry), soft_wrap=True)
    sys.stdout.flush()


@at_place
def entries(
    ctx: typer.Context,
    place: Branch,
    after: Annotated[int, typer.Option(metavar="POSITION", help="Go on behind it.")] = 0,
    until: Annotated[int | None, typer.Option(metavar="POSITION", help="Up to it.", show_default="the end")] = None,
    within: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Where there is none yet, wait so long for the first.")
    ] = None,
    limit: options.Limit = 100,
    as_json: options.AsJson = False,
) -> None:
    """List a part of a place's log, in the order of its commits, and end.

    Example: semmem entries --tenant acme --workspace launch --after 17 --limit 50
    """

    async def work() -> list[Entry]:
        wait = timedelta() if within is None else options.duration("within", within)
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.entries(after=after, until=until, limit=limit, wait=wait.total_seconds() or None)

    show(run(work()), as_json, agent_pictures.entries)


COMMANDS = {"follow": follow, "entries": entries}
