"""What something else took the place of: switched from, traded for, instead of, rather than."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import ADVERB, DRIVES, HABITS, NEUTRAL, PREFERS, RIDES, I
from semmem.extractors.rules.plain import ROLES
from semmem.extractors.rules.value import Over
from semmem.extractors.words import content_stems

_SWITCHED = re.compile(
    rf"{I}(?:switched|changed|swapped|went|moved|transferred|upgraded|downgraded|converted)(?: my \w+)? from "
    r"(?P<v>[^,]{1,40}?) to\b"
    rf"|{I}(?:swapped|traded|exchanged) (?!seats\b|places\b)(?P<v2>[^,]{{1,40}}?) for\b"
    rf"|{I}replaced (?P<v3>[^,]{{1,40}}?) (?:with|by)\b",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(
    r"^my (?:[\w-]+ )*?(?P<v>monitor|laptop|phone|car|bike|tablet|camera|computer|watch|editor|browser)$", re.I
)
_CHANGED_ONE = re.compile(rf"{I}(?:switched|changed|swapped) (?P<v>{ROLES})s\b(?!'| (?:with|from)\b)", re.IGNORECASE)
_INSTEAD_OF = re.compile(
    rf"^I {ADVERB}(?:am )?(?P<verb>drink|eat|take|use|have|do|go|play|walk|ride|read|see|watch|train|prefer|want|buy"
    rf"|wear|drive|bike|cycle|got|bought|collect|grow|cook|bake|teach|study|learn|support)"
    r"(?:s|ing)? [^,]{1,60}? (?:instead of|rather than) (?P<v>.+)",
    re.IGNORECASE,
)
_PREFERS_TO = re.compile(
    rf"{I}(?:prefer|like) [\w ]{{2,30}}? (?:to|over|more than|better than) (?P<v>[\w ]+)", re.IGNORECASE
)
_ONCE = re.compile(
    r"\b(?:today|tonight|this (?:morning|afternoon|evening|time)|yesterday|last night|once)\b", re.IGNORECASE
)


def exchanged(clause: Clause) -> Iterator[Over]:
    switched = _SWITCHED.match(clause.text)
    if switched and (stems := content_stems(switched["v"] or switched["v2"] or switched["v3"])):
        yield Over("does", stems, HABITS | PREFERS | DRIVES)
        yield from (Over(kind, stems) for kind in ("any value", "has", *RIDES, "my phone"))
    if switched and (one := _LAST_WORD.search(switched["v"] or switched["v2"] or switched["v3"])):
        yield Over(f"my {one['v'].lower()}")
    if other := _CHANGED_ONE.match(clause.text):
        yield Over(f"my {other['v'].lower()}")
    if over := _PREFERS_TO.match(clause.text):
        yield Over("does", content_stems(NEUTRAL.sub("", over["v"])), PREFERS)
        if over["v"][:1].isupper() and clause.renewed:
            yield Over("any value", content_stems(NEUTRAL.sub("", over["v"])))
    instead = _INSTEAD_OF.match(clause.text)
    if instead and not _ONCE.search(clause.text):
        stems = content_stems(NEUTRAL.sub("", instead["v"]))
        yield Over("does", stems, content_stems(instead["verb"]) or frozenset({instead["verb"]}))
        kinds = ("has", *RIDES, "any value") if instead["v"][0].isupper() else ("has", *RIDES)
        yield from (Over(kind, stems) for kind in kinds)
