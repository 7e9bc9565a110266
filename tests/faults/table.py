"""Prints the matrix of faults, as `make faults` does: answer, what is degraded, and the time in deadlines.

Fails where a cell is not as it should be.
"""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.faults.expected import complaints
from tests.faults.matrix import DEPENDENCIES, FAULTS, VERBS, Bench, Cell, Episode, MakeFault, open_bench
from tests.faults.proxy import Cut

UNIT = 1.0  # seconds: the deadline that is configured
MORE_FAULTS: Mapping[str, MakeFault] = {
    "cut at once": lambda unit: Cut(after=0),
    "cut after 1": lambda unit: Cut(after=1),
}
WORDS = {"StoreUnavailable": "unavailable", "TimedOut": "timed out", "Unconfirmed": "unconfirmed"}


def row(episode: Episode) -> list[str]:
    return [episode.fault, *(shown(episode.cells[verb]) for verb in VERBS), shown(episode.recovery)]


def shown(cell: Cell) -> str:
    answer = WORDS.get(cell.answer.partition("(")[0], cell.answer)
    colour = "green" if cell.answer in ("found", "done", "well") else "red"
    named = f" [yellow]{', '.join(sorted(cell.degraded))}[/]" if cell.degraded else ""
    return f"[{colour}]{escape(answer)}[/] {cell.took:.1f}{named}"


async def printed(console: Console, bench: Bench, dependency: str) -> list[str]:
    """Prints a dependency's table; what is wrong in it."""
    made = Table(title=dependency, title_justify="left", box=None)
    for column in ("fault", *VERBS, "well again"):
        made.add_column(column, no_wrap=True)
    wrong: list[str] = []
    with console.status("") as status:
        for name, make in {**FAULTS, **MORE_FAULTS}.items():
            status.update(f"{dependency}: {name}")
            episode = await bench.episode(dependency, name, make)
            made.add_row(*row(episode))
            wrong += [f"{dependency}, {name}: {complaint}" for complaint in complaints(episode)]
    console.print(made, "")
    return wrong


async def main(console: Console) -> int:
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="semmem-faults-", ignore_cleanup_errors=True) as folder:
        async with open_bench(Path(folder), UNIT) as bench:
            for dependency in DEPENDENCIES:
                wrong += await printed(console, bench, dependency)
    console.print(f"Times are in deadlines: {UNIT:g} s for a question and each model, twice that for a write.")
    for complaint in wrong:
        console.print(complaint, style="red", markup=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(asyncio.run(main(Console())))
