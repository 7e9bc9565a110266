"""The commands for a group of consumers: group lag, dead-letters, replay and delete."""

from typing import Annotated

import typer
from rich.console import RenderableType

from semmem.cli import agent_pictures, options
from semmem.cli.failures import Commands
from semmem.cli.output import counted, show
from semmem.cli.places import at_place
from semmem.cli.running import run, scoped
from semmem.domain.entry import Entry
from semmem.domain.group import GroupLag
from semmem.domain.scope import Branch
from semmem.errors import NotFound

app = typer.Typer(
    cls=Commands,
    help="See how far a group of consumers is, and hand out again what nobody settled.",
    no_args_is_help=True,
)

Group = Annotated[str, typer.Argument(metavar="NAME", help="The group.", show_default=False)]


@app.command()
@at_place
def lag(ctx: typer.Context, group: Group, place: Branch, as_json: options.AsJson = False) -> None:
    """Show how many entries a group is behind, and how many deliveries are leased and dead.

    Example: semmem group lag billing --tenant acme --workspace launch
    """

    async def work() -> GroupLag:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.group(group).lag()

    show(run(work()), as_json, agent_pictures.lag)


@app.command("dead-letters")
@at_place
def dead_letters(
    ctx: typer.Context, group: Group, place: Branch, limit: options.Limit = 100, as_json: options.AsJson = False
) -> None:
    """List what was handed out five times and never settled, oldest first.

    Example: semmem group dead-letters billing --tenant acme --workspace launch
    """

    async def work() -> list[Entry]:
        async with scoped(ctx, place, reads=True) as memory:
            named = memory.group(group)
            await named.lag()  # which says where there is no such group
            return await named.dead_letters(limit=limit)

    show(run(work()), as_json, agent_pictures.entries)


@app.command()
@at_place
def replay(
    ctx: typer.Context,
    group: Group,
    place: Branch,
    position: Annotated[
        list[int] | None, typer.Option(metavar="POSITION", help="This dead letter only; may be repeated.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Hand out dead letters again, with five attempts more.

    Example: semmem group replay billing --position 17 --tenant acme --workspace launch
    """

    async def work() -> dict[str, int]:
        async with scoped(ctx, place, reads=True) as memory:
            named = memory.group(group)
            await named.lag()
            replayed = await named.replay(position)
        if position and not replayed:
            raise NotFound(f"no dead letter of {group} stands there; `semmem group dead-letters` shows the positions")
        return {"replayed": replayed}

    show(run(work()), as_json, _replayed)


def _replayed(found: dict[str, int]) -> RenderableType:
    return f"{counted(found['replayed'], 'dead letter')} will be handed out again"


@app.command()
@at_place
def delete(ctx: typer.Context, group: Group, place: Branch, as_json: options.AsJson = False) -> None:
    """Delete a group with its deliveries and dead letters; events stay, and its consumers end.

    Example: semmem group delete billing --tenant acme --workspace launch
    """

    async def work() -> dict[str, bool]:
        async with scoped(ctx, place, reads=True) as memory:
            deleted = await memory.group(group).delete()
        if not deleted:
            raise NotFound(f"no group {group} in this scope")
        return {"deleted": deleted}

    show(run(work()), as_json, lambda _: f"the group {group} is deleted")
