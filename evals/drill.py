"""Payments through three agents, in virtual time on real stores: what is lost in which way of sharing.

python -m semmem.evals.drill --payments 200 --seed 7 --plot drill.svg

Each payment's record gets notes from three agents, some at the same time, and its order is paid once: that is the task.
Some orders are delivered twice, and some who pay stand still for longer than a lease. What happens is drawn from a seed
and the same for each way. Time is virtual: the drill says what conflicts and what goes wrong, and nothing of speed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from redis.asyncio import Redis
from rich.console import Group, RenderableType
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from semmem.embedded.layout import temporary_folder
from semmem.evals.drill_desks import Desk, Stores
from semmem.evals.drill_plan import Chances, Payment, VirtualTime, payments
from semmem.evals.figures import answers, notes
from semmem.evals.plan import EMBEDDED, NO_MODEL
from semmem.wiring.bootstrap import open_application
from semmem.wiring.settings import load_settings

DEFAULT = Chances()
PATIENT = {"read_timeout": 60, "write_timeout": 60}  # a slow machine must not change what happens


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one way. Shares are of the payments, `overwritten` and `fetches` of and for each note.

    `interventions` are payments that a human had to look at: an agent gave up, or an error was noticed. `refused` are
    writes that the store did not take, `released` locks of somebody else that were deleted.
    """

    way: str
    payments: int
    notes: int
    interventions: float
    overwritten: float
    paid_twice: float
    unpaid: float
    given_up: float
    fetches: float
    refused: int
    released: int


def main(
    payments: Annotated[int, typer.Option(min=1, max=100_000, help="So many.")] = 200,
    seed: Annotated[int, typer.Option(help="What happens is drawn from it.")] = 7,
    overlap: Annotated[float, typer.Option(min=0, max=1, help="A work begins while another is under way.")] = (
        DEFAULT.overlap
    ),
    redelivered: Annotated[float, typer.Option(min=0, max=1, help="An order is delivered twice.")] = (
        DEFAULT.redelivered
    ),
    stalled: Annotated[float, typer.Option(min=0, max=1, help="Who pays stands still beyond a lease.")] = (
        DEFAULT.stalled
    ),
    noticed: Annotated[float, typer.Option(min=0, max=1, help="Somebody notices an error.")] = DEFAULT.noticed,
    plot: Annotated[Path | None, typer.Option(dir_okay=False, help="Draw the shares into this SVG file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Run the drill on embedded servers, in a folder that goes afterwards."""
    chances = Chances(overlap=overlap, redelivered=redelivered, stalled=stalled, noticed=noticed)
    found = asyncio.run(_alone(payments, seed, chances))
    if as_json:
        print(json.dumps({"seed": seed, "chances": asdict(chances), "ways": [asdict(each) for each in found]}))
    else:
        answers.print(pictured(found, seed, chances))
    if plot:
        plot.write_text(drawn(found), encoding="utf-8")
        notes.print(f"drawn into {plot}", style="dim")


async def _alone(count: int, seed: int, chances: Chances) -> list[Outcome]:
    async with temporary_folder("semmem-drill-") as folder:
        return await drill(folder, payments(count, seed, chances))


async def drill(folder: Path, planned: Sequence[Payment]) -> list[Outcome]:
    """Runs all ways, one after the other, on the embedded servers of a folder."""
    async with opened(folder) as stores:
        desks = stores.desks()
        with Progress(console=notes, transient=True) as progress:
            task = progress.add_task("drill", total=len(desks))
            outcomes = []
            for desk in desks:
                progress.update(task, description=desk.name)
                outcomes.append(await run(desk, planned, stores.time))
                progress.advance(task)
        return outcomes


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Stores]:
    time = VirtualTime()
    settings = load_settings(data=folder, **(EMBEDDED | NO_MODEL | PATIENT | {"worker": False}))
    async with open_application(settings, clock=time) as application:
        servers = application.stores.servers
        assert servers is not None
        owner = await asyncpg.connect(servers.postgres_url)
        redis = Redis.from_url(servers.redis_url, decode_responses=True)
        try:
            yield Stores(application.memory, redis, owner, time)
        finally:
            await redis.aclose()
            await owner.close()


async def run(desk: Desk, planned: Sequence[Payment], time: VirtualTime) -> Outcome:
    """Lets happen what is planned, and counts what came of it."""
    for payment in planned:
        for work in payment.works:
            time.start(desk.work(payment, work), work.begins)
        for delivery in payment.deliveries:
            time.start(desk.pay(payment, delivery), delivery.begins)
    await time.run()
    lost = asked = twice = unpaid = given_up = 0
    for payment in planned:
        record = await desk.record(payment)
        refused = {work.note for work in payment.works} & desk.gave_up
        missing = {work.note for work in payment.works} - set(record.notes) - refused
        lost, given_up = lost + len(missing), given_up + len(refused)
        twice, unpaid = twice + (record.paid > 1), unpaid + (record.paid == 0)
        wrong = bool(missing) or record.paid != 1
        asked += bool(refused) or (wrong and payment.noticed)
    written = sum(len(payment.works) for payment in planned)
    return Outcome(
        way=desk.name,
        payments=len(planned),
        notes=written,
        interventions=asked / len(planned),
        overwritten=lost / written,
        paid_twice=twice / len(planned),
        unpaid=unpaid / len(planned),
        given_up=given_up / written,
        fetches=desk.fetches / written,
        refused=desk.refused,
        released=desk.released,
    )


def pictured(found: Sequence[Outcome], seed: int, chances: Chances) -> RenderableType:
    title = f"{found[0].payments:,} payments, {found[0].notes:,} notes by three agents, seed {seed}"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("way", no_wrap=True)
    for name in ("by hand", "overwritten", "paid twice", "given up", "refused", "fetches"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        shares = (each.interventions, each.overwritten, each.paid_twice, each.given_up)
        table.add_row(each.way, *map(_share, shares), f"{each.refused:,}", f"{each.fetches:.2f}")
    drawn = ", ".join(f"{name} {value:g}" for name, value in asdict(chances).items())
    lines = [
        "By hand: payments that a human has to look at. Overwritten and given up are of",
        "the notes, paid twice of the payments; fetches are reads for each note.",
        f"Chosen, not measured, and to be set by options: {drawn}.",
        "Other values give other shares. Time is virtual: nothing here is about speed.",
        *(f"{each.way}: {each.released} locks of the next holder were deleted." for each in found if each.released),
        *(f"{each.way}: {_share(each.unpaid)} of the payments are unpaid." for each in found if each.unpaid),
    ]
    return Group(table, Text("\n" + "\n".join(lines), style="dim"))


def drawn(found: Iterable[Outcome]) -> str:
    """Draws the shares of each way as an SVG file. Raises ModuleNotFoundError without matplotlib."""
    from semmem.evals.plots import bars, in_a_file

    rows: dict[str, Any] = {
        each.way: {
            "by hand": each.interventions,
            "overwritten": each.overwritten,
            "paid twice": each.paid_twice,
        }
        for each in found
    }
    return in_a_file(bars("drill", rows))


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


if __name__ == "__main__":
    typer.run(main)
