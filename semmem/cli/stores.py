"""The command stores, and what others say of the stores that receipts wait for."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from semmem.cli import options, output
from semmem.cli.output import counted, notes, show
from semmem.cli.running import run, settings_of
from semmem.domain.receipt import Receipt
from semmem.domain.stores import in_words, kind_of

if TYPE_CHECKING:
    from semmem.wiring.bootstrap import Application
    from semmem.wiring.followers import Follower


def stores(
    ctx: typer.Context,
    retire: Annotated[
        str | None, typer.Option(metavar="STORE", help="Let no receipt wait for this one: it is gone for good.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List the stores beside Postgres that a forget has to reach, and how many receipts wait for each.

    A process names its own when it opens a memory, and a worker that has a store lets it follow. Where a store was
    taken out of the settings of every process for good, --retire takes it out of the receipts that wait for it too.

    Example: semmem stores --retire redis:semmem
    """

    async def listed() -> "list[Follower]":
        from semmem.wiring.followers import followers

        return await followers(settings_of(ctx))

    async def retired(store: str) -> dict[str, int]:
        from semmem.wiring import followers

        return {"receipts": await followers.retire(settings_of(ctx), store)}

    if retire is None:
        show(run(listed()), as_json, output.stores)
    else:
        show(run(retired(retire)), as_json, lambda found: f"{counted(found['receipts'], 'receipt')} waited for it")


async def note_lacking(opened: "Application", found: Sequence[Receipt]) -> None:
    """Says which of the stores that these receipts wait for no running worker has."""
    waited_for = {store for receipt in found for store, at in receipt.stores.items() if at is None}
    if not waited_for:
        return
    from semmem.wiring.followers import followers_in

    own = opened.stores.names if opened.settings.runs_worker else []
    for store in lacking(await followers_in(opened.stores.postgres), own):
        if kind_of(store) in waited_for:
            what = f"no running worker has {in_words(store)}: start one that has, or see `semmem stores --help`"
            notes.print(what, soft_wrap=True)


def lacking(followers: "Sequence[Follower]", own: Collection[str]) -> list[str]:
    """Returns the stores that receipts wait for, and that neither a running worker nor this process's own has."""
    return [each.store for each in followers if each.receipts and not each.worker and each.store not in own]


def waits(follower: "Follower") -> str:
    """Says who waits, such as: 2 receipts wait for redis with the prefix semmem."""
    verb = "waits" if follower.receipts == 1 else "wait"
    return f"{counted(follower.receipts, 'receipt')} {verb} for {in_words(follower.store)}"


COMMANDS = {"stores": stores}
