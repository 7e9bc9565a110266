"""Measured figures beside their limits."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

answers = Console(highlight=False)
notes = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; `limit` is the most it may be, or the least where `floor` is set."""

    name: str
    value: float
    limit: float
    unit: str = ""
    floor: bool = False
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.value >= self.limit if self.floor else self.value <= self.limit


def plain(figures: Sequence[Figure]) -> list[dict[str, object]]:
    """Returns the figures as JSON has them."""
    return [asdict(figure) | {"ok": figure.ok} for figure in figures]


def pictured(title: str, figures: Sequence[Figure]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("figure", no_wrap=True)
    for name in ("measured", "limit"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("how", ratio=1, style="dim")
    for figure in figures:
        verdict = "[green]ok[/]" if figure.ok else f"[red]{'under' if figure.floor else 'over'}[/]"
        bound = f"{'≥' if figure.floor else '≤'} {_number(figure.limit, figure.unit)}"
        table.add_row(figure.name, _number(figure.value, figure.unit), bound, verdict, figure.detail)
    return table


def _number(value: float, unit: str) -> str:
    digits = f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.2f}"
    return f"{digits} {unit}".strip()
