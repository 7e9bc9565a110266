"""A person's names, and how they are reached: numbers, addresses of mail, and the channel that they prefer."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import I, stated
from semmem.extractors.rules.value import Value
from semmem.extractors.words import content_stems

CHANGED = r"(?:is|has changed to|changed to|has been changed to)(?: now)?"
_KIND = r"(?:mobile|cell|work|office|home|private|personal|business|landline|fax|emergency|school|company|backup)"
_NAMED = r"(?P<v>[A-Z][\w'-]*(?: [A-Z][\w'.-]*)*)"
_NAME = re.compile(
    r"^my (?P<kind>(?:(?:new|full|legal|real|first|given|last|family|middle|nick|user|maiden|display|stage|pen) ?)*)"
    rf"(?P<sur>sur)?name {CHANGED} {_NAMED}"
)
_RENAMED = re.compile(
    rf"{I}changed my (?P<kind>(?:full |legal |first |last |family |middle )?)(?P<sur>sur)?name "
    rf"(?:by deed poll )?(?:from [\w' -]{{1,40}}? )?(?:back )?to {_NAMED}"
)
_NUMBER = re.compile(
    rf"^my (?:new |current )*(?P<kind>{_KIND} )?(?:phone |telephone |mobile |cell )?"
    rf"(?:number|phone|telephone|mobile|cell)(?: number)? {CHANGED} (?P<v>\+?\(?\d[\d\s()./-]{{4,40}})",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    rf"^my (?:new |current )*(?P<kind>{_KIND} )?e-?mail(?: address)? {CHANGED} (?P<v>[^\s@]{{1,64}}@\S+)"
    rf"|{I}changed my (?P<kind2>{_KIND} )?e-?mail(?: address)? (?:from \S+ )?to (?P<v2>[^\s@]{{1,64}}@\S+)"
    r"|^(?:please |just )*(?:write to|use|e-?mail me at|send \w+ to)(?: me at)? (?P<v3>[^\s@]{1,64}@\S+) "
    r"(?:from now on|now|instead)\b",
    re.IGNORECASE,
)
_REACH_ME = re.compile(
    r"^(?:please |you can |just )*(?P<now>now )?(?:(?:call|reach|text|phone) me (?:on|at|under)|use) "
    r"(?P<v>\+?\(?\d[\d\s()./-]{4,40}\d)(?P<on> (?:from now on|now|instead)\b)?",
    re.IGNORECASE,
)
_CHANNELS = {
    "phone": re.compile(r"(?:(?:phone|video|voice|telephone) )?call(?:s|ed|ing)?\b|phon(?:e|ed|ing)\b", re.I),
    "mail": re.compile(r"e-?mail(?:s|ed|ing)?\b", re.IGNORECASE),
    "text": re.compile(r"(?:text|sms)(?:s|ed|ing)?\b(?: messages?)?", re.IGNORECASE),
    "letter": re.compile(r"letters?\b", re.IGNORECASE),
    "chat": re.compile(r"(?:chat(?:ting)?|message|whatsapp|slack|signal|telegram)\b", re.IGNORECASE),
}
_PREFERS = re.compile(
    rf"{I}(?:prefer|prefers|preferring|would rather (?:have|be|get|take)) "
    r"(?:(?:to be|being|to get|getting|contact by|contacted by|reached by|an?) )*(?P<v>.+)",
    re.I,
)
_RATHER = re.compile(
    r"^(?:please |just |you can |kindly )*(?P<v>(?:call|phone|e-?mail|text|message|whatsapp) me\b(?P<rest>.*))"
    r"|^(?:please |just |you can |kindly )*(?:contact|reach) me (?:by|via|through) (?P<by>.+)",
    re.I,
)
_LIMITED = re.compile(
    r"\b(?:for|about|when|in (?:an )?emergenc\w+|on \w+days?|at \w+|tomorrow|today|later|tonight|before"
    r"|after)\b",
    re.I,
)


def names_of(clause: Clause) -> Iterator[Value]:
    match = _NAME.match(clause.text) or _RENAMED.match(clause.text)
    if not match:
        return
    kinds, name = set(match["kind"].split()), match["v"].split()
    if kinds & {"last", "family"} or match["sur"]:
        yield Value("last name", content_stems(match["v"]))
    elif other := kinds & {"first", "given", "middle", "nick", "user", "maiden", "display", "stage", "pen"}:
        yield Value(f"{min(other).replace('given', 'first')} name", content_stems(match["v"]))
    else:
        yield Value("name", content_stems(match["v"]))
        if len(name) > 1:
            yield Value("first name", content_stems(name[0]), tentative=True)
            yield Value("last name", content_stems(name[-1]), tentative=True)


def reached(clause: Clause) -> Iterator[Value]:
    if number := _NUMBER.match(clause.text):
        yield Value(f"{_kind(number.group())} phone".strip(), frozenset({re.sub(r"\D", "", number["v"])}))
    direct = _REACH_ME.match(clause.text)
    if direct and (direct["now"] or direct["on"]):
        yield Value("phone", frozenset({re.sub(r"\D", "", direct["v"])}))
    if email := _EMAIL.match(clause.text):
        address = (email["v"] or email["v2"] or email["v3"]).strip(".,;!?").casefold()
        yield Value(f"{_kind(email['kind'] or email['kind2'] or '')} email".strip(), frozenset({address}))
    prefers, rather = _PREFERS.match(clause.text), _RATHER.match(clause.text)
    if rather and rather["rest"] is not None and "instead" not in rather["rest"]:
        rather = None
    wanted = prefers["v"] if prefers else rather and (rather["v"] or rather["by"])
    if wanted and not _LIMITED.search(wanted):
        channel = next((name for name, pattern in _CHANNELS.items() if pattern.match(wanted)), None)
        wording = stated(wanted).split()
        if prefers and not channel and len(wording) > 1:  # "window seats", of seats
            head = " ".join(content_stems(wording[-1]))
            yield Value(f"preferring {head}", content_stems(" ".join(wording)), tentative=True)
        if channel:
            yield Value("channel", frozenset({channel}))


def _kind(text: str) -> str:
    kinds = {"cell": "mobile", "office": "work", "business": "work", "company": "work", "landline": "home"}
    found = re.search(rf"\b{_KIND}\b", text, re.IGNORECASE)
    return kinds.get(found.group().lower(), found.group().lower()) if found else ""
