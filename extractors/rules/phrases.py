"""Pieces of patterns and of meaning that attributes, traits and endings share."""

import re

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.names import NOT_A_PLACE, NOT_AN_EMPLOYER, NOT_NAMES, WORN, names
from semmem.extractors.words import content_stems
from semmem.language.places import EXTENTS, PART, SAME_PLACE, STREET, TOWN
from semmem.language.words import DAYS, MONTHS, NUMBERS, RELATIVES, either

Stems = frozenset[str]

ADVERB = (
    r"(?:(?:now|just|currently|recently|finally|already|actually|still|officially|really|only|also|always|usually"
    r"|mostly|permanently|mainly|simply|happily|since|very|absolutely|quite|pretty|so|totally|sadly) )*"
)
BE_ADVERB = rf"(?:{ADVERB}(?:have|has|had to|am|are|been|was|got|get) )*{ADVERB}"
SUBJECT = r"^I (?:and (?:my|her|his|their|our) \w+ )?"
I = rf"{SUBJECT}{BE_ADVERB}"  # noqa: E741 - it stands for the word
# Verbs whose past no ending shows: what was done once is neither a trait nor a habit.
IRREGULAR_PAST = (
    "went|got|bought|sold|met|took|made|saw|told|gave|lost|won|began|left|broke|found"
    "|felt|kept|came|ran|wrote|said|paid"
)
_DAY = either(DAYS).lower()
_MONTH = rf"(?:{either(tuple(month[:3] for month in MONTHS)).lower()})[a-z]*"
WHEN = (
    rf"(?:{_DAY}|{_MONTH}|\d+(?![\d.,]*%)|noon|midnight|tomorrow|tonight|next|the \d|this"
    rf"|(?<=at )(?:half past |quarter (?:past|to) )?(?:{either(NUMBERS)}))"
)

# Where a value ends.
_STOP = re.compile(
    r"\s(?:for|with|because|since|last|this|next|after|before|where|which|who|when|while|now|again|permanently|today"
    rf"|yesterday|recently|nowadays|these|instead|as|every|{either(NUMBERS[1:6])}|a (?:few|year|month|week"
    rf"|couple)|\d+"
    r" \w+ ago|in (?=(?-i:[A-Z\d])|(?:the )?(?:early |late )?(?:spring|summer|autumn|fall|winter)\b)|on|and|but"
    r"|any ?more|too|also|to be|so|at|from|finally|together|over"
    r"|but not)\b.*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|an?|my) +", re.IGNORECASE)
_IN_A_HOUSE = re.compile(
    r"^(?:an?|the|my|our) (?:[\w'-]+ ){0,3}?(?:flat|house|apartment|studio|village|suburb|town|condo|place|home|room"
    r"|loft|cottage|farm|bungalow|district|outskirts|city|area) (?:in|near|outside|of) (?=[A-Z])"
)
_WITHIN = re.compile(
    r"(?:,? (?:in|near|outside|close to)|, (?:an? |the )?(?:part|district|suburb|quarter|borough) of) (?:the )?"
    r"([A-Z][\w-]+(?: [A-Z][\w-]+)*)"
)
_STREET = re.compile(
    r"\d|\b(?:street|road|avenue|lane|drive|boulevard|square|st|rd|ave|blvd|platz|gasse|rue|via|calle|weg)\b"
    r"|stra(?:ß|ss)e\b",
    re.IGNORECASE,
)
_COMPASS = re.compile(
    r"^(?:(?:north|south|east|west|north-?east|north-?west|south-?east|south-?west|upstate|rural"
    r"|central)(?:ern)?|mainland) "
)
_NO_NAMES = names(
    "home work me myself free money fun it them him her you us people kids his their hard night nights now that"
)
_NOT_PLACES = names("moment past peace fear hope hell heaven tears silence sin future present dreams denial bed")
_NO_HOMES = NOT_A_PLACE | _NOT_PLACES | WORN
GROUP = re.compile(
    r"\b(?:club|gym|team|group|choir|band|class|course|call|meeting|league|party|church|community|server|chat|channel"
    r"|society|association|union|program|programme|newsletter|waitlist|forum)\b",
    re.IGNORECASE,
)

_NO_TOWN = re.compile(  # "Business class", "Marketing team", "my Levi jeans"
    rf"\b(?:class|section|team|department|division|league|squad|plan|tier|shifts?|mode|{either(tuple(WORN))})$", re.I
)

# Whom somebody joins, for a while.
_COMPANY = re.compile(
    r"^[A-Z]\w+(?:(?:,| and) [A-Z]\w+)* (?:for (?:an?|the|some|dinner|lunch|breakfast|brunch|coffee|drinks?|tea|yoga)"
    r"|on (?:an?|the|his|her|their)|(?:at|in) (?:an?|the))\b"
    r"|^(?:Mom|Mum|Dad|Mama|Papa|Grandma|Grandpa|Granny|Auntie?)\b"
)
_GOES = re.compile(r"^(?:go|goes|going|gone|went) (?=\w+ing\b)", re.IGNORECASE)


