"""Prints the matrix of faults, as `make faults` does: answer, what is degraded, and the time in deadlines."""

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.matrix import DEPENDENCIES, FAULTS, VERBS, Cell, Episode, MakeFault, open_bench
from tests.faults.proxy import Cut, Delay

UNIT = 1.0  # seconds: the deadline that is configured
WORDS = {"StoreUnavailable": "unavailable", "TimedOut": "timed out", "Unconfirmed": "unconfirmed"}
MORE_FAULTS: Mapping[str, MakeFault] = {
    "cut at once": lambda unit: Cut(after=0),
    "cut after 1": lambda unit: Cut(after=1),
    "cut after 500": lambda unit: Cut(after=500),
    "slow": lambda unit: Delay(unit / 50),  # nobody needs to notice
}


def row(episode: Episode) -> list[str]:
    return [episode.fault, *(shown(episode.cells[verb]) for verb in VERBS), shown(episode.recovery)]


def shown(cell: Cell) -> str:
    answer = WORDS.get(cell.answer.partition("(")[0], cell.answer)
    named = f" [yellow]{', '.join(sorted(cell.degraded))}[/]" if cell.degraded else ""
    colour = "green" if cell.answer in ("found", "done", "well") else "red"
    return f"[{colour}]{answer}[/] {cell.took:.1f}{named}"


async def main(console: Console) -> None:
    faults = {**FAULTS, **MORE_FAULTS}
    with tempfile.TemporaryDirectory(prefix="semmem-faults-", ignore_cleanup_errors=True) as folder:
        async with open_bench(Path(folder), UNIT) as bench:
            for dependency in DEPENDENCIES:
                made = Table(title=dependency, title_justify="left", box=None)
                for column in ("fault", *VERBS, "well again"):
                    made.add_column(column, no_wrap=True)
                with console.status("") as status:
                    for name, make in faults.items():
                        status.update(f"{dependency}: {name}")
                        made.add_row(*row(await bench.episode(dependency, name, make)))
                console.print(made, "")
    console.print(f"Times are in deadlines: {UNIT:g} s for a question and each model, twice that for a write.")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main(Console()))
