"""The command that compares Qdrant with Postgres and has it mended: reindex."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from semmem.cli import options
from semmem.cli.output import counted, notes, show
from semmem.cli.places import BranchPath, Owner, place_named
from semmem.cli.running import briefly, memory_of, run
from semmem.cli.settling import PATIENCE, carried, counting
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput

if TYPE_CHECKING:
    from semmem.domain.drift import Drift, DriftKind
    from semmem.wiring.bootstrap import Application

KINDS: "dict[DriftKind, str]" = {
    "missing": "missing",
    "outdated": "outdated",
    "wrong_filters": "with wrong filter fields",
    "wrong_vector": "with a wrong vector",
    "foreign_scope": "filed under another scope",
    "stranger": "that no row owns",
}


def reindex(
    ctx: typer.Context,
    tenant: Annotated[
        str | None, typer.Option(envvar="SEMMEM_TENANT", help="This tenant; alone, all that it has.")
    ] = None,
    user: options.User = None,
    workspace: options.Workspace = None,
    branch: BranchPath = None,
    owner: Owner = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All tenants, and whatever else the collection holds.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what differs.")] = False,
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait",
            help="Wait until what differs was carried again.",
            show_default="wait, if this process runs the worker",
        ),
    ] = None,
    patience: options.Patience = PATIENCE,
    as_json: options.AsJson = False,
) -> None:
    """Compare Qdrant with Postgres, point by point, and mend what differs.

    Compared are ids, scopes, versions, filter fields and vectors. What is missing or wrong is carried again by a
    worker; points that no row owns are taken out at once. Branches are compared with the place that they lie below.
    Points of users, workspaces and branches that do not exist any more are found with --tenant alone, those of tenants
    that do not with --all.

    Nobody waits for it: memories are read and written meanwhile. Ctrl-C ends it, and what was mended stays so. A
    collection that was lost or emptied as a whole needs no reindex: workers fill it again.

    Example: semmem reindex --tenant acme --user alice --branch projects/apollo

    Example: semmem reindex --all --dry-run --json
    """

    async def work() -> "Drift":
        place = _place(tenant, user, workspace, branch, owner, everything)
        async with briefly(ctx, reads=True) as opened:
            found = await _compared(opened, place, None if everything else tenant, dry_run)
            waits = opened.settings.runs_worker if wait is None else wait
            if waits and not dry_run and found.drift and (reconciler := opened.parts.reconciler):
                await carried(reconciler, patience=patience)
        return found

    found = run(work())
    written: dict[str, Any] = asdict(found) | {"dry_run": dry_run}
    show(written, as_json, lambda _: _picture(found, dry_run))


def _place(
    tenant: str | None, user: str | None, workspace: str | None, branch: str | None, owner: str | None, everything: bool
) -> Branch | None:
    """Returns the place that is named; None for a tenant, or for everything."""
    named = [user, workspace, branch, owner]
    if everything and any(named):
        raise InvalidInput("all", "goes with no user, workspace, branch or owner", "leave either out")
    if everything or (tenant and not any(named)):
        return None
    if not tenant:
        raise InvalidInput("tenant", "must be named, or --all", "pass --tenant acme, or --all for all tenants")
    return place_named(tenant, user, workspace, branch, owner)


async def _compared(opened: "Application", place: Branch | None, tenant: str | None, dry_run: bool) -> "Drift":
    compared, of = 0, 0
    with counting() as progress:
        task = progress.add_task("comparing", total=None)

        def report(done: int, total: int) -> None:
            nonlocal compared, of
            compared, of = done, total
            progress.update(task, completed=done, total=total)

        try:
            if place is not None:
                return await memory_of(opened, place).reindex(dry_run=dry_run, progress=report)
            return await opened.memory.reindex(tenant=tenant, dry_run=dry_run, progress=report)
        except asyncio.CancelledError:
            notes.print(
                f"{compared:,} of {of:,} points were compared; run it again to compare them all", soft_wrap=True
            )
            raise


def _picture(found: "Drift", dry_run: bool) -> RenderableType:
    if found.filling:
        return Text("the collection is being filled from Postgres, and pgvector answers until it is whole")
    if not found.drift:
        return Text(f"{counted(found.compared, 'point')} compared, and none differs")
    text = Text(f"{counted(found.drift, 'point')} of {found.compared:,} compared differed")
    for kind, count in found.kinds.items():
        text.append(f"\n  {count:,} {KINDS[kind]}")
    return text.append("\n  nothing was changed" if dry_run else "")


COMMANDS = {"reindex": reindex}
