"""What something of the speaker's is, by whatever name: `my emergency contact is Amal now`, `I was moved to sales`."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.frames import numbered, shape_of
from semmem.extractors.rules.phrases import ADVERB, stated
from semmem.extractors.rules.value import Value
from semmem.extractors.words import content_stems
from semmem.language.words import DAYS, NUMBERS, RELATIVES, either

_NAME = r"(?-i:[A-Z])[\w&.'-]*(?: (?-i:[A-Z])[\w&.'-]*)*"
_END = r"(?=$|[,.!]| (?:now|again|since|last|this|at|in|on|today|yesterday)\b)"

_IS = re.compile(
    r"^my (?:new |current )*(?P<what>(?!favou?rite|(?:[a-z]+ )?name\b|number|turn|problem|point|guess|concern|plan\b"
    rf"|(?:{either(RELATIVES)})\b)[a-z][a-z'-]*(?: [a-z][a-z'-]*){{0,2}}?) is (?:now |currently )?"
    r"(?P<v>(?!(?:in|on|at|with|from|for|to|of|by|off|out|up|down|over|about|under|near|too|very|not|no|so|as|like|going"
    r"|getting|being|now|still|also|just|really|called|named)\b)[^,;]+)",
    re.IGNORECASE,
)
_GIVEN_TO = re.compile(
    rf"^I (?:have )?{ADVERB}(?:switched|changed|moved|transferred) my (?P<what>[a-z]+(?: [a-z]+)?) "
    rf"(?:from [^,;]{{1,40}}? )?(?:over )?to (?P<v>{_NAME})",
    re.IGNORECASE,
)
_SUPPLIED = re.compile(
    r"^(?:my (?:electricity|power|gas|energy|water|internet|broadband|wifi|phone|mobile|insurance|car insurance"
    rf"|health insurance|pension|mortgage) is|I {ADVERB}am) with (?P<v>(?-i:[A-Z])[^,;]*)",
    re.IGNORECASE,
)
_DEPARTMENT = re.compile(
    rf"^I {ADVERB}(?:am|work|sit|(?P<new>(?:was |got |been |have )*(?:transferred|moved|switched)(?: over)?(?= to ))) "
    r"(?:in|on|to) (?:the )?(?P<v>(?!(?:my|a|an|this|that|same|night|day|football|soccer)\b)[a-z]+(?: [a-z]+)?) "
    rf"(?:team|department|division){_END}"
    rf"|^I {ADVERB}(?:was |got |been |have )*transferred to (?:the )?(?P<v2>(?!a\b|an\b|my\b)[a-z]+)"
    r"(?=$|[,.!]| (?:now|last|this)\b)",
    re.IGNORECASE,
)
_REPLIES_IN = re.compile(
    r"^(?:please |always |just )*(?:answer|reply|respond|write|speak|talk)(?: to)?(?: me)? in (?P<v>(?-i:[A-Z])\w+)"
    r"(?: please| from now on| now)*$",
    re.IGNORECASE,
)
_ON_A_PLAN = re.compile(
    rf"^I {ADVERB}(?:am|went|have gone|switched|moved)(?P<new> back| over)? (?:on|to) (?:the |an? )?(?P<v>[a-z]+) "
    rf"(?:plan|tier|tariff){_END}",
    re.IGNORECASE,
)
_PROMOTED = re.compile(
    r"^I (?:have |was |am |got |been |just )*(?:made|appointed|named|promoted to) (?:the |an? )?"
    r"(?P<v>(?:[a-z]+ ){0,2}(?:head|lead|chief|director|partner|deputy|manager|supervisor|principal)"
    rf"(?: of (?!the\b)[a-z ]{{2,20}})?){_END}",
    re.IGNORECASE,
)
_ON_SITE = re.compile(
    rf"^I {ADVERB}am (?P<where>in the office|at the office|on site|at home) (?:on |every )?"
    rf"(?P<v>(?:all )?(?:{either(NUMBERS)}|\d) days?(?: a week)?|every day"
    rf"|(?:(?:{either(DAYS)})s?(?:,? and |, |$| ?))+)",
    re.IGNORECASE,
)


def by_any_name(clause: Clause) -> Iterator[Value]:
    """A name, a number or a day; another takes its place where it is said to be new."""
    thing = _IS.match(clause.text)
    if thing and (shape := shape_of(thing["v"])) in ("name", "number", "day") and not thing["v"].endswith("ing"):
        yield Value(f"my {thing['what'].lower()} is {shape}", numbered(thing["v"]), tentative=True)
    if by := _SUPPLIED.match(clause.text):
        yield Value("provider", content_stems(stated(by["v"])), tentative=True, beside=True)
    if given := _GIVEN_TO.match(clause.text):
        kind = f"my {given['what'].lower()} is with name"
        yield Value(kind, content_stems(given["v"]), tentative=True, renewed=True)
    if reply := _REPLIES_IN.match(clause.text):
        yield Value("replies in", content_stems(reply["v"]))


def at_work(clause: Clause) -> Iterator[Value]:
    """A department, a position, the days in the office, and the plan that something is used on."""
    if department := _DEPARTMENT.match(clause.text):
        new = bool(department["new"] or department["v2"])
        named = content_stems(department["v"] or department["v2"])
        yield Value("my department word", named, tentative=True, renewed=new)
    if promoted := _PROMOTED.match(clause.text):
        yield Value("job", content_stems(promoted["v"]), renewed=True)
    if days := _ON_SITE.match(clause.text):
        which = content_stems(days["v"]) | {days["v"].split()[0].lower()}
        yield Value(f"days {days['where'].lower()}", which, tentative=True)
    if plan := _ON_A_PLAN.match(clause.text):
        yield Value("my plan word", frozenset({plan["v"].lower()}), tentative=True, renewed=bool(plan["new"]))
