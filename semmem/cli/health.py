"""The command health: how a place does, or the whole installation."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from semmem.cli import options
from semmem.cli.output import counted, minute, show, table
from semmem.cli.places import BranchPath, Owner, place_named
from semmem.cli.running import briefly, memory_of, run
from semmem.domain.health import CONTEXT_BUDGET, Health, Installation
from semmem.domain.kept import LocalLogHealth
from semmem.errors import InvalidInput
from semmem.retrieval.quote import visible

if TYPE_CHECKING:
    from semmem.wiring.bootstrap import Application


def health(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option(envvar="SEMMEM_TENANT", help="The tenant.")] = None,
    user: options.User = None,
    workspace: options.Workspace = None,
    branch: BranchPath = None,
    owner: Owner = None,
    everything: Annotated[bool, typer.Option("--all", help="Who works and what waits, in all tenants.")] = False,
    budget: Annotated[
        int, typer.Option(help="The smallest budget that agents ask a context with, in tokens.")
    ] = CONTEXT_BUDGET,
    as_json: options.AsJson = False,
) -> None:
    """Show how a place does: its log, its state and how often agents met in it, its groups, what waits.

    What should be looked at is said at the end. `semmem doctor` asks whether every part works.

    Example: semmem health --tenant acme --workspace launch --json

    Example: semmem health --all
    """

    async def of_place(opened: "Application") -> Health:
        if not tenant:
            raise InvalidInput("tenant", "must be named, or --all", "pass --tenant acme, or --all for all tenants")
        place = place_named(tenant, user, workspace, branch, owner)
        return await memory_of(opened, place).health(budget=budget)

    async def work() -> Health | Installation:
        if everything and any((user, workspace, branch, owner)):
            raise InvalidInput("all", "goes with no user, workspace, branch or owner", "leave either out")
        async with briefly(ctx, reads=True) as opened:
            return await opened.memory.health() if everything else await of_place(opened)

    show(run(work()), as_json, _picture)


def _picture(found: Health | Installation) -> RenderableType:
    return _installation(found) if isinstance(found, Installation) else _scope(found)


def _scope(found: Health) -> RenderableType:
    waiting = found.waiting
    checkpoint, age = found.checkpoint, found.checkpoint_age
    rows = [
        ("log", f"position {found.head:,}" + (f", from {found.floor + 1:,} on" if found.floor else "")),
        ("waiting", _waits(waiting.unindexed, waiting.unextracted, waiting.unembedded, waiting.workers)),
        ("state", f"{found.bytes:,} bytes, {found.tokens:,} tokens, {found.share:.0%} of its room in a context"),
        ("checkpoint", f"{checkpoint.name}, {str(age).partition('.')[0]} ago" if checkpoint else "none"),
    ]
    if found.dead_letters:
        rows.append(("dead letters", ", ".join(f"{count} {stage}" for stage, count in found.dead_letters.items())))
    if found.local_log:
        rows.append(("local log", _kept(found.local_log)))
    if found.oldest_lease:
        rows.append(("first lease", f"ends at {minute(found.oldest_lease)}"))
    shown: list[RenderableType] = [table("what", "how it does", rows=rows)]
    if found.fields:
        of_fields = [
            (name, *(f"{number:,}" for number in (of.pieces, of.bytes, of.conflicts, of.refusals)))
            for name, of in found.fields.items()
        ]
        shown.append(table("field", "pieces", "bytes", "conflicts", "refused", rows=of_fields))
    if found.groups:
        of_groups = [(name, f"{of.behind:,}", f"{of.leased:,}", f"{of.dead:,}") for name, of in found.groups.items()]
        shown.append(table("group", "behind", "leased", "dead", rows=of_groups))
    shown += [Text(visible(warning), style="yellow") for warning in found.warnings]
    return Group(*shown)


def _installation(found: Installation) -> RenderableType:
    rows = [
        ("waiting", _waits(found.unindexed, found.unextracted, found.unembedded, found.workers)),
        ("dead letters", ", ".join(f"{count} {stage}" for stage, count in found.dead_letters.items()) or "none"),
        ("silent", ", ".join(found.silent) or "nothing"),
    ]
    if found.local_log:
        rows.append(("local log", _kept(found.local_log)))
    return table("what", "how it does", rows=rows)


def _kept(found: LocalLogHealth) -> str:
    waits = f"{counted(found.events, 'event')} and {counted(found.changes, 'update')} of the state"
    return f"{waits} on this disk alone, {found.refused:,} refused"


def _waits(unindexed: int, unextracted: int, unembedded: int, workers: int) -> str:
    work = f"{unindexed:,} to index, {unextracted:,} to extract, {unembedded:,} to embed"
    return f"{work}; {counted(workers, 'worker')} alive"


COMMANDS = {"health": health}
