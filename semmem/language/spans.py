"""The times that a text names, seen from the moment it was said.

Small on purpose: what is not in the table stays open. "Recently", "a few weeks ago", "next Friday" on a Monday or a
birthday name no date that code could know.
"""

import re
from bisect import bisect
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from semmem.domain.fact import Precision
from semmem.language.parts import Part, joined
from semmem.language.periods import TABLE, Kind, Row, Said
from semmem.language.tenses import PAST, Told, told
from semmem.language.units import Period, kept
from semmem.language.words import PART_OF

_COMING = re.compile(
    r"\b(?:will|shall|going to|gonna|plan\w*|next|upcoming|tomorrow|soon|(?:want|hope) to|(?:am|are|is|'re"
    r"|'m) \w+ing)\b|'ll\b",
    re.IGNORECASE,
)
# "Is on Friday", "starts in May", "have an exam on Friday": what is set for a time has not been yet.
_SET_FOR = re.compile(
    r"\b(?:is|are|'s|'re|takes? place|happens?|starts?|begins?|leaves?|departs?|fly|flies|arrives?|opens?|ends?|closes?"
    r"|expires?|(?:have|has|'ve)(?: got)? (?:an?|my|our|the)"
    r" (?:(?!\b(?:I|we|he|she|they|who|that|which|from)\b)[\w' -]|(?<=\bDr)\.){2,40}?)"
    r"(?: (?:now|scheduled|set|planned|booked|due))*(?: (?:for|on|in|at))? ?$",
    re.IGNORECASE,
)
# "Moved the wedding to 3 October": nobody moves to a day that is over, but for one who goes on to tell how it was.
_RESET_TO = re.compile(
    r"(?<!had )\b(?:moved|postponed|rescheduled|pushed|changed|shifted|delayed|booked|scheduled|planned)\b"
    r"(?:(?!\b(?:and|me|us|him|her)\b)[\w' -]){0,60}? (?:to|for|until|till)(?: the)? ?$",
    re.IGNORECASE,
)
_WENT_ON = re.compile(
    r"\s*(?:,|and\b|but\b|so\b|because\b|last\b).*\b(?:was|were|went|lost|won|left|said|came|got|had|last|\w{3,}ed)\b",
    re.IGNORECASE,
)
_LONG_SINCE = re.compile(r"\b(?:last (?:year|month|spring|summer|autumn|fall|winter)|ago)\b", re.IGNORECASE)
_BEFORE, _BEHIND = 160, 400  # characters around a time that are looked at, however many a text names
_LONGEST_AHEAD = timedelta(days=240)  # of such a day: where the next one is farther, the last one is meant
_SINCE = re.compile(rf"\bsince{PART_OF} $", re.IGNORECASE)  # what is so since then began in the past
# "I work there until May" ends in the May to come; "I worked there until May" ended in the one that is over.
_UNTIL = re.compile(rf"\b(?:until|till){PART_OF} $", re.IGNORECASE)
# Where another statement begins, of which the words about what is to come say nothing here.
_CLAUSE = re.compile(
    r";|,? (?:and|but|so|because|while|although|though)"
    r"(?= (?:I|we|you|he|she|they|it|there|will|am|is|are|was|were)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text that names a time: when it starts, when the period is over, and how exactly it was said."""

    first: int
    last: int
    start: datetime
    over: datetime
    precision: Precision
    relative: bool
    yearless: bool  # a day or month of which the text does not say the year
    label: str


def spans(text: str, said: datetime) -> list[Span]:
    """The times that the text names, in order, none inside another."""
    return [
        Span(part.first, part.last, *part.period[:3], part.relative, part.yearless, part.period[3])
        for part in joined(text, _parts(text, said))
        if part.period
    ]


def _parts(text: str, said: datetime) -> list[Part]:
    """What the rows of the table find, in order, also where it names no time."""
    long_since, clauses = bool(_LONG_SINCE.search(text)), _clauses(text)
    found: list[Part] = []
    taken = bytearray(len(text))
    for row in TABLE:
        for match in row.pattern.finditer(text):
            first, last = match.span()
            if any(taken[first:last]):
                continue
            taken[first:last] = b"x" * (last - first)  # also where it names no date: "31 June 2023" is not June 2023
            if row.kind in ("bare", "move"):  # none by itself
                seen, named = Said(said, coming=False), None
            else:
                clause = clauses[bisect(clauses, first, key=lambda each: each.first) - 1]
                seen = Said(said, _looks_ahead(text, match, clause), _told(text, match, clause))
                named = _named(text, row, match, seen, long_since)
            groups = match.groupdict()
            relative = row.relative and not groups.get("year")
            yearless = relative and "month" in groups
            found.append(Part(first, last, _kind(row.kind, groups), match, seen, relative, yearless, named))
    return sorted(found, key=lambda part: part.first)


def _named(text: str, row: Row, match: re.Match[str], seen: Said, long_since: bool) -> Period | None:
    named = kept(lambda: row.period(match, seen))
    if seen.coming or long_since or not _is_reset(text, match):
        return named
    ahead = kept(lambda: row.period(match, replace(seen, coming=True)))
    return ahead if ahead and ahead[0] - seen.at <= _LONGEST_AHEAD else named


def _kind(kind: Kind, groups: dict[str, str | None]) -> Kind:
    if kind == "point" and (groups.get("year") or (groups.get("which") or "on").lower() != "on"):
        return "whole"  # "last May" needs no other part
    return "whole" if (groups.get("unit") or "").lower() in ("minute", "hour") else kind


class _Clause(NamedTuple):
    first: int
    last: int
    coming: bool  # it tells of what is to come


def _clauses(text: str) -> list[_Clause]:
    ends = [0, *(match.end() for match in _CLAUSE.finditer(text)), len(text)]
    return [_Clause(first, last, bool(_COMING.search(text[first:last]))) for first, last in pairwise(ends)]


def _looks_ahead(text: str, match: re.Match[str], clause: _Clause) -> bool:
    """Whether what happens at this time is to come."""
    own = match.group()[:3] if match.group().lower().startswith("on ") else ""  # the day's words begin with it
    before = f"{_before(text, match)}{own}"
    if _SINCE.search(before):
        return False
    return (
        clause.coming or bool(_SET_FOR.search(before)) or (_lasts(text, match, clause) and bool(_UNTIL.search(before)))
    )


def _told(text: str, match: re.Match[str], clause: _Clause) -> Told:
    before = text[max(clause.first, match.start() - _BEFORE) : match.start()]
    return told(before, text[match.end() : min(clause.last, match.end() + _BEFORE)])


def _lasts(text: str, match: re.Match[str], clause: _Clause) -> bool:
    """Whether what ends at this time is not over: nothing before it is told of the past, nor behind "Until May"."""
    told = text[max(clause.first, match.start() - _BEFORE) : match.start()]
    if _UNTIL.sub("", told).strip():
        return not PAST.search(told)
    return not PAST.search(text[match.end() : min(clause.last, match.end() + _BEHIND)])


def _is_reset(text: str, match: re.Match[str]) -> bool:
    is_over = _WENT_ON.match(text[match.end() : match.end() + _BEHIND])
    return bool(_RESET_TO.search(_before(text, match))) and not is_over


def _before(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - _BEFORE) : match.start()]
