"""Frames of everyday statements that one value fills at a time: `I code in Java`, `I'm in my second year`.

A second value may stand beside the first, so that most give way only to what says that it is new.
"""

import re
from collections.abc import Callable, Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import ADVERB, I, Stems, extent_of, is_amount, stated
from semmem.extractors.rules.value import Value
from semmem.extractors.words import content_stems
from semmem.language.places import TOWN
from semmem.language.words import COUNTS, DAYS, NUMBERS, either

_ORDINALS = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|final|last|ground|top|\d+(?:st|nd|rd|th))"
)
_NUMBER = rf"(?:{either(NUMBERS)}|\d+)"
_A_DAY = re.compile(rf"(?:(?:{either(DAYS)})s?|weekdays|weekends|(?:the )?\d+(?:st|nd|rd|th))\b", re.IGNORECASE)
_A_NUMBER = re.compile(
    rf"(?:(?:half|quarter) (?:past|to) )?{_NUMBER}\b(?!(?:st|nd|rd|th)\b)(?:[:.,]\d+)*|noon\b"
    rf"|midnight\b",
    re.IGNORECASE,
)
_LEVELS = r"(?:year|grade|form|floor|semester|term|trimester|level|round|league|division)"

# What people do in one place, at one time, by one means or for one side.
_DOES_WITH = re.compile(
    rf"^I {ADVERB}(?P<verb>code|program|develop|write|build|deploy|host|publish|get up|wake up|go to (?:bed|sleep)"
    r"|sleep|play|sing|start(?: work)?|finish(?: work)?|bank|shop|commute|travel to work|pay|sit|train|teach"
    r"|swim|work"
    r"|clock (?:in|out)|(?:have|eat) (?:breakfast|lunch|dinner)|do [a-z]+) "
    r"(?P<with>in|on|at|for|with|by|around|from) (?P<v>[^,;]+)",
    re.IGNORECASE,
)
_ON_DAYS = re.compile(
    rf"^I {ADVERB}(?P<verb>(?!am\b|have\b|was\b)[a-z]+(?: [a-z]+){{0,2}}?) (?P<with>on"
    rf"|at) (?P<v>(?:(?:{either(DAYS)})s\b|\d|noon\b|midnight\b)[^,;]*)",
    re.IGNORECASE,
)
_WITH_MINE = re.compile(
    rf"^I {ADVERB}(?P<verb>take|drink|like|have|wear|eat) my (?P<what>[a-z]+) (?P<v>with(?:out)? [^,;]+"
    rf"|(?:black|white"
    r"|plain|sweet|sweetened|unsweetened|iced|hot|cold|strong|weak|rare|medium|well[- ]done|scrambled|poached|fried"
    r"|boiled|raw|long|short)\b)",
    re.IGNORECASE,
)
_IS_AT = re.compile(
    r"^my (?P<who>[a-z]+(?: [a-z]+)?) (?P<verb>is|goes|works|lives|plays|studies|sleeps) (?:now )?"
    r"(?P<with>in|on|at|for|to|with|by) (?P<v>[^,;]+)",
    re.IGNORECASE,
)
_AT_LEVEL = re.compile(
    rf"^(?P<who>I {ADVERB}(?:am|live|work|play)|my [a-z]+ (?:is|plays)) (?:now |currently )?(?:in |on |at )?"
    rf"(?:my |the )?(?P<v>{_ORDINALS}) (?P<what>{_LEVELS})\b",
    re.IGNORECASE,
)
# Where somebody stands on the way through schools.
_STAGE = re.compile(
    r"^(?P<who>I|my [a-z]+)(?: (?-i:[A-Z])\w+)? (?:(?:am|is|goes|go)|(?P<new>(?:have |has |just )*(?:started"
    r"|moved up)))"
    r"(?: now)?(?: in| at| to)? (?P<v>daycare|nursery|preschool|pre-k|kindergarten|(?:primary|elementary|middle|high"
    rf"|secondary|junior high) school|{_ORDINALS} (?:grade|form)|(?:year|grade) {_NUMBER}|college|university"
    rf"|uni|sixth"
    r" form)(?=$| now\b| this\b| last\b| in\b| on\b| yesterday\b| today\b| already\b)",
    re.IGNORECASE,
)
_HAS_SO_MANY = re.compile(
    rf"^I {ADVERB}(?:have|own|manage|run|speak|keep|employ"
    rf"|teach)(?: got)? (?P<v>{_NUMBER}) (?P<what>(?:[a-z]+ )??(?!now\b)[a-z]+s?)"
    r"(?=$| now\b| at home\b| these days\b| in total\b| altogether\b)",
    re.IGNORECASE,
)
_ON_SHIFTS = re.compile(
    rf"{I}(?:on|doing|working|work|do|(?P<new>switched|moved|changed|went|put)(?: over"
    r"| back)? (?:on)?to) (?:the )?(?P<v>night|day|early|late|morning|evening)(?: shifts?\b|s(?= now\b|$))",
    re.IGNORECASE,
)
_HOURS = re.compile(
    rf"^I {ADVERB}(?:work|am|(?P<new>(?:have )?(?:went|gone|go|switched|moved|dropped|cut)(?: down| back"
    r"| up)?)(?: to)?)"
    r"(?: on| working)? (?P<v>full|part)[- ]time(?=$| now\b| again\b| in \w+$| since\b| last\b| these days\b"
    r"| from\b)",
    re.IGNORECASE,
)
_DOSE = re.compile(
    rf"^I {ADVERB}(?:take|am on|am taking|get|inject) (?P<v>[\d.,]+ ?(?:mg|mcg|ml|g|units?|micrograms?|milligrams?))"
    r"(?: of)? (?P<what>[a-z]+)\b",
    re.IGNORECASE,
)


