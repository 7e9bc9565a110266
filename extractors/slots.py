"""Attributes of which a person has one at a time: naming another value replaces the one before.

An explicit, small table in English; what it does not know is added beside the old, never merged.
"""

import re
from functools import lru_cache

from semmem.extractors.words import content_stems

_ADVERBS = r"(?: (?:have|has|had|just|now|recently|finally|currently|also|am|is|are|'ve))*"
_PLACE = r"(?:the )?(?:[A-Z]|\d)"
# {I} stands for the subject as itself ("I", "we", "Alice"), {my} for what is the subject's ("my", "Alice's").
_SLOTS = {
    "home": (
        rf"{{I}}{_ADVERBS} (?:lives?|living|resides?|staying) (?:in|at|on) {_PLACE}",
        rf"{{I}}{_ADVERBS} (?:moved|relocated|moving) (?:back )?(?:from [\w ]+ )?(?:in)?to {_PLACE}",
        r"{my} (?:new |home |current |postal |shipping |delivery )*address (?:is|has changed to|changed to)\b",
    ),
    "work": (
        rf"{{I}}{_ADVERBS} (?:works?|working|employed) (?:at|for|by) {_PLACE}",
        rf"{{I}}{_ADVERBS} (?:started|joined|starting|joining)"
        rf"(?: (?:a|my|the) (?:new )?(?:job|position|role))?(?: (?:at|with|for))? {_PLACE}",
        r"{my} (?:new |current )?(?:employer|company) is\b",
    ),
    "job": (
        rf"{{I}}{_ADVERBS} (?:works?|working) as an? ",
        r"{my} (?:new |current )?(?:job(?: title)?|profession|occupation|role|position) is\b",
    ),
    "phone": (
        r"{my} (?:new |mobile |cell |current )*(?:phone|mobile|cell)?(?: phone)?(?: number)?"
        r" is(?: now)? \+?\(?\d[\d\s()./-]{{4,}}",
    ),
    "email": (r"{my} (?:new |current )*e-?mail(?: address)? is\b", r"{my} (?:new |current )*e-?mail.{{0,20}}\S+@\S+"),
    "name": (r"{my} (?:full |last |first |new )?name is(?: now)? [A-Z]",),
    "channel": (
        r"\bprefers? (?:(?:phone|video) )?(?:calls?|e-?mails?|texts?|text messages|sms|letters?|chat)\b",
        r"\bprefers? (?:to be )?(?:contacted|called|e-?mailed|texted|reached)\b",
        r"\b(?:please |just )?(?:call|e-?mail|text|contact|reach) me\b.{{0,30}}\binstead\b",
    ),
}
_FAVOURITE = re.compile(r"\bfavou?rite ((?:[\w-]+ ){0,2}?[\w-]+) (?:is|are|was|has become)\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:no longer|used to|never|not|\w+n't|if|would|might)\b", re.IGNORECASE)
_GIVEN_UP = re.compile(
    r"\b(?:no longer|(?:do|does|am|is|are)(?:n't| not)|stopped|quit|gave up|given up"
    r"|instead of|rather than|switched from)\s+"
    r"(?:(?:want|wants|like|likes|need|needs|use|uses|using|prefer|prefers|have|has|having)\s+)?(?P<old>.+?)"
    r"(?=\s+(?:to|any ?more|any longer|now|because|but|and|since)\b|[.,;!\"]|$)",
    re.IGNORECASE,
)
_ENDS_SOMETHING = re.compile(
    r"no longer|any ?more|any longer|stopped|quit|gave up|given up|instead of|rather than|switched from", re.IGNORECASE
)


@lru_cache(maxsize=10_000)
def slot(subject: str, text: str) -> str | None:
    """Which single-valued attribute of the subject the text gives a value for, such as "home" or "favourite color"."""
    own = rf"(?:^|[\s\"'“(])(?:I(?:'m|'ve)?|[Ww]e(?:'re|'ve)?|{re.escape(subject)}(?:'s)?)"
    mine = rf"\b(?:[Mm]y|[Oo]ur|{re.escape(subject)}(?:'|’)s)"  # noqa: RUF001
    for name, patterns in _SLOTS.items():
        for pattern in patterns:
            match = re.search(pattern.format(I=own, my=mine), text, re.IGNORECASE if name == "channel" else 0)
            if match and not _NEGATED.search(_clause(text, match)):
                return name
    favourite = _FAVOURITE.search(text)
    return f"favourite {' '.join(sorted(content_stems(favourite.group(1))))}" if favourite else None


def changes_something(subject: str, text: str) -> bool:
    """True where the text may replace another: it fills a slot, or says that something is over."""
    return slot(subject, text) is not None or bool(_ENDS_SOMETHING.search(text))


def gives_up(text: str, other: str) -> bool:
    """True where the text says that what `other` states is over: all that it gives up stands in the other."""
    if not _ENDS_SOMETHING.search(text):
        return False
    stated = content_stems(other)
    dropped = [content_stems(match["old"]) for match in _GIVEN_UP.finditer(text)]
    return any(old and old <= stated for old in dropped)


def _clause(text: str, match: re.Match[str]) -> str:
    """The match with the words in front of it in the same clause, where a negation would stand."""
    start = max(text.rfind(mark, 0, match.start()) for mark in ",;:.")
    return text[start + 1 : match.end()]
