"""Two results of `semmem eval retrieval`, question by question: what changed from A to B, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from semmem.errors import InvalidInput
from semmem.retrieval.quote import visible

RESAMPLES = 10_000
SEED = 20
LISTED = 10
DUELS = ("R@10", "nDCG@10")
VERSION = "semmem"  # the one setting that may differ: comparing two releases is what this is for

Result = Mapping[str, Any]
Question = Mapping[str, Any]
Pairs = Sequence[tuple[Question, Question]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One metric's means over the `n` questions that count for it; `low` to `high` holds B - A with 95 % confidence."""

    metric: str
    n: int
    a: float
    b: float
    difference: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """The interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """In how many questions B is better (`wins`), worse (`losses`) or as good."""

    metric: str
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A question's R@10 in A and in B."""

    conversation: str
    question_id: str
    category: str
    question: str
    a: float
    b: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """B against A over the `n` questions both have; `won` and `lost` are the largest changes of R@10, ten at most."""

    n: int
    differing: tuple[str, ...]  # the settings that are not the same, where that was allowed
    metrics: tuple[Difference, ...]
    duels: tuple[Duel, ...]
    won: tuple[Change, ...]
    lost: tuple[Change, ...]


def compare(a: Result, b: Result, *, across_settings: bool = False) -> Comparison:
    """Says how B differs from A, on the questions both have; each is what `--json` wrote.

    Raises InvalidInput where the data, the number of questions or a setting differs, the release apart, unless
    `across_settings`; and where no question is in both.
    """
    before = {_identity(question): question for question in questions_of(a, "A")}
    after = [(_identity(question), question) for question in questions_of(b, "B")]
    pairs = [(before[identity], question) for identity, question in after if identity in before]
    first, second = _conditions(a), _conditions(b)
    differing = tuple(name for name in dict.fromkeys([*first, *second]) if first.get(name) != second.get(name))
    if differing and not across_settings:
        limit = f"the runs differ in {', '.join(differing)}"
        raise InvalidInput("--compare", limit, "add --across-settings to compare them all the same")
    if not pairs:
        raise InvalidInput("--compare", "the runs have no question in common", "compare two runs on the same data")
    if not all(metric in question for pair in pairs for question in pair for metric in DUELS):
        limit = f"the runs do not say {' and '.join(DUELS)} of each question"
        raise InvalidInput("--compare", limit, "give files that `semmem eval retrieval --json` wrote")
    duels = []
    for metric in DUELS:
        changes = [_change(metric, *pair) for pair in pairs]
        wins, losses = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
        duels.append(Duel(metric=metric, wins=wins, losses=losses, ties=len(changes) - wins - losses))
    return Comparison(
        n=len(pairs),
        differing=differing,
        metrics=tuple(found for metric in b["metrics"] if (found := _difference(metric, pairs))),
        duels=tuple(duels),
        won=_changes(pairs, sign=1),
        lost=_changes(pairs, sign=-1),
    )


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Returns the 95 % interval of a mean over questions: Efron's percentile bootstrap, 10,000 resamples, a fixed seed.

    Given the differences of pairs it is the paired bootstrap. Efron, "Bootstrap methods: another look at the
    jackknife", Annals of Statistics 7(1), 1979.
    """
    sample = np.asarray(values, dtype=np.float64)
    random = np.random.default_rng(SEED)
    # In slices: all resamples of a large run at once would take gigabytes.
    means = [
        sample[random.integers(len(sample), size=(100, len(sample)))].mean(axis=1) for _ in range(RESAMPLES // 100)
    ]
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5))
    return float(low), float(high)


def questions_of(result: Result, field: str) -> Sequence[Question]:
    """Returns a result's questions; InvalidInput names `field` where it is no result, or has none."""
    questions = result.get("questions")
    if not isinstance(questions, list) or not questions:
        raise InvalidInput(field, "holds no asked questions", "give a file that `semmem eval retrieval --json` wrote")
    return questions


def value(question: Question, metric: str) -> float | None:
    """Returns a question's own figure; None where the metric does not count it."""
    found = question.get(metric)
    return None if found is None else float(found)


def _identity(question: Question) -> tuple[str, str]:
    return question["conversation"], question["question_id"]


def _conditions(result: Result) -> dict[str, object]:
    settings = {name: value for name, value in result["settings"].items() if name != VERSION}
    return {name: result.get(name) for name in ("dataset", "n", "embedder")} | settings


def _difference(metric: str, pairs: Pairs) -> Difference | None:
    """Returns None where no question counts for the metric in both runs."""
    values = [(value(before, metric), value(after, metric)) for before, after in pairs]
    both = [(x, y) for x, y in values if x is not None and y is not None]
    if not both:
        return None
    low, high = interval([y - x for x, y in both])
    a, b = (sum(side) / len(both) for side in zip(*both, strict=True))
    return Difference(metric=metric, n=len(both), a=a, b=b, difference=b - a, low=low, high=high)


def _changes(pairs: Pairs, *, sign: int) -> tuple[Change, ...]:
    """Returns the largest changes of R@10 in one direction; among equal ones, of nDCG@10."""
    changed = [pair for pair in pairs if sign * _change(DUELS[0], *pair) > 0]
    changed.sort(key=lambda pair: [-sign * _change(metric, *pair) for metric in DUELS])
    listed = []
    for before, after in changed[:LISTED]:
        words = {name: after[name] for name in ("conversation", "question_id", "category", "question")}
        listed.append(Change(**words, a=before[DUELS[0]], b=after[DUELS[0]]))
    return tuple(listed)


def _change(metric: str, before: Question, after: Question) -> float:
    return float(after[metric]) - float(before[metric])


def plain(comparison: Comparison) -> dict[str, Any]:
    """Returns the comparison as JSON has it."""
    return asdict(comparison)


def pictured(comparison: Comparison) -> RenderableType:
    """Draws it for people at a terminal."""
    head = Text(f"B against A on the {comparison.n:,} questions both have; 95 % intervals by paired bootstrap")
    if comparison.differing:
        head.append(f"\nnot the same: {', '.join(comparison.differing)}", style="yellow")
    metrics = _table("metric", "A", "B", "B - A", "from", "to", "questions")
    for each in comparison.metrics:
        style = "" if not each.sure else "green" if each.difference > 0 else "red"
        cells = f"{each.a:.3f}", f"{each.b:.3f}", f"{each.difference:+.3f}", f"{each.low:+.3f}", f"{each.high:+.3f}"
        metrics.add_row(each.metric, *cells, f"{each.n:,}", style=style)
    duels = _table("per question", "B better", "A better", "as good")
    for duel in comparison.duels:
        duels.add_row(duel.metric, f"{duel.wins:,}", f"{duel.losses:,}", f"{duel.ties:,}")
    parts: list[RenderableType] = [head, Text(), metrics, Text(), duels]
    for title, changes in (("won, R@10", comparison.won), ("lost, R@10", comparison.lost)):
        if changes:
            listed = _table(title, "A", "B")
            listed.add_column("question", ratio=1, overflow="fold")
            for change in changes:
                name = Text(visible(f"{change.conversation} {change.question_id}"))
                listed.add_row(name, f"{change.a:.2f}", f"{change.b:.2f}", Text(visible(change.question)))
            parts += [Text(), listed]
    return Group(*parts)


def _table(first: str, *numbers: str) -> Table:
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    made.add_column(first, overflow="fold")
    for name in numbers:
        made.add_column(name, justify="right", no_wrap=True)
    return made
