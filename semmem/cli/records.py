"""The commands for what is kept under keys of a caller's own: records put, get, list and delete."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from semmem.cli import options, output
from semmem.cli.failures import Commands
from semmem.cli.output import counted, show
from semmem.cli.places import Also, at_place
from semmem.cli.running import run, scoped, settings_of, viewed
from semmem.cli.settling import settle_unless_stalled
from semmem.cli.stdin import text_or_stdin
from semmem.domain.event import NewEvent
from semmem.domain.record import Record
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput, NotFound
from semmem.retrieval.quote import visible

app = typer.Typer(
    cls=Commands, help="Keep JSON values under keys of your own: put, get, list and delete them.", no_args_is_help=True
)

Key = Annotated[str, typer.Argument(help="The key.", show_default=False)]


@app.command()
@at_place
def put(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(help="A JSON object; - reads it from stdin.", show_default=False)],
    place: Branch,
    text: Annotated[str | None, typer.Option(help="An event that recall finds the record by.")] = None,
    ttl: Annotated[str | None, typer.Option(metavar="DURATION", help="It is gone after that: 3600, 30m, P7D.")] = None,
    wait: options.Wait = None,
    as_json: options.AsJson = False,
) -> None:
    """Store a value under a key; the value before it is forgotten.

    Example: semmem records put theme '{"dark": true}' --tenant acme --user alice

    Example: semmem records put diet '{"vegan": true}' --text "Alice eats vegan." --tenant acme --user alice --ttl 30d
    """

    async def work() -> Record:
        given = options.json_object("value", text_or_stdin("value", value))
        event = NewEvent(content=text) if text else None
        span = None if ttl is None else options.duration("ttl", ttl)
        async with scoped(ctx, place) as memory:
            record = await memory.records.put(key, given, event=event, ttl=span)
            if event and (settings_of(ctx).runs_worker if wait is None else wait):
                await settle_unless_stalled(memory)
            return record

    show(run(work()), as_json, _record)


@app.command()
@at_place
def get(ctx: typer.Context, key: Key, place: Branch, as_json: options.AsJson = False) -> None:
    """Print the value under a key; exit code 3 where there is none.

    Example: semmem records get theme --tenant acme --user alice
    """

    async def work() -> Record:
        async with scoped(ctx, place, reads=True) as memory:
            record = await memory.records.get(key)
            if record is None:
                raise NotFound(f"no record {key} in this scope; `semmem records list` shows the keys")
            return record

    show(run(work()), as_json, _record)


@app.command("list")
@at_place
def list_(
    ctx: typer.Context,
    place: Branch,
    matching: Annotated[str, typer.Option(help="A JSON object that the value has to contain.")] = "",
    where: options.Where = None,
    after: Annotated[str | None, typer.Option(metavar="KEY", help="Go on after the record of this key.")] = None,
    also: Also = None,
    limit: options.Limit = 100,
    as_json: options.AsJson = False,
) -> None:
    """List records in the order they were first put.

    Example: semmem records list --tenant acme --user alice --matching '{"dark": true}'
    """

    async def work() -> list[Record]:
        wanted = options.json_object("matching", matching) if matching else None
        async with viewed(ctx, place, also) as (memory, others):
            start = None if after is None else _the_only(after, await memory.records.named([after], also=others))
            return await memory.records.find(
                also=others, matching=wanted, where=options.condition(where), after=start, limit=limit
            )

    show(run(work()), as_json, output.records)


@app.command()
@at_place
def delete(
    ctx: typer.Context,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="The keys.", show_default=False)],
    place: Branch,
    as_json: options.AsJson = False,
) -> None:
    """Forget the records under these keys, and their events, from every tier.

    Example: semmem records delete theme --tenant acme --user alice
    """

    async def work() -> dict[str, int]:
        async with scoped(ctx, place) as memory:
            return {"deleted": await memory.records.delete(keys)}

    show(run(work()), as_json, lambda found: f"{counted(found['deleted'], 'record')} deleted")


def _the_only(key: str, found: Sequence[Record]) -> Record:
    if not found:
        raise NotFound(f"no record {key} in this scope to go on from; list from the start")
    if len(found) > 1:
        raise InvalidInput("after", "is a key in several of these places", "list them one by one")
    return found[0]


def _record(record: Record) -> Text:
    return Text(visible(json.dumps(record.value, ensure_ascii=False, indent=2)))
