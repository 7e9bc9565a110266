"""Resolves what a text says about time against the moment it was said.

Small on purpose: what is not in the table stays open. "Recently", "a few weeks ago", "next Friday" on a Monday or a
birthday name no date that code could know.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from semmem.extractors.periods import TABLE, Period, Resolver, Said
from semmem.fact import Precision, Validity

_COMING = re.compile(
    r"\b(?:will|shall|going to|gonna|plan\w*|next|upcoming|tomorrow|soon|(?:want|hope) to"
    r"|(?:am|are|is|'re|'m) \w+ing)\b"
    r"|'ll\b",
    re.IGNORECASE,
)
_RECURS = re.compile(r"\b(?:birthday|anniversary|every|each|annual\w*|yearly|usually|always)\b", re.IGNORECASE)
_ENDS = re.compile(r"\b(?:until|till|through)(?: the)?$")
_JOINS = re.compile(r"(?:\bto|\band|[-–])$")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text that names a time: when it starts, when the period is over, and how exactly it was said."""

    first: int
    last: int
    start: datetime
    over: datetime
    precision: Precision
    relative: bool
    label: str


def resolve(text: str, said: datetime) -> Validity:
    """When the text says that something begins ("since 2019", "last week") or ends ("until May"); else open.

    A period known only to the week has the precision of a month.
    """
    if _RECURS.search(text):
        return Validity()
    start: Span | None = None
    end: Span | None = None
    for span in spans(text, said):
        before = text[: span.first].rstrip().lower()
        if _ENDS.search(before) or (start and _JOINS.search(before)):
            end = end or span
        else:
            start = start or span
    if end and start and end.over < start.start:
        return Validity()
    named = start or end
    return Validity(
        start=start.start if start else None,
        end=end.over if end else None,
        precision=named.precision if named else None,
    )


def annotate(text: str, said: datetime) -> str:
    """The text with the date behind each expression that means something only on the day it is said."""
    for span in reversed(spans(text, said)):
        if span.relative:
            text = f"{text[: span.last]} ({span.label}){text[span.last :]}"
    return text


def spans(text: str, said: datetime) -> list[Span]:
    """The times that the text names, in order, none inside another."""
    moment = Said(said, bool(_COMING.search(text)))
    found: list[Span] = []
    taken: list[tuple[int, int]] = []
    for pattern, period, relative in TABLE:
        for match in pattern.finditer(text):
            if any(match.start() < last and first < match.end() for first, last in taken):
                continue
            taken.append(match.span())  # also where it names no date: "31 June 2023" is not June 2023
            if named := _period(period, match, moment):
                dated = match.groupdict().get("year")
                start, over, precision, label = named
                needs_said = relative and not dated
                found.append(Span(match.start(), match.end(), start, over, precision, needs_said, label))
    return sorted(found, key=lambda span: span.first)


def _period(period: Resolver, match: re.Match[str], said: Said) -> Period | None:
    try:
        return period(match, said)
    except (ValueError, OverflowError):  # 31 June, or a year that no calendar has
        return None
