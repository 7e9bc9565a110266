"""The commands for what agents share besides events: state, update, checkpoint, checkpoints and restore."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semmem.cli import agent_pictures, options
from semmem.cli.agents import As, StateClass, acting, imported_class
from semmem.cli.output import show
from semmem.cli.places import at_place
from semmem.cli.running import run, scoped
from semmem.domain.reducers import told
from semmem.domain.scope import Branch
from semmem.domain.state import Change, Checkpoint, Snapshot
from semmem.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from semmem.domain.schema import State
    from semmem.memory.scoped import ScopedMemory

LONGEST_POSITION = 19  # digits


@at_place
def state(
    ctx: typer.Context,
    place: Branch,
    field: Annotated[list[str] | None, typer.Option(metavar="NAME", help="This field only; may be repeated.")] = None,
    at: Annotated[int | None, typer.Option(metavar="POSITION", help="As it was at this position of the log.")] = None,
    checkpoint: Annotated[str | None, typer.Option(metavar="NAME", help="As it was at this checkpoint.")] = None,
    as_of: options.AsOf = None,
    as_json: options.AsJson = False,
) -> None:
    """Show the state that agents share in a place: each field, where it was last changed, and by whom.

    Example: semmem state --tenant acme --workspace launch

    Example: semmem state --tenant acme --workspace launch --field verdict --checkpoint before-sending --json
    """

    async def work() -> Snapshot:
        if sum(each is not None for each in (at, checkpoint, as_of)) > 1:
            raise InvalidInput("at", "is one of a position, a checkpoint and a time", "name one of the three")
        async with scoped(ctx, place, reads=True) as memory:
            then: int | Checkpoint | datetime | None = at if as_of is None else as_of
            if checkpoint is not None:
                then = await _kept(memory, checkpoint)
            return await memory.state(at=then, fields=field or ())

    show(run(work()), as_json, agent_pictures.snapshot)


@at_place
def update(
    ctx: typer.Context,
    changes: Annotated[
        list[str], typer.Argument(metavar="CHANGE...", help="FIELD=TEXT or FIELD:=JSON.", show_default=False)
    ],
    place: Branch,
    state_class: StateClass,
    as_agent: As = None,
    confidence: Annotated[float, typer.Option(help="From 0 to 1: how sure the teller is.")] = 1.0,
    expected: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=POSITION", help="Only if it was last changed there; may be repeated."),
    ] = None,
    seen: Annotated[
        int | None, typer.Option(metavar="POSITION", help="Up to where in the log the state was read.")
    ] = None,
    told_at: options.ToldAt = None,
    as_json: options.AsJson = False,
) -> None:
    """Change fields of the state, all of them or none, each by its reducer.

    The class is imported, from the working directory too. Exit code 4 where somebody else has changed what --expected
    names, or after --seen what its reducer refuses to change unseen; `semmem state` shows positions.

    Example: semmem update verdict=enter calls_left:=-1 --state-class app.agents:Launch --as r1 --tenant acme
    --workspace launch

    Example: semmem update 'findings:=["4.2 bn"]' --state-class app.agents:Launch --tenant acme --workspace launch
    """

    async def work() -> Change:
        declared = imported_class(state_class)
        given: dict[str, Any] = {
            name: told(value, confidence=confidence) for name, value in _changes(changes, declared).items()
        }
        before = None if expected is None else _positions(expected)
        async with acting(ctx, place, as_agent, state=declared) as memory:
            return await memory.update(expected=before, seen=seen, told_at=told_at, **given)

    show(run(work()), as_json, agent_pictures.change)


def _changes(written: Sequence[str], declared: "type[State]") -> dict[str, Any]:
    """Returns values by the fields that the class declares. Raises InvalidInput."""
    from semmem.domain.schema import declaration_of

    declaration, made = declaration_of(declared), dict[str, Any]()
    for text in written:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput("changes", f"{text!r:.100} is none", "write FIELD=TEXT, or FIELD:=JSON")
        field = declaration.field(name.removesuffix(":"))
        if field.name in made:
            raise InvalidInput("changes", f"must name {field.name} once", "write one change of each field")
        made[field.name] = _json(field.name, value) if name.endswith(":") else value
    return made


def _json(field: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput(field, "is no JSON behind :=", "write JSON there, or text behind =") from None


def _positions(written: Sequence[str]) -> dict[str, int]:
    """Returns positions by fields. Raises InvalidInput."""
    made = {}
    for text in written:
        name, _, position = text.rpartition("=")
        if not name or not (position.isascii() and position.isdecimal()) or len(position) > LONGEST_POSITION:
            raise InvalidInput("expected", f"{text!r:.100} is no FIELD=POSITION", "write it like verdict=17")
        made[name] = int(position)
    return made


@at_place
def checkpoint(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Its name, to restore it by.", show_default="one that is made up")
    ] = None,
    *,
    place: Branch,
    pinned: Annotated[bool, typer.Option("--pinned", help="Keep it, whatever comes after.")] = False,
    as_agent: As = None,
    as_json: options.AsJson = False,
) -> None:
    """Name the state as it is now, with its digest. The last three are kept, and those that are pinned.

    Example: semmem checkpoint before-sending --tenant acme --workspace launch
    """

    async def work() -> Checkpoint:
        async with acting(ctx, place, as_agent) as memory:
            return await memory.checkpoint(name, pinned=pinned)

    show(run(work()), as_json, lambda made: agent_pictures.checkpoints([made]))


@at_place
def checkpoints(ctx: typer.Context, place: Branch, as_json: options.AsJson = False) -> None:
    """List the checkpoints that are kept, newest first.

    Example: semmem checkpoints --tenant acme --workspace launch
    """

    async def work() -> list[Checkpoint]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.checkpoints()

    show(run(work()), as_json, agent_pictures.checkpoints)


@at_place
def restore(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The checkpoint.", show_default=False)] = None,
    *,
    place: Branch,
    position: Annotated[
        int | None, typer.Option(metavar="POSITION", help="In place of a checkpoint: a position of the log.")
    ] = None,
    as_agent: As = None,
    as_json: options.AsJson = False,
) -> None:
    """Let the state be again what it was at a checkpoint, which is verified first, or at a position; events stay.

    This is a change of its own, which can be undone by its position as well.

    Example: semmem restore before-sending --tenant acme --workspace launch
    """

    async def work() -> Change:
        if (name is None) == (position is None):
            raise InvalidInput("name", "or a position must say what to restore", "name a checkpoint, or --position")
        async with acting(ctx, place, as_agent) as memory:
            if position is not None:
                return await memory.restore(position)
            return await memory.restore(await _kept(memory, name))

    show(run(work()), as_json, agent_pictures.change)


async def _kept(memory: "ScopedMemory", name: str | None) -> Checkpoint:
    """Returns the checkpoint of this name. Raises NotFound."""
    for each in await memory.checkpoints():
        if each.name == name:
            return each
    raise NotFound(f"no checkpoint {name} is kept in this scope; `semmem checkpoints` lists them")


COMMANDS = {
    "state": state,
    "update": update,
    "checkpoint": checkpoint,
    "checkpoints": checkpoints,
    "restore": restore,
}
