"""Resolves what a text says about time against the moment it was said."""

import re
from datetime import datetime

from semmem.domain.fact import Validity
from semmem.language.spans import Span, spans
from semmem.language.units import label
from semmem.language.words import PART_OF

_RECURS = re.compile(r"\b(?:birthday|anniversary|every|each|annual\w*|yearly|usually|always)\b", re.IGNORECASE)
_ENDS = re.compile(rf"\b(?:until|till|through){PART_OF}$")
_EXPIRES = re.compile(r"\b(?:valid|good|open|insured|covered|guaranteed|paid|booked|reserved)\b[\w ]{0,20}$")
_SPANS = re.compile(r"\s*(?:to|until|till|through|[-–])\s*(?:the\s*)?")  # noqa: RUF001
_BETWEEN = re.compile(r"\bbetween(?: the)?$")
_RESET = re.compile(
    r"\b(?:mov|chang|postpon|reschedul|push|shift|switch|delay|swap)(?:ed?|ing|es|s)?\b|\bbrought? forward\b",
    re.IGNORECASE,
)


def resolve(text: str, said: datetime, within: tuple[int, int] | None = None) -> Validity:
    """When the text says that something begins ("since 2019", "last week") or ends ("until May"); else open.

    Of a stretch `within` the text only its times count, as the whole text means them. Two dates are a period only where
    they stand as one: "from May to June", not "in May and in June", nor what was moved from one to the other. A period
    known only to the week has the precision of a month.
    """
    first, last = within or (0, len(text))
    if _RECURS.search(text[first:last]):
        return Validity()
    start: Span | None = None
    end: Span | None = None
    for span in (each for each in spans(text, said) if each.first < last and first < each.last):
        before = text[: span.first].rstrip().lower()
        if _ENDS.search(before):
            end = end or (None if _EXPIRES.search(_ENDS.sub("", before).rstrip()) else span)
        elif start and end is None and _is_period(text, start, span):
            end = span
        else:
            start = start or span
    if start and end and start.first < end.first and _RESET.search(text[: start.first]):
        return Validity()
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


def dated(text: str, validity: Validity) -> str:
    """The text with when it began behind it, as `annotate` writes it: two days of one thing are two statements."""
    if validity.start is None:
        return text
    body = text.rstrip(".!?")
    return f"{body} ({label(validity.start, validity.precision or 'instant')}){text[len(body) :]}"


def _is_period(text: str, start: Span, end: Span) -> bool:
    between = text[start.last : end.first]
    if _SPANS.fullmatch(between):
        return True
    return between.strip().lower() == "and" and bool(_BETWEEN.search(text[: start.first].rstrip().lower()))
