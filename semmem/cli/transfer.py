"""The commands that move memories in and out: import, export and scopes."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from semmem.cli import options, output
from semmem.cli.files import check_is_lines, first_of, is_archive, opened, size_of
from semmem.cli.importing import Intake, Outcome, tally
from semmem.cli.output import notes, show
from semmem.cli.places import BranchPath, Owner, at_place, place_named
from semmem.cli.running import FAILED, application, briefly, memory_of, run, scoped, settings_of
from semmem.cli.settling import PATIENCE, settle
from semmem.domain.archive import object_of, read_header
from semmem.domain.event import NewEvent
from semmem.domain.lines import Reader, line_of
from semmem.domain.scope import Branch, Scope
from semmem.errors import InvalidInput

if TYPE_CHECKING:
    from semmem.domain.scope import ScopeKind
    from semmem.memory.archiving import Archive
    from semmem.memory.scoped import ScopedMemory
    from semmem.memory.transfer import Imported
    from semmem.wiring.inventory import Holding

LOCOMO_TENANT = "locomo"


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file; - reads stdin.", show_default=False)],
    tenant: Annotated[str | None, typer.Option(envvar="SEMMEM_TENANT", help="The tenant.", show_default=False)] = None,
    user: options.User = None,
    workspace: options.Workspace = None,
    branch: BranchPath = None,
    owner: Owner = None,
    format: Annotated[Literal["jsonl", "locomo"], typer.Option(help="What the file holds.")] = "jsonl",
    conversations: Annotated[str, typer.Option(help="LoCoMo only: these, such as conv-26,conv-30.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that is refused.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until all is extracted and indexed.")] = True,
    patience: options.Patience = PATIENCE,
    as_json: options.AsJson = False,
) -> None:
    """Take in what export wrote, or a file of events; importing it again stores nothing twice.

    What export wrote is checked whole before anything is stored, and comes as it was: facts with their sources and
    versions, ids and times. It may be another user's or database's: --tenant, --user and --branch say where it goes.

    In a file of events, a line is a JSON object with an event's fields: content, and what is known of role, speaker,
    agent, agent_type, session, event_type, importance, metadata, occurred_at (ISO 8601 with a zone) and key. A line
    that is refused is named by its number, and the rest goes on. LoCoMo's conversations each become a workspace of the
    tenant "locomo".

    Example: semmem import events.jsonl --tenant acme --user alice

    Example: semmem import locomo_dev.json --format locomo --conversations conv-26
    """

    wanted = Wanted(
        file=file,
        place=(user, workspace, branch, owner),
        tenant=tenant,
        conversations=conversations,
        strict=strict,
        patience=patience if wait else None,
    )
    found = run(wanted.locomo(ctx) if format == "locomo" else wanted.lines(ctx))
    if not isinstance(found, Outcome):
        show(found, as_json, output.imported)
        return
    show(found, as_json, tally)
    if found.refused:
        raise typer.Exit(FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks to be imported; `place` as user, workspace, branch and owner are named there."""

    file: Path
    place: tuple[str | None, str | None, str | None, str | None]
    tenant: str | None
    conversations: str
    strict: bool
    patience: float | None  # None where nobody waits

    async def lines(self, ctx: typer.Context) -> "Outcome | Imported":
        """Imports a file of events, or of what export wrote."""
        if self.conversations:
            raise InvalidInput("conversations", "goes with --format locomo", "leave it out, or add --format locomo")
        place = place_named(self.tenant or "", *self.place)
        outcome = Outcome()
        with opened(self.file) as stream, _noted_when_interrupted(outcome):
            first, lines = first_of(stream)
            check_is_lines(first)
            async with briefly(ctx) as application:
                memory = memory_of(application, place)
                imported: Imported | None = None
                if is_archive(first):
                    imported = await _archive(memory, lines, size_of(self.file))
                else:
                    await _lines(memory, lines, size_of(self.file), self.strict, outcome)
                if self.patience is not None:
                    others = [place for place in await memory.branches() if place != memory.place]
                    memories = [memory, *(memory_of(application, place) for place in others)]
                    await settle(memories, patience=self.patience)
        return imported or outcome

    async def locomo(self, ctx: typer.Context) -> Outcome:
        """Imports LoCoMo's conversations, each into a workspace of its own."""
        from semmem.evals.datasets.dataset import chosen
        from semmem.evals.datasets.locomo import load

        if any(self.place):
            fix = "leave --user, --workspace, --branch and --owner out"
            raise InvalidInput("scope", "is the conversation's own with --format locomo", fix)
        ids = [id.strip() for id in self.conversations.split(",") if id.strip()]
        conversations = chosen(load(self.file), ids)
        outcome = Outcome()
        with _noted_when_interrupted(outcome):
            async with application(ctx) as opened:
                memories = []
                with _bar() as progress:
                    for conversation in progress.track(conversations, description="importing"):
                        memory = memory_of(opened, Scope.workspace(self.tenant or LOCOMO_TENANT, conversation.id))
                        memories.append(memory)
                        intake = Intake(memory, outcome, unit="turn", strict=True)
                        await intake.take(enumerate(conversation.events, start=1))
                if self.patience is not None:
                    await settle(memories, patience=self.patience)
        return outcome