# "I earn 3400 a month": the number changes, the rest stays.
_SO_MUCH = re.compile(
    rf"^(?P<who>I|my [a-z]+(?: [a-z]+)?) {ADVERB}(?P<verb>earn|make|pay|cost|charge|smoke|drink|sleep|run|walk|swim"
    r"|cycle|lift|bench"
    r"|weigh|measure|owe|save|read|work|study|practise|practice|commute|eat|train|meditate|get|do|am|is"
    r"|are)s? (?:about |around "
    rf"|roughly |at |over |only )?(?P<v>[$€£]?(?:{either(NUMBERS)}|\d[\d.,]*))(?P<k>k?)(?P<unit>(?: ?%"
    rf"| [a-z]+){{1,3}}?)"
    r"(?=$| now\b| these days\b|,)",
    re.IGNORECASE,
)
_INCOME = ("i earn", "i make", "my pay is", "my salary is", "my wage is", "my wages are")
_ONE_NAME = re.compile(
    rf"^I {ADVERB}(?P<verb>root for|report to|answer to|live with|go by|fly with|bank with|ride for|race for) "
    r"(?P<v>(?-i:[A-Z])[\w&.'-]*(?: (?-i:[A-Z])[\w&.'-]*)*)(?=$| now\b"
    r"| these days\b|,)",
    re.IGNORECASE,
)


_A_TIME = re.compile(
    r"(?:the |my )?(?:early |late )?(?:mornings?|afternoons?|evenings?|nights?|weekends?|daytime|summers?"
    r"|winters?)\b",
    re.I,
)
_NO_PLACE = re.compile(
    r"(?:fun|free|peace|myself|ourselves|us|me|love|general|private|public|silence"
    r"|secret)\b",
    re.I,
)
_ONE_AT_A_TIME = ("number", "day", "name")  # "in a band" and "in the park" may both be so
_LENT = ("phone", "laptop", "car", "bike", "bag", "keys", "dog", "cat", "son", "daughter", "kids", "baby")
_ELSEWHERE = re.compile(r"\w (?:at|for|with|when)\b", re.IGNORECASE)  # "in Rust at home", and in another one at work
_DETERMINER = re.compile(r"^(?:the|an?|my|our|his|her|their) ", re.IGNORECASE)


def shape_of(text: str) -> str:
    """A number, a day, a time, a name, a noun or a bare word: what has another shape fills another place."""
    if _A_NUMBER.match(text):
        return "number" if is_amount(text) else "other"
    if _A_DAY.match(text):
        return "day"
    if _A_TIME.match(text) or _NO_PLACE.match(text):
        return "other"
    noun = _DETERMINER.sub("", text)
    if any(word[:1].isupper() for word in stated(noun).split()):
        return "name"
    return "noun" if noun != text else "word"


