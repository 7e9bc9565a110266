"""Asked questions: what came back for each, the figures of it, and their means."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from semmem.evals.metrics import ndcg, percentile, recall, reciprocal_rank, source_turns, stands_above

BUDGETS = (500, 1_000, 2_000, 4_000)  # tokens
RECALLED = (5, 10, 20, 50)
TOP = 10  # turns that the strict figures look at

NEWEST_ABOVE = "newest_above_outdated"
RANKED = (*(f"R@{k}" for k in RECALLED), f"all@{TOP}", f"nDCG@{TOP}", "MRR")
COVERED = tuple(f"cov@{budget}" for budget in BUDGETS)
STEMS = tuple(f"stems@{budget}" for budget in BUDGETS)
METRICS = (*RANKED, *COVERED, *STEMS, NEWEST_ABOVE)

TEXT = 200  # characters
TEXTS = 20  # hits whose text is kept, for people to look at


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A hit: the keys of the events it rests on, and the start of its text ("" from the 21st hit on)."""

    keys: tuple[str, ...]
    kind: str  # "event" or "fact"
    score: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What one question brought back, and how long its recall took.

    `wanted` has the start of each turn of the evidence, by its key. `covered` tells for each budget whether all the
    evidence stood whole in the context, `stems` whether all words of the answer did; that is empty where the data set
    gives no answer.
    """

    conversation: str
    question_id: str
    question: str
    answer: str
    category: str
    evidence: tuple[str, ...]
    returned: tuple[Returned, ...]
    covered: Mapping[str, bool]
    stems: Mapping[str, bool]
    original: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    wanted: Mapping[str, str] = field(default_factory=dict)
    milliseconds: float

    @property
    def turns(self) -> list[str]:
        """The source turns of the hits, best first, each once."""
        return source_turns(hit.keys for hit in self.returned)

    @property
    def about_an_update(self) -> bool:
        return bool(self.original and self.updated)


def shortened(text: str) -> str:
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def returned(keys: Sequence[str], kind: str, score: float, text: str, rank: int) -> Returned:
    """Returns a hit as an answer keeps it; `rank` counts from 0."""
    return Returned(keys=tuple(keys), kind=kind, score=round(score, 4), text=text[:TEXT] if rank < TEXTS else "")


def measured(answer: Retrieved) -> dict[str, float]:
    """Returns the question's own figures by the names in METRICS; NEWEST_ABOVE only where it is about an update."""
    evidence, turns = answer.evidence, answer.turns
    found = {f"R@{k}": recall(evidence, turns, k) for k in RECALLED}
    found[f"all@{TOP}"] = float(recall(evidence, turns, TOP) == 1)
    found[f"nDCG@{TOP}"] = ndcg(evidence, turns, TOP)
    found["MRR"] = reciprocal_rank(evidence, turns)
    found |= {f"cov@{budget}": float(whole) for budget, whole in answer.covered.items()}
    found |= {f"stems@{budget}": float(kept) for budget, kept in answer.stems.items()}
    if answer.about_an_update:
        found[NEWEST_ABOVE] = float(stands_above(answer.updated, answer.original, turns))
    return {name: round(value, 4) for name, value in found.items()}


def result(answers: Sequence[Retrieved], **about: Any) -> dict[str, Any]:
    """Returns what `--json` writes: means over all questions and by category, then each question with its figures.

    `about` comes first: the data set, whether the run is partial, its settings. Latencies are in milliseconds.
    """
    rows = [(answer.category, measured(answer)) for answer in answers]
    spent = [answer.milliseconds for answer in answers]
    return {
        **about,
        "n": len(answers),
        "metrics": means([figures for _, figures in rows]),
        "by_category": {
            category: {"n": len(own), **means(own)}
            for category in sorted({category for category, _ in rows})
            if (own := [figures for each, figures in rows if each == category])
        },
        "latency_ms": {"p50": percentile(spent, 0.5), "p95": percentile(spent, 0.95)},
        "questions": [asdict(answer) | figures for answer, (_, figures) in zip(answers, rows, strict=True)],
    }


def means(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Returns each metric's mean over the questions that have it, in the order of METRICS."""
    values = {name: [own[name] for own in figures if name in own] for name in METRICS}
    return {name: round(sum(own) / len(own), 4) for name, own in values.items() if own}


def read(said: Mapping[str, Any]) -> Retrieved:
    """Reads what `asdict` made, after its way through JSON."""
    hits = tuple(Returned(**hit | {"keys": tuple(hit["keys"])}) for hit in said["returned"])
    lists = {name: tuple(said[name]) for name in ("evidence", "original", "updated")}
    return Retrieved(**dict(said) | lists | {"returned": hits})
