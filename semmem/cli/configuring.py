"""The command configure: what is settled about a place."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import RenderableType

from semmem.cli import options
from semmem.cli.output import show, table
from semmem.cli.places import at_place
from semmem.cli.running import run, scoped
from semmem.domain.scope import Branch
from semmem.domain.settings import ScopeSettings

NONE = "none"


@at_place
def configure(
    ctx: typer.Context,
    place: Branch,
    zone: Annotated[
        str | None, typer.Option(help="Resolve days in this time zone where an event has no offset; none is UTC.")
    ] = None,
    keep_events_for: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Forget events after so long, such as P365D; none keeps them."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what is settled about a place, and settle what is given.

    Example: semmem configure --zone Europe/Berlin --keep-events-for P365D --tenant acme --user alice
    """

    async def work() -> ScopeSettings:
        async with scoped(ctx, place) as memory:
            found = await memory.settings()
            settled = found
            if zone is not None:
                settled = replace(settled, zone=None if zone == NONE else zone)
            if keep_events_for is not None:
                forever = keep_events_for == NONE
                span = None if forever else options.duration("keep_events_for", keep_events_for)
                settled = replace(settled, keep_events_for=span)
            if settled != found:
                await memory.configure(settled)
        return settled

    show(run(work()), as_json, _picture)


def _picture(found: ScopeSettings) -> RenderableType:
    kept = str(found.keep_events_for) if found.keep_events_for else "for ever"
    return table("what", "as it is settled", rows=[("zone", found.zone or "UTC"), ("events are kept", kept)])


COMMANDS = {"configure": configure}
