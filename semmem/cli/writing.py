"""The commands that change a memory: remember and forget."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from semmem.cli import options, output
from semmem.cli.output import notes, show
from semmem.cli.places import at_place
from semmem.cli.running import FAILED, briefly, memory_of, run, scoped, settings_of
from semmem.cli.settling import followed, settle_unless_stalled
from semmem.cli.stdin import confirmed, text_or_stdin
from semmem.cli.stores import note_lacking
from semmem.domain.event import Ack, NewEvent, Role
from semmem.domain.receipt import Receipt, Selection
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput


@at_place
def remember(
    ctx: typer.Context,
    content: Annotated[str, typer.Argument(help="What was said; - reads it from stdin.", show_default=False)],
    place: Branch,
    role: Annotated[Role, typer.Option(help="Who speaks.")] = "user",
    speaker: Annotated[str | None, typer.Option(help="Who said it, by name.")] = None,
    agent: Annotated[str | None, typer.Option(help="The agent that saw it.")] = None,
    agent_type: Annotated[str | None, typer.Option(help="That agent's type.")] = None,
    session: Annotated[str | None, typer.Option(help="The session it belongs to.")] = None,
    event_type: Annotated[str, typer.Option(help="What kind of event it is.")] = "message",
    importance: Annotated[float, typer.Option(help="From 0 to 1.")] = 0.5,
    metadata: Annotated[str, typer.Option(help="A JSON object, kept with the event.")] = "{}",
    occurred_at: options.OccurredAt = None,
    key: Annotated[str | None, typer.Option(help="Makes redelivery safe: the same key is stored once.")] = None,
    wait: options.Wait = None,
    as_json: options.AsJson = False,
) -> None:
    """Store one event; it is acknowledged when it is committed.

    Example: semmem remember "I moved to Berlin in May." --tenant acme --user alice --session s1 --key msg-17

    Example: semmem remember - --tenant acme --user alice < note.txt
    """

    async def work() -> Ack:
        event = NewEvent(
            content=text_or_stdin("content", content),
            role=role,
            speaker=speaker,
            agent=agent,
            agent_type=agent_type,
            session=session,
            event_type=event_type,
            importance=importance,
            metadata=options.json_object("metadata", metadata),
            occurred_at=occurred_at,
            key=key,
        )
        async with scoped(ctx, place) as memory:
            [ack] = await memory.remember_many([event])
            if settings_of(ctx).runs_worker if wait is None else wait:
                await settle_unless_stalled(memory)
        return ack

    show(run(work()), as_json, lambda ack: output.acks([ack]))


@at_place
def forget(
    ctx: typer.Context,
    place: Branch,
    everything: Annotated[bool, typer.Option("--everything", help="All of it, branches too.")] = False,
    session: options.Session = None,
    event: options.EventId = None,
    fact: options.FactId = None,
    agent: options.Agent = None,
    category: options.OfCategory = None,
    before: options.Before = None,
    keep_events: Annotated[
        bool, typer.Option("--keep-events", help="With --fact: it was wrongly learnt; what it rests on stays.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Remove what matches all that is named, from every tier at once, and show the receipt.

    Without --yes it counts first and asks.

    Example: semmem forget --tenant acme --user alice --session s1 --dry-run

    Example: semmem forget --tenant acme --user alice --before 2026-05-04 --yes

    Example: semmem forget --tenant acme --user alice --fact 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 --keep-events
    """
    named = {"session": session, "event": event, "fact": fact, "agent": agent, "category": category, "before": before}
    selection: dict[str, Any] = {"everything": everything, "keep_events": keep_events, **named}

    async def work() -> Receipt:
        _check_named(selection)
        async with scoped(ctx, place) as memory:
            counted = await memory.forget(**selection, dry_run=True)
            if dry_run:
                return counted
            if not yes and not await confirmed(f"Forget for good ({output.forgotten(counted)})?", "forget"):
                notes.print("nothing was forgotten")
                raise typer.Exit(FAILED)
            receipt = await memory.forget(**selection)
            return await followed(memory, receipt) if settings_of(ctx).runs_worker else receipt

    show(run(work()), as_json, output.receipt)


def _check_named(selection: Mapping[str, Any]) -> None:
    """As `Selection` does, in the words of the command line. Raises InvalidInput."""
    named = [name for name, value in selection.items() if name not in ("everything", "keep_events") and value]
    if selection["keep_events"] and named != ["fact"]:
        raise InvalidInput("keep_events", "goes with a fact alone", "pass --fact ID --keep-events, and nothing else")
    if selection["everything"] and named:
        fix = f"leave --everything out, or --{named[0]}"
        raise InvalidInput("forget", "takes everything, or what is named", fix)
    if not selection["everything"] and not named:
        raise InvalidInput("forget", "must name what to forget", "pass --everything, --session, --event, --fact, ...")
    Selection(**selection)


@at_place
def receipts(
    ctx: typer.Context,
    id: Annotated[
        UUID | None,
        typer.Argument(parser=options.item_id, help="This one, with when each store followed.", show_default=False),
    ] = None,
    *,
    place: Branch,
    before: options.BeforeId = None,
    limit: options.Limit = 100,
    as_json: options.AsJson = False,
) -> None:
    """List what was forgotten, newest first, or show one receipt as it stands now.

    Example: semmem receipts --tenant acme --user alice
    """

    async def one(id: UUID) -> Receipt:
        async with briefly(ctx) as opened:
            found = await memory_of(opened, place).receipt(id)
            await note_lacking(opened, [found])
            return found

    async def listed() -> list[Receipt]:
        async with briefly(ctx) as opened:
            found = await memory_of(opened, place).receipts(before=before, limit=limit)
            await note_lacking(opened, found)
            return found

    if id is not None:
        show(run(one(id)), as_json, output.receipt)
    else:
        show(run(listed()), as_json, output.receipts)


COMMANDS = {"remember": remember, "forget": forget, "receipts": receipts}
