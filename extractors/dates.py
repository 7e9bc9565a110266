"""Resolves what a text says about time against the moment it was said."""

import re
from datetime import datetime

from semmem.fact import Validity
from semmem.spans import Span, spans

_RECURS = re.compile(r"\b(?:birthday|anniversary|every|each|annual\w*|yearly|usually|always)\b", re.IGNORECASE)
_ENDS = re.compile(r"\b(?:until|till|through)(?: the)?$")
_JOINS = re.compile(r"(?:\bto|\band|[-–])$")  # noqa: RUF001


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
