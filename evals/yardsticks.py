"""Retrieval on every data set at hand, with the baselines beside it, in one table: `make eval`.

python -m semmem.evals.yardsticks --locomo locomo10.json --beam chats/100K --realtalk FOLDER --friendsqa FILE

Each data set is stored once, and every retriever asks the same questions of it. What was measured is kept in the folder
`work`: the same command goes on where it was interrupted. A file that ends with .jsonl is read as `semmem eval`'s own
lines of JSON, whatever data set it stands for.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from semmem.errors import InvalidInput, SemmemError
from semmem.evals.figures import answers, notes
from semmem.evals.peers import beside
from semmem.evals.plan import Plan, digest
from semmem.evals.report import write
from semmem.evals.retrievers import RetrieverName
from semmem.evals.run import run
from semmem.evals.sources import SOURCES, load

RETRIEVERS: Sequence[RetrieverName] = ("semmem", "rrf", "dense", "bm25")
SHOWN = ("R@5", "R@10", "nDCG@10", "cov@500", "cov@1000", "cov@2000")
PATIENCE = 600.0

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    dataset: str
    retriever: RetrieverName
    result: Result

    def rows(self) -> Iterator[list[str]]:
        """Yields its own, and behind semmem's those of other systems that were asked the same."""
        partial = " (partial)" if self.result["partial"] else ""
        yield [self.dataset + partial, f"{self.result['n']:,}", self.retriever, *_figures(self.result["metrics"])]
        peers = self.result.get("peers", {}) if self.retriever == "semmem" else {}
        for name, metrics in peers.items():
            yield ["", "", name, *_figures(metrics)]


def _figures(metrics: Mapping[str, float]) -> list[str]:
    return [f"{metrics[name]:.3f}".removeprefix("0") if name in metrics else "–" for name in SHOWN]  # noqa: RUF001


def main(
    locomo: Annotated[Path | None, typer.Option(help="LoCoMo's file.")] = None,
    beam: Annotated[Path | None, typer.Option(help="BEAM's folder of chats.")] = None,
    realtalk: Annotated[Path | None, typer.Option(help="REALTALK's folder, or one chat's file.")] = None,
    friendsqa: Annotated[Path | None, typer.Option(help="FriendsQA's file.")] = None,
    questions: Annotated[int | None, typer.Option(min=1, help="Only so many of each conversation.")] = None,
    retrievers: Annotated[str, typer.Option(help="These alone, separated by commas.")] = ",".join(RETRIEVERS),
    work: Annotated[Path, typer.Option(help="Where conversations and answers are kept.")] = Path("eval-report/work"),
    report: Annotated[Path | None, typer.Option(help="Write a page for each data set into this folder.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all results there, as JSON.")] = None,
) -> None:
    """Print how well the evidence of questions is brought back, by data set and retriever."""
    given = {"locomo": locomo, "beam": beam, "realtalk": realtalk, "friendsqa": friendsqa}
    try:
        asked = [each.strip() for each in retrievers.split(",")]
        found = asyncio.run(_measure(_plans(given, asked, questions), work))
    except SemmemError as error:
        notes.print(str(error), style="red", markup=False)
        raise typer.Exit(2 if isinstance(error, InvalidInput) else 1) from None
    if json_file:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps([dict(each.result) for each in found], indent=1))
    for each in found:
        if report and each.retriever == "semmem" and all(map(find_spec, ("jinja2", "matplotlib"))):
            notes.print(f"report: {write(each.result, report / each.dataset)}", soft_wrap=True)
    answers.print(table(found))
    if any(each.result["partial"] for each in found):
        raise typer.Exit(1)


def _plans(given: Mapping[str, Path | None], retrievers: Sequence[str], questions: int | None) -> list[Plan]:
    """Reads every data set first. Raises InvalidInput where none is named, or one is not there."""
    plans = []
    for dataset, path in given.items():
        if path is None:
            continue
        if not path.exists():
            raise InvalidInput(dataset, f"{path} is not there", f"get {SOURCES[dataset]}")
        conversations = load("jsonl" if path.suffix == ".jsonl" else dataset, path)
        for retriever in retrievers:
            plan = Plan(
                dataset=dataset,
                sha256=digest(conversations),
                conversations=tuple(conversations),
                retriever=retriever,  # type: ignore[arg-type]  # it is checked there
                questions=questions,
            )
            plans.append(plan)
    if not plans:
        wanted = "; ".join(f"--{name}: {SOURCES[name]}" for name in given)
        raise InvalidInput("data", "is missing", f"name one data set or more: {wanted}")
    return plans


async def _measure(plans: Sequence[Plan], work: Path) -> list[Measured]:
    found = []
    with Progress(console=notes, transient=True) as progress:
        for plan in plans:
            bar = progress.add_task(f"{plan.dataset} {plan.retriever}", total=None)
            result, trouble = await run(
                plan, work / plan.dataset, patience=PATIENCE, progress=_Told(progress, bar, plan)
            )
            if trouble:
                notes.print(f"{plan.dataset}, {plan.retriever}: {trouble}", style="yellow", markup=False)
            found.append(Measured(plan.dataset, plan.retriever, beside(result)))
            progress.remove_task(bar)
    return found


class _Told:
    """Shows how far a run has come."""

    def __init__(self, progress: Progress, bar: TaskID, plan: Plan) -> None:
        self._progress, self._bar, self._plan = progress, bar, plan

    def __call__(self, task: str, conversation: str, done: int, total: int) -> None:
        shown = f"{self._plan.dataset} {self._plan.retriever}: {task} {conversation}"
        self._progress.update(self._bar, description=shown, completed=done, total=total)


def table(found: Sequence[Measured]) -> Table:
    made = Table("data set", "n", "retriever", *SHOWN, box=None)
    for place, each in enumerate(found):
        if place and found[place - 1].dataset != each.dataset:
            made.add_row()
        for own, row in enumerate(each.rows()):
            made.add_row(*row, style="dim" if own else "bold" if each.retriever == "semmem" else None)
    return made


if __name__ == "__main__":
    typer.run(main)
