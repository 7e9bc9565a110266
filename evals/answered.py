"""Answered questions: what a reader said from a context, how it was judged, what that took, and the figures of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from semmem.evals.compare import interval
from semmem.evals.metrics import percentile

METRICS = ("accuracy",)

Part = Literal["reader", "judge"]
PARTS: tuple[Part, ...] = ("reader", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What calls of a model took."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    milliseconds: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            milliseconds=round(self.milliseconds + other.milliseconds, 2),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Of a million tokens, in whatever currency."""

    prompt: float
    completion: float

    def of(self, spent: Spent) -> float:
        return (spent.prompt_tokens * self.prompt + spent.completion_tokens * self.completion) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question, the context it was asked with, what the reader said, and what the judge said of that.

    `verdicts` has one for each point of a rubric, else one; None is neither yes nor no. `fault` says why a part gave
    no answer: then there is no verdict. `context_milliseconds` is what the memory took.
    """

    conversation: str
    question_id: str
    question: str
    answer: str
    category: str
    context: str
    context_tokens: int
    context_milliseconds: float
    response: str
    judge_prompt: str
    judged: tuple[str, ...]
    verdicts: tuple[bool | None, ...]
    reader: Spent
    judge: Spent
    fault: str = ""

    @property
    def score(self) -> float | None:
        """The share of yes among the verdicts; None where one is lacking."""
        if not self.verdicts or None in self.verdicts:
            return None
        return sum(map(bool, self.verdicts)) / len(self.verdicts)


def read(said: Mapping[str, Any]) -> Answered:
    """Reads what `asdict` made, after its way through JSON."""
    lists = {name: tuple(said[name]) for name in ("judged", "verdicts")}
    spent = {name: Spent(**said[name]) for name in PARTS}
    return Answered(**dict(said) | lists | spent)


def result(answers: Sequence[Answered], prices: Mapping[Part, Price | None], **about: Any) -> dict[str, Any]:
    """Returns what `--json` writes: the accuracy over all judged questions and by category, what it took, and each
    question. `unjudged` names the questions without a verdict, which no figure counts."""
    categories = sorted({answer.category for answer in answers})
    return {
        **about,
        **_accuracy(answers),
        "by_category": {name: _accuracy([each for each in answers if each.category == name]) for name in categories},
        "unjudged": [_unjudged(answer) for answer in answers if answer.score is None],
        "context": {
            "tokens": _mean([answer.context_tokens for answer in answers]),
            "latency_ms": _latency([answer.context_milliseconds for answer in answers]),
        },
        "models": {part: _taken([getattr(each, part) for each in answers], prices[part]) for part in PARTS},
        "questions": [asdict(answer) | {"score": answer.score} for answer in answers],
    }


def _accuracy(answers: Sequence[Answered]) -> dict[str, Any]:
    """Counts all questions and the judged ones; the interval is `interval`'s, of 95 %."""
    scores = [answer.score for answer in answers if answer.score is not None]
    low, high = interval(scores) if scores else (None, None)
    metrics = {"accuracy": _mean(scores)} if scores else {}
    return {"n": len(answers), "judged": len(scores), "metrics": metrics, "interval": [low, high]}


def _unjudged(answer: Answered) -> dict[str, Any]:
    why = answer.fault or "the judge answers neither yes nor no"
    said = next((each for each, verdict in zip(answer.judged, answer.verdicts, strict=True) if verdict is None), "")
    return {"conversation": answer.conversation, "question_id": answer.question_id, "why": why, "judge": said}


def _taken(spent: Sequence[Spent], price: Price | None) -> dict[str, Any]:
    total = sum(spent, Spent())
    taken = {name: value for name, value in asdict(total).items() if name != "milliseconds"}
    cost = None if price is None else round(price.of(total), 6)
    return taken | {"cost": cost, "latency_ms": _latency([each.milliseconds for each in spent if each.calls])}


def _latency(milliseconds: Sequence[float]) -> dict[str, float | None]:
    shares = {"p50": 0.5, "p95": 0.95}
    return {name: percentile(milliseconds, share) if milliseconds else None for name, share in shares.items()}


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
