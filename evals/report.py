"""A result of `semmem eval retrieval` as one HTML page that needs nothing besides itself."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semmem.errors import MissingExtra
from semmem.evals.compare import Question, Result, interval, questions_of, value
from semmem.evals.retrieved import COVERED, NEWEST_ABOVE, RECALLED, STEMS, TOP

if TYPE_CHECKING:
    from jinja2 import Template

PAGE = "index.html"
WORST = 20  # questions
SHOWN = 10  # of what was returned for each
DRAWN = 5  # other systems in a plot: more lines cannot be told apart

Metrics = Mapping[str, float]

HEADLINES = (
    ("R@10", "Recall@10", "of the evidence is among the first ten turns"),
    ("nDCG@10", "nDCG@10", "how high the evidence stands in them"),
    ("cov@1000", "Covered in 1,000 tokens", "of the questions have all their evidence, whole, in the context"),
    ("cov@2000", "Covered in 2,000 tokens", "the same with twice the budget"),
    (NEWEST_ABOVE, "Newest above outdated", "of the updated statements stand above what they replace"),
)
GROUPS = (
    ("Recall@k", "R@", tuple(f"R@{k}" for k in RECALLED)),
    ("Evidence", "", (f"all@{TOP}",)),
    ("Order", "", (f"nDCG@{TOP}", "MRR")),
    ("Evidence covered in tokens", "cov@", COVERED),
    ("Answer kept in tokens", "stems@", STEMS),
    ("Updates", "", (NEWEST_ABOVE,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A mean over the questions with its 95 % interval."""

    name: str
    meaning: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Columns of a table under one heading; `labels` leave out what the heading says."""

    heading: str
    metrics: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table of metrics; `n` questions, where that is known."""

    name: str
    metrics: Metrics
    n: int | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A hit at its rank; `right` where it holds evidence."""

    rank: int
    hit: Mapping[str, Any]
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A question whose evidence came back late or not at all; ranks count from 1.

    `returned` are the best hits, and of the others those that hold evidence.
    """

    asked: Question
    wanted: tuple["Wanted", ...]
    returned: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A turn of the evidence: its key, what it says, where that is known, and the rank it was returned at, if any."""

    key: str
    text: str
    rank: int | None


def write(result: Result, folder: Path) -> Path:
    """Write the page into `folder`, made where it is missing, and return its path.

    `result` is what `--json` writes; see `semmem.evals.peers.beside` for the other systems it may name. Raises
    MissingExtra without jinja2 and matplotlib, InvalidInput where nothing was asked.
    """
    asked = questions_of(result, "--report")
    about = ("dataset", "measured_at", "n", "skipped", "embedder")
    page = _template().render(
        result=result,
        headlines=_headlines(result, asked),
        plots=_plots(result, asked),
        categories=[_row("all", result), *(_row(name, each) for name, each in result["by_category"].items())],
        systems=_systems(result),
        groups=_groups,
        misses=_misses(asked),
        settings={name: result[name] for name in about if name in result} | dict(result["settings"]),
        measured_at=result.get("measured_at", ""),
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PAGE
    path.write_text(page, encoding="utf-8")
    return path


def _template() -> "Template":
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtra("evals", "the report") from error
    # Escaping is for every name: the texts on the page are a user's data.
    environment = Environment(
        loader=PackageLoader("semmem.evals"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": _share, "shown": _shown}
    return environment.get_template("report.html.j2")


def _plots(result: Result, asked: Sequence[Question]) -> Mapping[str, str]:
    try:
        from semmem.evals import plots
    except ImportError as error:
        raise MissingExtra("evals", "the report") from error
    name, ours = result["settings"]["retriever"], result["metrics"]
    peers = {row.name: row.metrics for row in [row for row in _systems(result) if not row.ours][:DRAWN]}
    covered = {"cov@": name, "stems@": f"{name}, answer kept"}
    return {
        "recall": plots.curves("recall", "first k turns", {"R@": name}, ours, peers),
        "covered": plots.curves("covered", "tokens of context", covered, ours, peers),
        "latency": plots.histogram("latency", [each["milliseconds"] for each in asked], result["latency_ms"]),
    }


def _headlines(result: Result, asked: Sequence[Question]) -> list[Headline]:
    made = []
    for metric, name, meaning in HEADLINES:
        values = [own for each in asked if (own := value(each, metric)) is not None]
        if metric in result["metrics"] and values:
            low, high = interval(values)
            made.append(Headline(name=name, meaning=meaning, value=result["metrics"][metric], low=low, high=high))
    return made


def _row(name: str, counted: Mapping[str, Any]) -> Row:
    return Row(name=name, metrics=counted.get("metrics", counted), n=counted["n"])


def _systems(result: Result) -> list[Row]:
    """Ours among the others, best first; nothing where no other is known."""
    peers = [Row(name=name, metrics=metrics) for name, metrics in result.get("peers", {}).items()]
    if not peers:
        return []
    ours = Row(name=result["settings"]["retriever"], metrics=result["metrics"], ours=True)
    return sorted([ours, *peers], key=lambda row: row.metrics.get("R@10", 0.0), reverse=True)


def _groups(rows: Iterable[Row]) -> list[Group]:
    """Returns the columns that at least one of the rows has a figure for."""
    known = {metric for row in rows for metric in row.metrics}
    made = []
    for heading, prefix, metrics in GROUPS:
        present = tuple(metric for metric in metrics if metric in known)
        if present:
            names = [metric.removeprefix(prefix) for metric in present]
            labels = tuple(f"{int(name):,}" if name.isdecimal() else name.replace("_", " ") for name in names)
            made.append(Group(heading=heading, metrics=present, labels=labels))
    return made


def _misses(asked: Sequence[Question]) -> list[Miss]:
    """Lists the worst questions first: by R@10, then by nDCG@10."""
    missed = sorted((each for each in asked if each["R@10"] < 1), key=lambda each: (each["R@10"], each["nDCG@10"]))
    misses = []
    for each in missed[:WORST]:
        evidence = set(each["evidence"])
        lines = [
            Line(rank=rank, hit=hit, right=not evidence.isdisjoint(hit["keys"]))
            for rank, hit in enumerate(each["returned"], start=1)
        ]
        texts = each.get("wanted", {})
        ranks = {key: line.rank for line in reversed(lines) for key in line.hit["keys"]}
        wanted = tuple(Wanted(key=key, text=texts.get(key, ""), rank=ranks.get(key)) for key in each["evidence"])
        shown = tuple(line for line in lines if line.rank <= SHOWN or line.right)
        misses.append(Miss(asked=each, wanted=wanted, returned=shown))
    return misses


def _share(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"


def _shown(setting: object) -> str:
    return setting if isinstance(setting, str) else json.dumps(setting, ensure_ascii=False)
