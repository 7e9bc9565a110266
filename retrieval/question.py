"""What a question asks for: whom, when, which kind of answer."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from semmem.language.spans import Span, spans
from semmem.language.words import NAMES_TOO

_WHEN = re.compile(
    r"^\W*when\b|\b(?:what|which) (?:date|day|month|year|time)\b|\bhow long\b"
    r"|\bhow many (?:days|weeks|months|years)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:who|whom|whose|where|names?|(?:which|what) (?:city|country|state|place|book|movie|film|game|band|song))\b",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"\b(?:books?|novels?|movies?|films?|songs?|albums?|games?|series|poems?|titles?|titled|called|named)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(r"\bhow (?:many|much|old|often|long|far|big|tall)\b|\bnumber of\b", re.IGNORECASE)
_MEASURE = re.compile(
    r"\b(?:how (?:many|much|long|far|often|old)|when|time|date|deadline|number|count|total|average|percent(?:age)?"
    r"|rate|score|quota|budget|price|cost)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(r"\b(?:is|are|am|do|does|has|have|should|will|can)\b|\w's\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:did|was|were|had)\b", re.IGNORECASE)
_BOTH = re.compile(r"\bboth\b", re.IGNORECASE)
_YEAR = timedelta(days=365.2425)

FADES = timedelta(days=14)  # people tell of what happened within days


def asks_when(question: str) -> bool:
    return bool(_WHEN.search(question))


def asks_for_name(question: str) -> bool:
    return bool(_NAME.search(question))


def asks_for_title(question: str) -> bool:
    return bool(_TITLE.search(question))


def asks_for_count(question: str) -> bool:
    return bool(_COUNT.search(question))


def asks_for_present_measure(question: str) -> bool:
    """Returns whether the answer is a number or date as it stands now, which the newest statement knows best."""
    return bool(_MEASURE.search(question) and _PRESENT.search(question) and not _PAST.search(question))


def subject(question: str, voices: Collection[str]) -> str | None:
    """Returns the first speaker that the question names; owners ("Ana's") come after the others, None for "both"."""
    if _BOTH.search(question):
        return None
    found: list[tuple[bool, int, int, str]] = []
    for voice in voices:
        named = rf"(?<!\w){re.escape(voice)}(?!\w)(?P<owner>['’]s\b)?"  # noqa: RUF001
        places = [*re.finditer(named, question, re.IGNORECASE)]
        if voice.casefold() in NAMES_TOO:  # a word, unless it is written as a name, and not for being the first
            places = [match for match in places if match[0][0].isupper() and (match.start() or match["owner"])]
        found += [(match["owner"] is not None, match.start(), -len(voice), voice) for match in places]
    return min(found)[-1] if found else None


def times(question: str, now: datetime) -> list[Span]:
    """Returns the days, months and years that the question names; "yesterday" and the like are seen from `now`."""
    return spans(question, now)


def date_fit(named: Span, at: datetime) -> float:
    """1 within the time named, falling to 0 over FADES on both sides; a day or month without its year fits any year."""
    moved = round((at - named.start) / _YEAR) * _YEAR if named.yearless else timedelta()
    gap = max(named.start - at + moved, at - named.over - moved, timedelta())
    return max(0.0, 1 - gap / FADES)
