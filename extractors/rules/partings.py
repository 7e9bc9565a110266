"""What a clause says of two people who are together no more."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import FIANCES, NEUTRAL, SPOUSES, I, stated
from semmem.extractors.rules.value import NOTHING, Over
from semmem.extractors.words import content_stems

_PARTED = re.compile(
    rf"{I}(?:broke up|broken up|split up|separated|ended (?:it|things)|divorced)(?: (?:with|from) (?P<v>.+)"
    r"|(?= last | this | in"
    r"| yesterday| today| recently| a (?:week|month|year)| \w+ (?:weeks|months|years) ago)|$)"
    rf"|{I}left (?P<v4>(?-i:[A-Z])\w+)$"
    r"|^my ex is (?:now )?(?P<v3>(?-i:[A-Z])\w+)(?: now)?$"
    r"|^(?P<v2>(?-i:[A-Z])[\w-]+|my \w+) and I (?:have |are |just )*(?:broke up|broken up|split up|separated"
    r"|split|divorced)",
    re.IGNORECASE,
)
_PARTNERS = ("boyfriend", "girlfriend", "partner", *FIANCES)
_ALONE = re.compile(rf"{I}(?:a )?(?:single|divorced|separated|widowed|widow|widower)\b(?![-\w])", re.IGNORECASE)
_CALLED_OFF = re.compile(rf"{I}(?:called off|broke off|ended) (?:my|the) engagement\b", re.IGNORECASE)


def parted(clause: Clause) -> Iterator[Over]:
    match = _PARTED.match(clause.text)
    if match and not clause.negated:
        named = re.sub(
            r"^my ", "", NEUTRAL.sub("", stated(match["v"] or match["v2"] or match["v3"] or match["v4"] or ""))
        )
        whose = NOTHING if named.lower() in (*_PARTNERS, *SPOUSES) else content_stems(named)
        yield from (Over("partner", whose), Over("work", whose or frozenset({named})))
        if whose:
            yield Over("with", whose)
        if named.lower() in SPOUSES:
            yield Over("relationship", frozenset({"married"}))
        if named.lower() in (*_PARTNERS, *SPOUSES):
            yield Over(f"my {named.lower()}")
        elif whose:
            yield from (Over(f"my {who}", whose) for who in (*_PARTNERS, *SPOUSES))
    if (
        _ALONE.match(clause.text)
        and not (clause.negated or clause.passing)
        and (clause.renewed or " got " in clause.text)
    ):
        yield Over("partner")
        yield from (Over(f"my {who}") for who in (*_PARTNERS, *SPOUSES))
    if not clause.negated and _CALLED_OFF.match(clause.text):
        yield Over("relationship", frozenset({"engaged"}))
        yield Over("partner")
