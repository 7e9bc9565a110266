"""The commands for a task that agents work on together: begin, overview, roster, status and end."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from semmem.cli import agent_pictures, options
from semmem.cli.agents import As, StateClassIfAny, acting, imported_class
from semmem.cli.output import show
from semmem.cli.places import at_place
from semmem.cli.running import run, scoped
from semmem.domain.checks import check_id
from semmem.domain.scope import Branch
from semmem.domain.workspace import Member, Overview, Workspace
from semmem.errors import InvalidInput


@at_place
def begin(
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(help="What is to be done.", show_default=False)],
    place: Branch,
    roster: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AGENT=ROLE", help="Who takes part, and as what; may be repeated.", show_default="anybody"
        ),
    ] = None,
    state_class: StateClassIfAny = None,
    as_agent: As = None,
    as_json: options.AsJson = False,
) -> None:
    """Begin a task in a place, with those who take part and the class of what they share.

    Begun again, in the same words, it goes on; another roster takes the place of the one before. Where another task
    lasts, end it first.

    Example: semmem begin "Enter Vietnam?" --roster r1=researcher --roster w1=writer --state-class app.agents:Launch
    --tenant acme --workspace launch
    """

    async def work() -> Workspace:
        declared = None if state_class is None else imported_class(state_class)
        named = _roles(roster or ())
        async with acting(ctx, place, as_agent) as memory:
            return await memory.begin(task, roster=named, state=declared)

    show(run(work()), as_json, agent_pictures.workspace)


def _roles(written: Sequence[str]) -> dict[str, str]:
    """Returns roles by agents. Raises InvalidInput."""
    made: dict[str, str] = {}
    for text in written:
        agent, equals, role = text.partition("=")
        if not equals:
            raise InvalidInput("roster", f"{text!r:.100} is no AGENT=ROLE", "write it like r1=researcher")
        if agent in made:
            raise InvalidInput("roster", f"must name {agent:.100} once", "give each agent one role")
        made[agent] = role
    return made


@at_place
def overview(
    ctx: typer.Context,
    place: Branch,
    recent: Annotated[int, typer.Option(min=1, help="So many of the last positions of the log.")] = 20,
    as_json: options.AsJson = False,
) -> None:
    """Show a place at a glance: its task, who does what, open questions, the newest results, and the end of its log.

    Example: semmem overview --tenant acme --workspace launch
    """

    async def work() -> Overview:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.overview(recent)

    show(run(work()), as_json, agent_pictures.overview)


@at_place
def roster(ctx: typer.Context, place: Branch, as_json: options.AsJson = False) -> None:
    """Show who works in a place: roles, and the last that each said of its work.

    Example: semmem roster --tenant acme --workspace launch
    """

    async def work() -> list[Member]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.roster()

    show(run(work()), as_json, agent_pictures.roster)


@at_place
def status(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="What the agent does.", show_default=False)],
    place: Branch,
    as_agent: Annotated[str, typer.Option("--as", metavar="AGENT", help="The agent that says it.", show_default=False)],
    detail: Annotated[str, typer.Option(help="More of it.", show_default=False)] = "",
    ttl: Annotated[str, typer.Option(metavar="DURATION", help="How long it counts: 1s to 7d.")] = "5m",
    role: Annotated[
        str | None, typer.Option(help="Its role, where no roster names it.", show_default="the roster's")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what an agent does, for the roster to show until its time is over.

    Example: semmem status searching --detail "in the archives" --as r1 --ttl 10m --tenant acme --workspace launch
    """

    async def work() -> Member:
        check_id("as", as_agent)
        span: timedelta = options.duration("ttl", ttl)
        async with scoped(ctx, place, reads=True) as memory:
            await memory.agent(as_agent, role=role).status(text, detail, ttl=span)
            return next(member for member in await memory.roster() if member.agent == as_agent)

    show(run(work()), as_json, lambda member: agent_pictures.roster([member]))


@at_place
def end(
    ctx: typer.Context,
    status: Annotated[str, typer.Argument(help="What it ends with, in a word.", show_default=False)],
    place: Branch,
    result: Annotated[str | None, typer.Option(help="What came out; it is remembered.", show_default="nothing")] = None,
    as_agent: As = None,
    as_json: options.AsJson = False,
) -> None:
    """End the task of a place, and with it the questions that nobody has answered; exit code 3 where none lasts.

    Example: semmem end decided --result "Enter Vietnam in May." --tenant acme --workspace launch
    """

    async def work() -> Workspace | None:
        async with acting(ctx, place, as_agent) as memory:
            return await memory.end(status, result)

    show(run(work()), as_json, agent_pictures.workspace)


COMMANDS = {"begin": begin, "overview": overview, "roster": roster, "status": status, "end": end}
