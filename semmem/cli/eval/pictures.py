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
    from semmem.evals.retrieved import COVERED, NEWEST_ABOVE, RANKED, STEMS

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


def answered(result: Figures) -> RenderableType:
    """Draws the tables of an answers result: the accuracy by category, and what the models took."""
    settings, context = result["settings"], result["context"]
    asked = f"{_many(result['n'], 'question')} in {_many(len(settings['conversations']), 'conversation')}"
    head = Text(f"{result['dataset']}: {asked}, reader {settings['reader']}, judge {settings['judge']}\n")
    if result["partial"]:
        head.append("partial: the run was cut short\n", style="yellow")
    rows = _grid("category", ["n", "judged", "accuracy", "95 % from", "to"])
    for name, own in [*result["by_category"].items(), ("all", result)]:
        numbers = (own["metrics"].get("accuracy"), *own["interval"])
        style = "bold" if own is result else ""
        rows.add_row(visible(name), f"{own['n']:,}", f"{own['judged']:,}", *map(_number, numbers), style=style)
    taken = _grid("\nmodel", ["calls", "prompt tokens", "answer tokens", "cost", "p50 ms", "p95 ms"])
    for part, own in result["models"].items():
        counts = (f"{own[name]:,}" for name in ("calls", "prompt_tokens", "completion_tokens"))
        cost = _number(None) if own["cost"] is None else f"{own['cost']:,.4f}"
        taken.add_row(part, *counts, cost, *map(_milliseconds, own["latency_ms"].values()))
    packed = " and ".join(_milliseconds(each) for each in context["latency_ms"].values())
    made = Text(f"\na context took {packed} ms (p50, p95), {context['tokens']:,.0f} tokens of {settings['budget']:,}")
    return Group(head, rows, taken, made)


def _milliseconds(value: float | None) -> str:
    return _number(None) if value is None else f"{value:,.0f}"


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
