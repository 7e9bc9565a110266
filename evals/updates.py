"""Evals of what has changed: whether the newest statement comes back, above the outdated one, and both where asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from semmem.evals.datasets.beam import KNOWLEDGE_UPDATE
from semmem.evals.datasets.dataset import Conversation
from semmem.evals.metrics import source_turns, stands_above
from semmem.evals.retrieved import NEWEST_ABOVE, TOP

CONTRADICTION, TIME = "contradiction_resolution", "temporal_reasoning"
ABILITIES = (KNOWLEDGE_UPDATE, CONTRADICTION, TIME)

CURRENT = "current_by_default"
BOTH = f"both_statements_found@{TOP}"
UPDATE_METRICS = (NEWEST_ABOVE, CURRENT, BOTH)


def about_updates(conversations: Iterable[Conversation]) -> list[Conversation]:
    """Returns the conversations with the questions of ABILITIES alone."""
    return [
        replace(each, questions=tuple(question for question in each.questions if question.category in ABILITIES))
        for each in conversations
    ]


def update_figures(result: Mapping[str, Any]) -> dict[str, float]:
    """Returns means by the names in UPDATE_METRICS, over the questions of a retrieval result that each is about.

    Current by default: the first of the two statements within the first TOP turns is the newest. Both statements
    found: all turns of a contradiction, or of two events in time, are within them.
    """
    asked: Sequence[Mapping[str, Any]] = result["questions"]
    updates = [each for each in asked if NEWEST_ABOVE in each]
    current: list[float] = []
    for each in updates:
        turns = source_turns(hit["keys"] for hit in each["returned"])
        current.append(float(stands_above(each["updated"], each["original"], turns[:TOP])))
    both = [each[f"all@{TOP}"] for each in asked if each["category"] in (CONTRADICTION, TIME)]
    values = {
        NEWEST_ABOVE: [each[NEWEST_ABOVE] for each in updates],
        CURRENT: current,
        BOTH: both,
    }
    return {name: round(fmean(own), 4) for name, own in values.items() if own}
