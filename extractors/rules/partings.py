"""What a clause says of two people who are together no more."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import FIANCES, NEUTRAL, SPOUSES, I, stated
from semmem.extractors.rules.value import NOTHING, Over
from semmem.extractors.words import content_stems
from semmem.language.words import HELPERS, NUMBERS, OCCUPATIONS, RELATIVES, either

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
# With whom: a name, or what people are; not "my job", "the sea" or "reality".
_A_PERSON = (
    rf"(?:(?-i:[A-Z])|(?:an?|my|the|this|that|some) (?:[\w'-]+ ){{0,3}}?(?:{either(RELATIVES, SPOUSES, FIANCES)}"
    rf"|{either(OCCUPATIONS, HELPERS)}|ex|\w*man|\w*woman|girl|guy|boy|person|\w*friend|\w*mate|neighbou?r"
    r"|colleague|coworker|sweetheart|crush|lady|love|one|student|someone|somebody)\b"
    r"|(?:someone|somebody|him|her|them|each other)\b)"
)
# Behind "married", "single" and the like, what makes something else of them: "single handed", "married to my job".
OF_NO_COUPLE = (
    rf"(?![-\w]| (?:to (?!be\b|{_A_PERSON})|from (?!now\b|last\b|{_A_PERSON})"
    rf"|with (?!{_A_PERSON}|(?:an?|no|\d+|{either(NUMBERS)}) (?!half\b)[a-z])|(?:hand|mind)\w*|player|malt|use|sex"
    r"|(?:my|your|our|him|her|it|them)sel(?:f|ves)\b|in spirit\b))"
)
_ALONE = re.compile(rf"{I}(?:a )?(?:single|divorced|separated|widowed|widow|widower)\b{OF_NO_COUPLE}", re.IGNORECASE)
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