def activity(text: str) -> str:
    """`go climbing` as `climbing`."""
    return _GOES.sub("", text)


def verb_of(word: str) -> str:
    """The stem of a verb, be it one that carries no meaning of its own."""
    return "do" if word.lower() in ("do", "does", "doing") else next(iter(content_stems(word)), "")


def stated(text: str) -> str:
    """A value less what says since when, why or with whom, and its article."""
    return _ARTICLE.sub("", _STOP.sub("", " " + text).strip(" .!?\"'”")).strip()


def is_named(text: str, clause: Clause) -> bool:
    """It begins like a name; in a text without capitals, one to three words stand for one."""
    if clause.lower:
        return text.split(" ", 1)[0] not in _NO_NAMES and bool(re.fullmatch(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,2}", text))
    return text[:1].isupper()


def place(text: str, clause: Clause) -> tuple[Stems, int] | None:
    """The words of a place, and how wide it is; None for what is no place to live."""
    inside = _IN_A_HOUSE.sub("", text)
    name = stated(inside)
    if clause.lower and _ARTICLE.match(inside):
        return None
    first = name.split(" ", 1)[0].casefold().strip(",")
    if not name or first in _NO_HOMES or "'s" in name or _NO_TOWN.search(name):
        return None
    within = _WITHIN.match(inside[inside.find(name) + len(name) :])  # "Hackney, in London"
    if not (is_named(name, clause) or re.match(r"\d+\w? [A-Za-z]", name)):
        return None
    extent = extent_of(name)
    name = SAME_PLACE.get(name.casefold(), name)
    return content_stems(f"{name} {within[1]}" if within and extent != STREET else name), extent


def extent_of(name: str) -> int:
    """How wide a place is: "Texas" and "northern Italy" are parts of a country, "Austin, Texas" is a town."""
    if _STREET.search(name):
        return STREET
    whole, inner = (SAME_PLACE.get(each, each) for each in (name.casefold(), _COMPASS.sub("", name.casefold())))
    return EXTENTS.get(whole, min(EXTENTS.get(inner, TOWN), PART))


def employer(text: str, clause: Clause, *, joined: bool = False) -> Stems | None:
    name = stated(text)
    first = name.split(" ", 1)[0].casefold().strip(",")
    if not is_named(name, clause) or first in NOT_NAMES or "'s " in name or (clause.lower and _ARTICLE.match(text)):
        return None
    if joined and (first in NOT_AN_EMPLOYER or GROUP.search(text) or _COMPANY.search(text)):
        return None
    return content_stems(name) or None


# "up by 50 euros", "10% higher", "due on the 3rd", "5 kg of flour": not how much it is now.
_NOT_THE_AMOUNT = re.compile(
    r"(?:up|down|higher|lower|due|late|overdue|behind|paid|by)\b(?! to\b)"
    r"|[^,;]*?\d[\w.,]*(?: ?[%€$£]| [a-z]+)?(?: [a-z]+)? (?:(?:more(?! or\b)|less|fewer|higher|lower|heavier|lighter"
    r"|cheaper|dearer|later|earlier|longer|shorter|older|younger|bigger|smaller|taller|above|below"
    r"|(?:over|under)(?! \d)|off|extra"
    r"|late|overdue|behind|ahead)\b|of (?!today\b|now\b))"
)


def is_amount(text: str) -> bool:
    """Whether a value with a number says how much there is, and not by how much it differs or of what else."""
    return not _NOT_THE_AMOUNT.match(text)


_SET = re.compile(
    r"^(?:(?:my|the) )?(?P<v>(?!(?:it|that|this|he|she|they|there|here|what|who|which|I|you|today"
    r"|tomorrow|next|last"
    r"|his|her|their|your|its|these|those)\b|(?-i:[A-Z])\w+'s )"
    r"[\w' -]{2,50}?) (?:is|are|takes place|starts|begins|happens|(?<=flight )(?:leaves"
    r"|departs))(?: now| currently| scheduled| set| planned| booked)*(?: for| on| at| in| from"
    rf"| to)? (?P<when>{WHEN}.*)"
    rf"|{I}(?:have|has|do|attend|booked|scheduled|made|arranged|a|an|my|the) (?:(?:an?|my"
    rf"|the) )?(?!\w+ed\b)(?P<v2>[\w' -]{{2,50}}?)(?: is| scheduled)?(?: on| at| for| in)? (?P<when2>{WHEN}.*)",
    re.IGNORECASE,
)


_NUMBER = content_stems("number")  # "my number is 7" is no appointment
_INSTEAD = re.compile(r"\s(?:instead of|and not|not)\b.*$", re.IGNORECASE)


def time_of(clause: Clause) -> tuple[Stems, Stems] | None:
    """What of the subject's takes place at a time, such as a meeting, and when."""
    match = _SET.match(clause.text)
    if not match:
        return None
    what, when = content_stems(match["v"] or match["v2"]), match["when"] or match["when2"]
    if not what or what == _NUMBER or not is_amount(when):
        return None
    return what, content_stems(_INSTEAD.sub("", when))


# What may be done with a thing that somebody gives up, where its name alone is said.
HABITS = content_stems(
    "drink eat smoke take use play run watch read buy chew vape do go attend practise practice learn study train"
    " wear follow collect subscribe bank rent lease pay deploy code program host inject"
) | {"do"}
RUNS = content_stems("own manage") | {"run"}  # a firm, a shop
DRIVES = content_stems("drive ride")
PREFERS = content_stems("prefer")
LIKINGS = content_stems("like love enjoy prefer want need")
RIDES = ("my car", "my bike")
FIANCES = ("fiancé", "fiancée", "fiance", "fiancee")
SPOUSES = ("husband", "wife", "spouse")
# What people do again and again, of which nothing is over for good.
_ROUTINES = (
    r"(?:gym|run|jog|walk|ride|swim|hike|workout|training|practice|game|match|meal|lunch|dinner|breakfast|supper|snack"
    r"|nap|shower|bath|lesson|class|lecture|meeting|session|shift|concert|party|weekend)s?\b"
)
# Behind what is over: it is so only there, then, or with these, and the rest goes on.
ELSEWHERE = re.compile(
    r"^ (?:indoors|outdoors|inside|outside|near|whenever|while|around (?!the time|\d|christmas|easter|new year)"
    r"|at (?:home|work|school|uni|night|noon|midday|midnight|parties|lunch|lunchtime|dinner|breakfast|bars|weekends"
    r"|(?:the|my) (?!age|end|start|beginning|request|advice|urging|same|time|moment|doctor|turn|insistence))"
    r"|in (?:bed|public|front|restaurants|bars|cars|company|(?:the|my|our|his|her) (?!end|spring|summer|autumn|fall"
    r"|winter|last|past|meantime|new year|early|late|mid|\d|teens|twenties|thirties|forties|fifties|sixties))"
    r"|on (?:(?:mon|tues|wednes|thurs|fri|satur|sun|week)days|weekends|holidays?|planes|trains|the (?:balcony|terrace"
    r"|porch|train|bus|plane|sofa|couch|street|phone|road|beach|way))"
    rf"|with (?:(?-i:[A-Z])|friends|colleagues|coworkers|(?:my|the) "
    rf"(?:friends?|colleagues|coworkers|{either(RELATIVES)}))"
    rf"|before (?:bed|bedtime|noon|work|school|sleep|sleeping|going|(?:the |my |an? )?{_ROUTINES})"
    rf"|after (?:work|school|dark|midnight|\d|(?:the |my |an? )?{_ROUTINES}))",
    re.IGNORECASE,
)
# Behind what is over: nothing, or since when and why.
WHEN_OVER = (
    r"(?= *(?:$|[,.;!(]| (?:last|this|yesterday|today|now|because|after|for good|in|on|at last|finally|and|when|since"
    r"|already|completely|altogether)\b"
    r"| (?:(?-i:[a-z\d])\w* ){0,3}(?:days?|weeks?|months?|years?|ages|decades?|while) ago\b))"
)
# Who left at nine, early or with Tom left for the day.
LEFT_FOR_NOW = re.compile(
    rf"\b(?:early|late|at (?:\d|noon|midnight|half|quarter|about|around|(?:{either(NUMBERS)})\b"
    r"|(?:the|my|an?) (?!end|start|beginning|age|turn|close|request))|around|before|with"
    r"|this (?:morning|afternoon|evening)|tonight|last night|today|(?:hours?|minutes?|moment) ago|halfway"
    r"|(?:after|in) (?:the|my|an?|\w+) (?:\w+ )?(?:hours?|minutes?|half|hurry|rush|middle|morning|afternoon|evening"
    rf"|dark|taxi|cab|car|{_ROUTINES})|to (?:catch|get|go|pick|meet|eat|sleep|make|see|feed|call)"
    r"|for (?:the (?:night|day|evening)|lunch|dinner|home|bed|work|an? (?:\w+ )?(?:hour|minute|moment|bit|call"
    r"|break)))\b",
    re.IGNORECASE,
)
# Where the name of what is over ends.
NEUTRAL = re.compile(
    r"\s(?:because|but(?! (?:only|just|still)\b)|and|since|now|any ?more|any longer|for good|altogether|completely"
    r"|entirely|last \w+|this \w+"
    rf"|yesterday|today|recently|in (?:\d{{4}}|{either(MONTHS)}|(?:the )?(?:spring|summer|autumn|fall|winter))"
    r"|\w+ (?:days|weeks|months|years) ago|a (?:week|month|year) ago|for health|when I"
    rf"|after (?:the|my|an?)(?! {_ROUTINES})|after (?:\w+ ){{0,2}}years|at last|cold turkey"
    r"|so(?! (?:often|much|many|late|early|hard|fast|long|regularly|frequently)\b))\b.*$",
    re.IGNORECASE,
)
