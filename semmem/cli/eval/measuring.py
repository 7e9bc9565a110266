"""What the eval commands share: from what was asked to a table, a file of JSON and an exit code."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.text import Text

from semmem.cli.eval import pictures
from semmem.cli.output import answers, notes
from semmem.cli.running import FAILED, run
from semmem.errors import InvalidInput, MissingExtra, SemmemError
from semmem.retrieval.quote import visible

if TYPE_CHECKING:
    from semmem.evals.datasets.dataset import Conversation
    from semmem.evals.plan import Plan
    from semmem.evals.retrievers import RetrieverName

Result = dict[str, Any]
REPORT_PACKAGES = ("jinja2", "matplotlib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every eval is asked for."""

    dataset: str | None
    data: Path | None
    conversations: Sequence[str] | None
    extractor: Literal["offline", "llm", "recorded"]
    json_file: Path | None

    def load(self) -> "tuple[str, tuple[Conversation, ...], str]":
        """Returns the data set's name, the conversations that are asked for, and the SHA-256 of all that it holds."""
        from semmem.evals.datasets.dataset import chosen
        from semmem.evals.plan import digest
        from semmem.evals.sources import load

        name, path = self.source()
        known = load(name, path)
        ids = [id.strip() for said in self.conversations or [] for id in said.split(",") if id.strip()]
        return name, tuple(chosen(known, ids)), digest(known)

    def source(self) -> tuple[str, Path]:
        from semmem.evals.sources import known

        _check_writable(self.json_file)
        return known(self.dataset, self.data)


def retrieval(
    request: Request,
    *,
    retriever: "RetrieverName",
    limit: int,
    questions: int | None,
    work: Path | None,
    report: Path | None,
    fail_under: Sequence[str],
    patience: float,
) -> None:
    async def measure() -> list[str]:
        from semmem.evals.floors import below, parse_floors
        from semmem.evals.peers import beside
        from semmem.evals.plan import Plan
        from semmem.evals.retrieved import METRICS

        floors = parse_floors(fail_under, METRICS)
        if report and not all(map(find_spec, REPORT_PACKAGES)):  # before anything is measured
            raise MissingExtra("evals", "the report")
        dataset, conversations, sha256 = request.load()
        plan = Plan(
            dataset=dataset,
            sha256=sha256,
            conversations=conversations,
            retriever=retriever,
            extractor=request.extractor,
            limit=limit,
            questions=questions,
        )
        found, trouble = await _measured(plan, work, patience)
        result = beside(found)
        write(result, request.json_file)
        answers.print(pictures.measured(result))
        if report:
            from semmem.evals.report import write as write_report

            notes.print(f"report: {write_report(result, report)}", soft_wrap=True)
        return [*said(trouble), *below(floors, result["metrics"])]

    end(run(measure()))


def updates(request: Request, *, work: Path | None, patience: float) -> None:
    async def measure() -> list[str]:
        from semmem.evals.plan import Plan
        from semmem.evals.updates import about_updates, update_figures

        dataset, conversations, sha256 = request.load()
        asked = tuple(about_updates(conversations))
        plan = Plan(dataset=dataset, sha256=sha256, conversations=asked, extractor=request.extractor)
        result, trouble = await _measured(plan, work, patience)
        result["updates"] = update_figures(result)
        write(result, request.json_file)
        answers.print(pictures.measured(result))
        answers.print(pictures.figures(result["updates"]))
        return said(trouble)

    end(run(measure()))


def precision(request: Request) -> None:
    async def measure() -> None:
        from semmem.embedded.layout import temporary_folder
        from semmem.evals import precision
        from semmem.evals.plan import eval_settings

        _, folder = request.source()
        async with temporary_folder("semmem-eval-") as data:
            with eval_settings(request.extractor, ()) as settings, notes.status("opening the servers") as status:
                own = settings.model_copy(update={"data": data})
                result = await precision.run(folder, own, status.update)
        write(result | {"extractor": request.extractor}, request.json_file)
        answers.print(pictures.figures(result["metrics"]))

    run(measure())


def extraction(request: Request, *, turns: int | None, work: Path | None, patience: float) -> None:
    async def measure() -> list[str]:
        from semmem.evals import extraction
        from semmem.evals.datasets.dataset import beginning
        from semmem.evals.plan import eval_settings

        dataset, conversations, sha256 = request.load()
        part = tuple(beginning(each, turns) for each in conversations) if turns else conversations
        about = {"dataset": dataset, "sha256": sha256, "extractor": request.extractor, "turns": turns}
        with eval_settings(request.extractor, part) as settings, resumable() as bars:
            found = await extraction.run(part, settings, bars, about=about, work=work, patience=patience)
        write(found, request.json_file)
        answers.print(pictures.figures(found["metrics"]))
        return ["a model gave no answer; the result is partial"] if found["partial"] else []

    end(run(measure()))


def compare(files: tuple[Path, Path], *, across_settings: bool, json_file: Path | None) -> None:
    async def show() -> None:
        from semmem.evals import compare

        _check_writable(json_file)
        results: list[Result] = []
        for file in files:
            try:
                result = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise InvalidInput(
                    "--compare", f"{file} holds no result ({error})", "name what --json wrote"
                ) from error
            if not isinstance(result, dict) or "settings" not in result:
                fix = "name what `semmem eval retrieval --json` wrote"
                raise InvalidInput("--compare", f"{file} holds no result", fix)
            results.append(result)
        found = compare.compare(*results, across_settings=across_settings)
        write(compare.plain(found), json_file)
        answers.print(compare.pictured(found))

    run(show())


@contextmanager
def resumable() -> Iterator[pictures.Bars]:
    """Shows how far a run is, and says on Ctrl-C that it can go on."""
    try:
        with pictures.bars() as progress:
            yield pictures.Bars(progress)
    except asyncio.CancelledError:
        notes.print("interrupted; the same command goes on from here")
        raise


async def _measured(plan: "Plan", work: Path | None, patience: float) -> tuple[Result, SemmemError | None]:
    from semmem.evals.run import run as run_eval

    with resumable() as bars:
        return await run_eval(plan, work, patience=patience, progress=bars)


def said(trouble: SemmemError | None) -> list[str]:
    return [f"{trouble}; the result is partial, and the same command goes on from here"] if trouble else []


def end(failures: Sequence[str]) -> None:
    for failure in failures:
        notes.print(Text.assemble(("failed: ", "bold red"), visible(failure)), soft_wrap=True)
    if failures:
        raise typer.Exit(FAILED)


def _check_writable(file: Path | None) -> None:
    """Makes the file's folder, and sees that the file can be written, before anything is measured."""
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        is_new = not file.exists()
        file.open("a").close()
        if is_new:
            file.unlink()
    except OSError as error:
        raise InvalidInput("--json", f"{file} cannot be written ({error.strerror})", "name another file") from error


def write(result: Mapping[str, Any], file: Path | None) -> None:
    if file:
        file.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
