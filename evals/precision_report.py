"""The figures of PrecisionMemBench: what had to come back and did, and what came back and must not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A query in some scopes of a user, and the beliefs that have to come back or must not.

    `relevant` is all that the query is about. `pinned` and `questions` are to be shown whatever is asked.
    """

    id: str
    category: str
    user: str
    scopes: tuple[str, ...]
    query: str
    limit: int
    relevant: tuple[str, ...]
    pinned: tuple[str, ...]
    questions: tuple[str, ...]
    excluded: tuple[str, ...]

    @property
    def wanted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.relevant, *self.pinned, *self.questions)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The beliefs that came back for a case, best first: `foreign` are another scope's, `outdated` are over."""

    case: Case
    returned: tuple[str, ...]
    foreign: tuple[str, ...]
    outdated: tuple[str, ...]

    @property
    def forbidden(self) -> tuple[str, ...]:
        return tuple(id for id in self.returned if id in self.case.excluded)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(id for id in self.case.wanted if id not in self.returned)

    @property
    def precision(self) -> float | None:
        """As the benchmark counts it: pinned beliefs do not take part. None where nothing was to be found, nor was."""
        kept = [id for id in self.returned if id not in (*self.case.pinned, *self.case.questions)]
        if not kept:
            return None if not self.case.relevant else 0.0
        return len(set(kept) & set(self.case.relevant)) / len(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What came back for a superseded belief and its successor, now and as of just before there was a successor."""

    old: str
    new: str
    now: tuple[str, ...]
    then: tuple[str, ...]

    @property
    def newest_above(self) -> bool:
        if self.old not in self.now:
            return self.new in self.now
        return self.new in self.now[: self.now.index(self.old)]

    @property
    def as_of_right(self) -> bool:
        return self.old in self.then and self.new not in self.then


def reported(outcomes: Sequence[Outcome], updates: Sequence[Update]) -> dict[str, Any]:
    """{"n", "metrics", "by_category", "cases", "updates"}, plain JSON.

    Shares, from 0 to 1 or None where nothing was asked for: `must_include` of all that had to come back (and of its
    three kinds), `precision`, `newest_above_outdated`, `as_of_right`. Counts of beliefs, over the cases:
    `must_exclude_returned`, `foreign_scope_returned`, `outdated_returned`.
    """
    categories: dict[str, list[Outcome]] = {}
    cases: list[dict[str, Any]] = []
    for outcome in outcomes:
        categories.setdefault(outcome.case.category, []).append(outcome)
        asked = {name: getattr(outcome.case, name) for name in ("id", "category", "query", "scopes", "limit")}
        found = {name: getattr(outcome, name) for name in ("returned", "missing", "forbidden", "foreign", "outdated")}
        written = (asked | found).items()
        cases.append({name: list(value) if isinstance(value, tuple) else value for name, value in written})
    return {
        "n": len(outcomes),
        "metrics": _metrics(outcomes)
        | {
            "newest_above_outdated": _mean(update.newest_above for update in updates),
            "as_of_right": _mean(update.as_of_right for update in updates),
        },
        "by_category": {name: {"n": len(own), **_metrics(own)} for name, own in categories.items()},
        "cases": cases,
        "updates": [asdict(update) for update in updates],
    }


def _metrics(outcomes: Sequence[Outcome]) -> dict[str, float | int | None]:
    return {
        "must_include": _found(outcomes, lambda case: case.wanted),
        "must_include_relevant": _found(outcomes, lambda case: case.relevant),
        "must_include_pinned": _found(outcomes, lambda case: case.pinned),
        "must_include_questions": _found(outcomes, lambda case: case.questions),
        "must_exclude_returned": sum(len(outcome.forbidden) for outcome in outcomes),
        "foreign_scope_returned": sum(len(outcome.foreign) for outcome in outcomes),
        "outdated_returned": sum(len(outcome.outdated) for outcome in outcomes),
        "precision": _mean(outcome.precision for outcome in outcomes if outcome.precision is not None),
    }


def _found(outcomes: Iterable[Outcome], wanted: Callable[[Case], tuple[str, ...]]) -> float | None:
    """Returns the share of the wanted beliefs that came back, each case's counted by itself."""
    return _mean(id in outcome.returned for outcome in outcomes for id in wanted(outcome.case))


def _mean(values: Iterable[float]) -> float | None:
    counted = list(values)
    return fmean(counted) if counted else None