def numbered(text: str) -> Stems:
    """The words of a value; a number in words is the number."""
    number = _A_NUMBER.match(text)
    words = (stated(text) or (number.group() if number else "")).split()
    return content_stems(" ".join(COUNTS.get(word.lower(), word) for word in words))


def _places(clause: Clause) -> Iterator[Value]:
    text = clause.text
    does = _DOES_WITH.match(text) or _ON_DAYS.match(text)
    if does and shape_of(does["v"]) in _ONE_AT_A_TIME and not _ELSEWHERE.search(does["v"]):
        kind = f"I {does['verb'].replace('wake', 'get')} {does['with']} {shape_of(does['v'])}"
        yield Value(kind.lower(), numbered(does["v"]), extent=_extent(does), tentative=True)
    if (mine := _WITH_MINE.match(text)) and (stems := content_stems(stated(mine["v"]))):
        yield Value(f"I {mine['verb']} {mine['what']}".lower(), stems, tentative=True)
    is_at = _IS_AT.match(text)
    lent = is_at and is_at["with"].lower() == "with" and is_at["who"].lower() in _LENT
    if is_at and not lent and shape_of(is_at["v"]) in _ONE_AT_A_TIME:
        kind = f"my {is_at['who']} {is_at['verb']} {is_at['with']} {shape_of(is_at['v'])}"
        yield Value(kind.lower(), numbered(is_at["v"]), extent=_extent(is_at), tentative=True)


def _extent(told: re.Match[str]) -> int:
    """How wide it is in what somebody lives, shops or is; a number is no street here."""
    return max(TOWN, extent_of(stated(told["v"]))) if told["with"].lower() == "in" else TOWN


def _amounts(clause: Clause) -> Iterator[Value]:
    if (much := _SO_MUCH.match(clause.text)) and is_amount(clause.text[much.start("v") :]):
        unit = " ".join(sorted(content_stems(much["unit"])))
        value = frozenset({COUNTS.get(much["v"].lower(), much["v"])})
        told = f"{much['who']} {much['verb']}".lower().replace("my new ", "my ")
        yield Value(f"{'income' if told in _INCOME else told} so much {unit}", value, tentative=True)
        if told in _INCOME and re.fullmatch(r"(?: now)?", clause.text[much.end() :]):
            yield Value("my salary", value, tentative=True)
    if named := _ONE_NAME.match(clause.text):
        yield Value(f"I {named['verb']}".lower(), content_stems(named["v"]), tentative=True)


def _levels(clause: Clause) -> Iterator[Value]:
    text = clause.text
    if level := _AT_LEVEL.match(text):
        value = frozenset({level["v"].lower()})
        yield Value(f"{level['who']} {level['what']}".lower(), value, tentative=True)
    if stage := _STAGE.match(text):
        value = frozenset({" ".join(COUNTS.get(word, word) for word in stage["v"].lower().split())})
        yield Value(f"{stage['who'].lower()} stage", value, tentative=True, renewed=bool(stage["new"]))
    if many := _HAS_SO_MANY.match(text):
        value = frozenset({COUNTS.get(many["v"].lower(), many["v"])})
        yield Value(f"so many {' '.join(content_stems(many['what']))}", value, tentative=True)


def _working(clause: Clause) -> Iterator[Value]:
    """Shifts and hours, and how much is taken of a medicine."""
    if shifts := _ON_SHIFTS.match(clause.text):
        yield Value("shifts", frozenset({shifts["v"].lower()}), tentative=True, renewed=bool(shifts["new"]))
    if hours := _HOURS.match(clause.text):
        yield Value("hours", frozenset({hours["v"].lower()}), tentative=True, renewed=bool(hours["new"]))
    if dose := _DOSE.match(clause.text):
        yield Value(f"my {dose['what'].lower()} dose", content_stems(dose["v"]))


FRAMES: tuple[Callable[[Clause], Iterator[Value]], ...] = (_places, _amounts, _levels, _working)
