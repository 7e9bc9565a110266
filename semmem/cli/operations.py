"""The commands that keep an installation going: worker, migrate, dead-letters and scrub."""

import logging
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from semmem.cli import options, output
from semmem.cli.output import counted, notes, show
from semmem.cli.places import at_place
from semmem.cli.running import application, run, scoped, settings_of, signalled
from semmem.domain.scope import Branch
from semmem.errors import ConfigurationError, InvalidInput, NotFound
from semmem.retrieval.quote import visible

if TYPE_CHECKING:
    from semmem.stores.postgres.ledger import DeadLetter

log = logging.getLogger(__name__)

MENDED_SHOWN = 10  # after a restore it is each right of each table


def worker(ctx: typer.Context) -> None:
    """Index and extract what was remembered, and let every store follow, until SIGTERM or Ctrl-C.

    Then the batch in hand has SEMMEM_STOP_GRACE to end, and what is left waits for another worker. A second signal
    ends at once, and loses nothing either. Any number of workers may run; with embedded servers every command brings
    its own, which leaves what waits for a model alone where the command only reads.

    Example: semmem worker
    """

    async def work() -> None:
        logging.getLogger("semmem").setLevel(logging.INFO)
        async with application(ctx, worker=False) as opened:
            log.info(
                "worker started: extractor %s, embedder %s", opened.models.extractor.name, opened.models.embedder.model
            )
            with signalled(opened.worker.stop):
                await opened.worker.run()

    run(work())


def migrate(ctx: typer.Context, as_json: options.AsJson = False) -> None:
    """Bring the database up to date; safe to run twice at once. The login must be allowed to create schemas and
    roles: SEMMEM_POSTGRES_ADMIN_URL, or else SEMMEM_POSTGRES_URL.

    Example: semmem migrate
    """

    async def work() -> dict[str, str | list[str]]:
        from semmem.migrations.revisions import HEAD
        from semmem.wiring import bootstrap

        with notes.status("migrating"):
            mended = await bootstrap.migrate(settings_of(ctx))
        for what in mended[:MENDED_SHOWN]:
            notes.print(visible(f"made whole: {what}"), style="dim")
        if more := mended[MENDED_SHOWN:]:
            notes.print(f"made whole: {len(more)} more, which --json lists", style="dim")
        return {"revision": HEAD, "made_whole": mended}

    show(run(work()), as_json, lambda found: f"the database is at revision {found['revision']}")


@at_place
def dead_letters(
    ctx: typer.Context,
    place: Branch,
    replay: Annotated[bool, typer.Option("--replay", help="Let their events be extracted again.")] = False,
    replayed: Annotated[bool, typer.Option("--replayed", help="List those that were replayed too.")] = False,
    letter: Annotated[
        list[UUID] | None,
        typer.Option(parser=options.item_id, metavar="ID", help="With --replay: this one only; may be repeated."),
    ] = None,
    before: options.BeforeId = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="At most so many; 100 if left out.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """List what could not be extracted or was refused, newest first, and replay it on request.

    Example: semmem dead-letters --tenant acme --user alice --replay
    """

    async def listed() -> "list[DeadLetter]":
        if letter:
            raise InvalidInput("letter", "goes with --replay", "pass both, or leave --letter out to list them")
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.dead_letters(replayed=replayed, before=before, limit=100 if limit is None else limit)

    async def taken() -> dict[str, int]:
        if replayed or before or limit is not None:
            raise InvalidInput(
                "replay", "takes all that wait", "name some by --letter; --limit, --before and --replayed list"
            )
        async with scoped(ctx, place) as memory:
            count = await memory.replay(letter)
        if letter and not count:
            raise NotFound("none of these dead letters waits in this scope; `semmem dead-letters` shows their ids")
        return {"replayed": count}

    if replay:
        show(
            run(taken()), as_json, lambda found: f"{counted(found['replayed'], 'dead letter')} will be extracted again"
        )
    else:
        show(run(listed()), as_json, output.dead_letters)


def scrub(ctx: typer.Context, as_json: options.AsJson = False) -> None:
    """Take the bytes of what was forgotten out of the embedded servers' files now, whatever their size.

    A worker does it by itself within SEMMEM_SCRUB_WITHIN, unless a table is too large to be closed to its readers
    for two seconds; here each is closed for as long as it takes.

    Example: semmem scrub
    """

    async def work() -> dict[str, int]:
        async with application(ctx) as opened:
            if opened.scrubber is None:
                raise ConfigurationError(
                    "these servers are your own: docs/erasure.md lists what remains in their files, and what removes it"
                )
            with notes.status("scrubbing"):
                return {"receipts": await opened.scrubber.scrub()}

    show(run(work()), as_json, lambda found: f"no byte is left of {counted(found['receipts'], 'receipt')}")


COMMANDS = {"worker": worker, "migrate": migrate, "dead-letters": dead_letters, "scrub": scrub}
