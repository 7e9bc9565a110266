"""The commands that move events in and out: import and export."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from semmem.cli import options, output
from semmem.cli.importing import Intake, Outcome
from semmem.cli.lines import Reader, line_of
from semmem.cli.output import notes, show
from semmem.cli.running import FAILED, application, memory_of, run, scoped
from semmem.cli.settling import PATIENCE, settle
from semmem.errors import InvalidInput
from semmem.event import NewEvent
from semmem.scope import Scope

if TYPE_CHECKING:
    from semmem.evals.dataset import Conversation
    from semmem.memory import ScopedMemory

LOCOMO_TENANT = "locomo"
STDIN = "-"


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file; - reads stdin.", show_default=False)],
    tenant: Annotated[str | None, typer.Option(envvar="SEMMEM_TENANT", help="The tenant.", show_default=False)] = None,
    user: options.User = None,
    workspace: options.Workspace = None,
    format: Annotated[Literal["jsonl", "locomo"], typer.Option(help="What the file holds.")] = "jsonl",
    conversations: Annotated[str, typer.Option(help="LoCoMo only: these, such as conv-26,conv-30.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that is refused.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until all is extracted and indexed.")] = True,
    patience: options.Patience = PATIENCE,
    as_json: options.AsJson = False,
) -> None:
    """Take in a file of events; importing it again stores nothing twice.

    A line is a JSON object with an event's fields: content, and what is known of role, speaker, agent, agent_type,
    session, event_type, importance, metadata, occurred_at (ISO 8601 with a zone) and key. A line that is refused is
    named by its number, and the rest goes on. LoCoMo's conversations each become a workspace of the tenant "locomo".

    Example: semmem import events.jsonl --tenant acme --user alice

    Example: semmem import locomo_dev.json --format locomo --conversations conv-26
    """

    async def work() -> Outcome:
        outcome, size = Outcome(), _size(file)
        try:
            if format == "locomo":
                chosen = _conversations(file, conversations, user, workspace)
                await _locomo(ctx, chosen, tenant, outcome, wait, patience)
            else:
                scope = Scope.one_of(tenant or "", user=user, workspace=workspace)
                async with scoped(ctx, scope) as memory:
                    await _lines(memory, file, size, strict, outcome)
                    if wait:
                        await settle([memory], patience=patience)
        except asyncio.CancelledError:
            stored = f"{outcome.accepted} events were stored now, {outcome.duplicate} before"
            notes.print(f"{stored}; import the file again to go on, nothing is stored twice", soft_wrap=True)
            raise
        return outcome

    outcome = run(work())
    show(outcome, as_json, output.outcome)
    if outcome.refused:
        raise typer.Exit(FAILED)


def _size(file: Path) -> int | None:
    """In bytes; None for stdin, whose end nobody knows."""
    if str(file) == STDIN:
        return None
    if not file.is_file():
        raise InvalidInput("file", f"{file} is not there, or no file", "name a file, or - for stdin")
    return file.stat().st_size


async def _lines(memory: "ScopedMemory", file: Path, size: int | None, strict: bool, outcome: Outcome) -> None:
    with _opened(file) as stream, _bar() as progress:
        task = progress.add_task("importing", total=size)
        read = _read(stream, Reader(datetime.now(UTC)), lambda length: progress.advance(task, length))
        await Intake(memory, outcome, unit="line", strict=strict).take(read)


def _opened(file: Path) -> BinaryIO:
    return typer.get_binary_stream("stdin") if str(file) == STDIN else file.open("rb")


def _read(
    stream: BinaryIO, reader: Reader, advance: Callable[[int], None]
) -> Iterator[tuple[int, NewEvent | InvalidInput]]:
    for number, line in enumerate(stream, start=1):
        advance(len(line))
        if not line.strip():
            continue
        try:
            yield number, reader.read(line)
        except InvalidInput as error:
            yield number, error


def _conversations(file: Path, ids: str, user: str | None, workspace: str | None) -> "list[Conversation]":
    from semmem.evals.dataset import chosen
    from semmem.evals.locomo import load

    if user is not None or workspace is not None:
        raise InvalidInput(
            "scope", "is the conversation's own with --format locomo", "leave --user and --workspace out"
        )
    return chosen(load(file), [id.strip() for id in ids.split(",") if id.strip()])


async def _locomo(
    ctx: typer.Context,
    conversations: "list[Conversation]",
    tenant: str | None,
    outcome: Outcome,
    wait: bool,
    patience: float,
) -> None:
    async with application(ctx) as opened:
        memories = []
        with _bar() as progress:
            for conversation in progress.track(conversations, description="importing"):
                memory = memory_of(opened, Scope.workspace(tenant or LOCOMO_TENANT, conversation.id))
                memories.append(memory)
                await Intake(memory, outcome, unit="turn", strict=True).take(enumerate(conversation.events, start=1))
        if wait:
            await settle(memories, patience=patience)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=notes, transient=True)


def export(
    ctx: typer.Context, tenant: options.Tenant, user: options.User = None, workspace: options.Workspace = None
) -> None:
    """Write all events, oldest first, as the lines of JSON that import takes.

    Example: semmem export --tenant acme --user alice > events.jsonl
    """

    async def work() -> int:
        count = 0
        async with scoped(ctx, Scope.one_of(tenant, user=user, workspace=workspace)) as memory:
            async for event in memory.events():
                print(line_of(event))
                count += 1
        return count

    notes.print(f"{run(work())} events", style="dim")


COMMANDS = {"import": import_, "export": export}
