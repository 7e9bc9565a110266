"""The data sets that can be measured, by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from semmem.errors import InvalidInput
from semmem.evals import precision
from semmem.evals.datasets import beam, friendsqa, jsonl, locomo, longmemeval, realtalk
from semmem.evals.datasets.dataset import Conversation, Question

OWN_DATA = "your own events and questions as lines of JSON (docs/evals.md has a template)"
SOURCES: Mapping[str, str] = {
    "locomo": locomo.SOURCE,
    "longmemeval": longmemeval.SOURCE,
    "beam": beam.SOURCE,
    "realtalk": realtalk.SOURCE,
    "friendsqa": friendsqa.SOURCE,
    "precisionmembench": precision.SOURCE,
    "jsonl": OWN_DATA,
}
_LOADERS: Mapping[str, Callable[[Path], list[Conversation]]] = {
    "locomo": locomo.load,
    "longmemeval": longmemeval.load,
    "beam": beam.load,
    "realtalk": realtalk.load,
    "friendsqa": friendsqa.load,
    "jsonl": jsonl.load,
}


def known(dataset: str | None, data: Path | None) -> tuple[str, Path]:
    """Returns both, where given. Raises InvalidInput that says where to get the data set, and under which licence."""
    if dataset is None:
        raise InvalidInput("dataset", "is missing", "pass --dataset; --help names those that this command measures")
    if data is None or not data.exists():
        limit = "is missing" if data is None else f"{data} is not there"
        raise InvalidInput("data", limit, f"get {SOURCES[dataset]}, and pass --data")
    return dataset, data


def load(dataset: str, data: Path) -> list[Conversation]:
    """Reads the conversations with the questions that can be measured: an adversarial one has no answer to be found."""
    return [
        replace(each, questions=_without_adversarial(each.questions), others=_without_adversarial(each.others))
        for each in _LOADERS[dataset](data)
    ]


def _without_adversarial(questions: Sequence[Question]) -> tuple[Question, ...]:
    return tuple(question for question in questions if question.category != locomo.ADVERSARIAL)
