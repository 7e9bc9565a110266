"""How the figures of an eval look: at 80 columns, with or without a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from semmem.cli.output import notes
from semmem.retrieval.quote import visible

Figures = Mapping[str, Any]


class Bars:
    """A progress bar for each task that is told of."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._tasks = progress, dict[str, TaskID]()

    def __call__(self, task: str, conversation: str, done: int, total: int) -> None:
        if task not in self._tasks:
            self._tasks[task] = self._progress.add_task(task, total=None)
        described = f"{task} {visible(conversation)}".strip()
        self._progress.update(self._tasks[task], description=described, completed=done, total=total)


def bars() -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=notes, transient=True)


def measured(result: Figures) -> RenderableType:
    """Draws the tables of a retrieval result, with other systems beside it where it has `peers`."""
    from semmem.evals.answers import COVERED, NEWEST_ABOVE, RANKED, STEMS

    settings, metrics, latency = result["settings"], result["metrics"], result["latency_ms"]
    asked = f"{_many(result['n'], 'question')} in {_many(len(settings['conversations']), 'conversation')}"
    head = Text(f"{result['dataset']}: {asked}, retriever {settings['retriever']}, extractor {settings['extractor']}\n")
    if result["skipped"]:
        head.append(f"{_many(result['skipped'], 'question')} without evidence left out\n", style="dim")
    if result["partial"]:
        head.append("partial: the run was cut short\n", style="yellow")
    listed = [f"{name} {_number(metrics[name])}" for name in (*STEMS, NEWEST_ABOVE) if name in metrics]
    took = f"recall took {latency['p50']:,.0f} ms (p50), {latency['p95']:,.0f} ms (p95); embedder {result['embedder']}"
    parts: list[RenderableType] = [head, _table(result, RANKED), Text(), _table(result, COVERED)]
    parts += [Text("\n" + ", ".join(listed)), Text(took, style="dim")]
    if "peers" in result:
        parts.append(Text(result["peers_note"], style="dim"))
    return Group(*parts)


def figures(named: Mapping[str, float | None]) -> RenderableType:
    """Draws one figure on each line."""
    made = _grid("figure", ["value"])
    for name, value in named.items():
        made.add_row(name, _number(value))
    return made


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _table(result: Figures, metrics: Sequence[str]) -> Table:
    made = _grid("category", ["n", *metrics])
    for category, own in result["by_category"].items():
        made.add_row(visible(category), f"{own['n']:,}", *_numbers(own, metrics))
    made.add_row("all", f"{result['n']:,}", *_numbers(result["metrics"], metrics), style="bold")
    if "peers" in result:
        made.add_row()
    for name, own in result.get("peers", {}).items():
        made.add_row(name, "", *_numbers(own, metrics), style="dim")
    return made


def _grid(first: str, numbers: Iterable[str]) -> Table:
    made = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    made.add_column(first, overflow="fold")
    for name in numbers:
        made.add_column(name, justify="right", no_wrap=True)
    return made


def _numbers(own: Figures, metrics: Iterable[str]) -> list[str]:
    return [_number(own.get(name)) for name in metrics]


def _number(value: float | None) -> str:
    """Writes a share as .858, and a count as it is."""
    if value is None:
        return "–"  # noqa: RUF001
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}".removeprefix("0")