@contextmanager
def _noted_when_interrupted(outcome: Outcome) -> Iterator[None]:
    """Notes how much is stored, where an interrupt ends it."""
    try:
        yield
    except asyncio.CancelledError:
        if outcome.accepted or outcome.duplicate:
            stored = f"{outcome.accepted} events were stored now, {outcome.duplicate} before"
            notes.print(f"{stored}; import the file again to go on, nothing is stored twice", soft_wrap=True)
        raise


async def _archive(memory: "ScopedMemory", lines: Iterator[bytes], size: int | None) -> "Imported":
    """Imports what export wrote. An interrupt ends it after the batch at hand."""
    done, of = 0, 0
    with _bar() as progress:
        task = progress.add_task("checking", total=size)

        def checked() -> Iterator[bytes]:
            for line in lines:
                progress.advance(task, len(line))
                yield line

        def report(stored: int, total: int) -> None:
            nonlocal done, of
            done, of = stored, total
            progress.update(task, description="importing", completed=stored, total=total)

        try:
            imported = await memory.import_(checked(), progress=report)
        except asyncio.CancelledError:
            stored = f"{done} of {of} lines are stored" if done else "nothing is stored yet"
            notes.print(f"{stored}; import the file again to go on, nothing is stored twice", soft_wrap=True)
            raise
    _warn(imported.warnings)
    return imported


async def _lines(
    memory: "ScopedMemory", lines: Iterator[bytes], size: int | None, strict: bool, outcome: Outcome
) -> None:
    reader = Reader(datetime.now(UTC))
    with _bar() as progress:
        task = progress.add_task("importing", total=size)

        def read() -> Iterator[tuple[int, NewEvent | InvalidInput]]:
            for number, line in enumerate(lines, start=1):
                progress.advance(task, len(line))
                if not line.strip():
                    continue
                try:
                    yield number, reader.read(line)
                except InvalidInput as error:
                    yield number, error

        await Intake(memory, outcome, unit="line", strict=strict).take(read())


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal)


@at_place
def export(
    ctx: typer.Context,
    place: Branch,
    events: Annotated[bool, typer.Option("--events", help="Only events, as plain lines, without branches.")] = False,
) -> None:
    """Write a memory whole, as lines of JSON that import makes the same again, in this database or another.

    With all branches below, records, facts and their versions, summaries and dead letters. Vectors are made anew where
    it is imported; receipts of earlier forgets and audit rows stay behind. All is as of one moment, whatever is written
    meanwhile; the last line sums up the others, so that a cut file is recognised.

    Example: semmem export --tenant acme --user alice > alice.jsonl

    Example: semmem export --branch projects/apollo --tenant acme --user alice > apollo.jsonl
    """

    async def work() -> int:
        from semmem.memory.transfer import left_out

        if sys.stdout is None:
            raise InvalidInput("stdout", "is closed", "send it to a file, such as by > alice.jsonl")

        count, out = 0, typer.get_binary_stream("stdout")
        async with scoped(ctx, place, reads=True) as memory:
            found = (line_of(event) async for event in memory.events()) if events else memory.export()
            with _bar() as progress:
                task = progress.add_task("exporting", total=None)
                async with aclosing(found) as lines:
                    async for line in lines:
                        out.write(line.encode() + b"\n")
                        if not count and not events:  # the header, which says what it leaves behind
                            _warn(left_out(read_header(object_of(line.encode())).left_behind))
                        count += 1
                        progress.update(task, description=f"exporting: {count} lines")
        out.flush()
        return count

    notes.print(f"{run(work())} {'events' if events else 'lines'}", style="dim")


@at_place
def archive(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file.", show_default=False)],
    place: Branch,
    before: Annotated[
        datetime,
        typer.Option(parser=options.instant, metavar="TIME", help="What was remembered before this time or date."),
    ],
    as_json: options.AsJson = False,
) -> None:
    """Move the old part of a place's log into a file, which import reads again.

    Events that a fact, a record or a dead letter rests on are in the file, and stay; all others go out of the memory.
    Facts stay. It ends before what a worker or a group of consumers has yet to look at; branches keep theirs.

    Example: semmem archive 2025.jsonl --before 2026-01-01 --tenant acme --workspace launch
    """

    async def work() -> "Archive":
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.archive(before, file)

    show(run(work()), as_json, _archived)


def _archived(found: "Archive") -> Text:
    events = output.counted(found.events, "event")
    gone = f"{found.removed:,} of them are gone from the memory, and its log begins behind {found.floor:,}"
    return Text(f"{events} in {found.path}; {gone}")


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        notes.print(Text.assemble(("warning: ", "yellow"), warning), soft_wrap=True)


def scopes(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="Of this tenant only.", show_default="all")] = None,
    after: Annotated[
        tuple[str, str, str] | None,
        typer.Option(help="Go on after this one.", metavar="TENANT KIND ID", show_default=False),
    ] = None,
    limit: options.Limit = 100,
    as_json: options.AsJson = False,
) -> None:
    """List tenants, users and workspaces with how much their memories hold: for an administrator.

    It reads addresses and counts, never content, with the login in SEMMEM_POSTGRES_ADMIN_URL if there is one.

    Example: semmem scopes --tenant acme

    Example: semmem scopes --after acme user alice
    """

    async def work() -> "list[Holding]":
        from semmem.wiring import inventory

        last = Scope(after[0], cast("ScopeKind", after[1]), after[2]) if after else None
        return await inventory.scopes(settings_of(ctx), tenant=tenant, after=last, limit=limit)

    show(run(work()), as_json, output.holdings)


COMMANDS = {"import": import_, "export": export, "archive": archive, "scopes": scopes}
