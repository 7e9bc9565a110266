"""Small slips of a model, mended where there is only one thing it can have meant. Content is never guessed.

A confidence or importance that is no number from 0 to 1 counts as not given, for 8 may be of 10 or of 100; so does a
category that is none. Fields that are not in the schema are left out: they cannot say anything.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from semmem.domain.extraction import Verdict
from semmem.domain.fact import CATEGORIES

NOT_GIVEN = 0.5

_NUMBERED = re.compile(
    r"\s*(?:(?:line|fact|draft) ?)?[\[(#]?[A-Z]?(\d{1,6})(?:\.0)?[\])]?\s*", re.IGNORECASE
)  # "[3]", "F3"
_VERDICT = re.compile(r"\W*(add|confirm|supersede|ignore)(?:s|d|ed)?\W*", re.IGNORECASE)
_NOTHING = frozenset({"", "null", "none", "nil", "n/a", "na", "-", "unknown", "unspecified", "not specified"})
_MAX_WHEN = 64


def tidy_fact(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    known = {name: said[name] for name in ("subject", "text", "quote") if name in said}
    category = said.get("category")
    word = category.strip().lower() if isinstance(category, str) else ""
    source = said.get("source", said.get("sources"))
    if isinstance(source, list) and source:
        source = source[0]  # of several lines the first: where the quote stands in another, it is found there
    return known | {
        "category": word if word in CATEGORIES else "other",
        "confidence": _unit(said.get("confidence")),
        "importance": _unit(said.get("importance")),
        "source": _number(source),
        "when": _when(said.get("when")),
    }


def tidy_summary(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    known = {"text": said["text"]} if "text" in said else {}
    return known | {"session": _number(said.get("session"))}


def tidy_verdict(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    verdict: Verdict | Any = said.get("verdict")
    if isinstance(verdict, str) and (word := _VERDICT.fullmatch(verdict)):
        verdict = word[1].lower()
    candidate = said.get("candidate")
    if isinstance(candidate, list) and len(candidate) == 1:
        candidate = candidate[0]
    if verdict == "add" or candidate == 0 or (isinstance(candidate, str) and candidate.strip().lower() in _NOTHING):
        candidate = None
    return {"draft": _number(said.get("draft")), "verdict": verdict, "candidate": _number(candidate)}


def _unit(said: Any) -> float:
    if isinstance(said, str):
        try:
            said = float(said)
        except ValueError:
            return NOT_GIVEN
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= 1 or math.isnan(said):
        return NOT_GIVEN
    return float(said)


def _number(said: Any) -> Any:
    if isinstance(said, str) and (numbered := _NUMBERED.fullmatch(said)):
        return int(numbered[1])
    if isinstance(said, float) and said.is_integer():
        return int(said)
    return said


def _when(said: Any) -> str | None:
    """The words, or None: what is no date of the source dates nothing."""
    if isinstance(said, int | float) and not isinstance(said, bool):
        said = str(said)
    if not isinstance(said, str) or said.strip().lower() in _NOTHING or len(said.strip()) > _MAX_WHEN:
        return None
    return said
