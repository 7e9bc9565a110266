"""What a clause says of things, animals, memberships and appointments that are gone or were moved."""

import re
from collections.abc import Callable, Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import (
    ADVERB,
    GROUP,
    HABITS,
    LEFT_FOR_NOW,
    NEUTRAL,
    RIDES,
    RUNS,
    SPOUSES,
    I,
    stated,
)
from semmem.extractors.rules.polarity import GAINED
from semmem.extractors.rules.roles import PETS
from semmem.extractors.rules.value import NO, NOTHING, Over
from semmem.extractors.words import content_stems
from semmem.language.kinds import CAR_MAKES
from semmem.language.words import MONTHS, RELATIVES, either

_GOT_RID = re.compile(
    rf"{I}(?:(?:sold|scrapped|wrecked|totall?ed|traded in|traded|given away|gave away|rid of|rehomed|donated"
    rf"|cancelled"
    r"|canceled|terminated) (?:both my|all my|both|all|my|the) (?P<v>.+)|(?:gave|given|(?<=had to )give) (?:my |the "
    r"|(?=(?-i:[A-Z])))(?P<v2>.+?) (?:away|to|up for adoption|back)\b|put (?:my )?(?P<v3>.+?) (?:down|to sleep)\b"
    r"|found a new home for (?P<v5>.+)|rehomed (?P<v6>.+)|lost (?P<v7>my (?:dog|cat|horse|rabbit|hamster)\b(?!')"
    r"|(?-i:[A-Z])[\w-]+"
    rf"(?= (?:last|this|on|to|in (?:{either(MONTHS)}))\b)))"
    rf"|^I {ADVERB}had to say (?:goodbye|farewell) to (?P<v4>.+)",
    re.IGNORECASE,
)
_UNSUBSCRIBED = re.compile(
    rf"{I}(?:(?:cancelled|canceled|terminated|ended|deleted|closed|deactivated|uninstalled|unsubscribed from|(?:did "
    rf"|have )?not renewe?d?(?= my)|let(?= my [\w' ]{{2,40}} (?:lapse|expire|run out)\b)"
    r"|dropped(?= my [\w ]+(?:class|course|lessons))) (?:my |the )?(?P<v>(?:[\w'+-]+ ){0,3}?(?:account|subscription"
    r"|membership|profile|plan|contract|lessons?|class(?:es)?|course)\b"
    r"|(?-i:[A-Z])[\w'+-]*(?: (?-i:[A-Z])[\w'+-]*)*))"
    r"(?= *(?:$|[,.!]| (?:last|this|yesterday|today|because|in|after|for|and|now|lapse|expire|run out)\b))",
    re.IGNORECASE,
)
_ACCOUNTS = content_stems("account subscription membership profile plan")
_LEFT_GROUP = re.compile(
    rf"{I}(?P<how>left|quit|dropped out of|resigned from) (?:my|the) (?P<v>(?:[\w'&-]+ )*{GROUP.pattern})(?P<rest>.*)",
    re.IGNORECASE,
)
_WITH_OTHERS = content_stems("sing belong")
_IS_GONE = re.compile(
    r"^(?:my (?P<v>[\w -]{1,40}?)|(?:the )?(?P<v2>(?-i:[A-Z])[\w-]+)|the (?P<v3>[a-z]+)(?= (?:has |have |just |sadly"
    r"|recently )*(?:died|passed away)(?:$| last| this morning| yesterday| today| on \w+day))) (?:(?:has|have|was"
    r"|got|is|just|sadly|recently"
    r"|been|had to be) )*(?:passed (?:away|on)|(?:run|ran) over|gone(?! (?:to|for|on|with)\b)|no longer with us"
    r"|crossed the rainbow bridge|stolen|written off|totall?ed|put down|put to sleep|ran away|run away|flew away"
    r"|flown away|sold|scrapped"
    r"|(?P<died>died|dead))\b(?= *(?:$|[,.;!(]| (?:last|this|yesterday|today|on|in|at|of|from (?!the\b)"
    r"|to (?:an?|my)|after|before"
    r"|when|while|because|during|peacefully|suddenly|and|a|an|two|three|few|some|some|early|late|recently|too|now"
    r"|for good|but|over|\w+ \w+ ago)\b))",
    re.IGNORECASE,
)
_WHICH = re.compile(r"\b(?:at|in|from|of) ((?:the )?(?:[A-Z]|\d)[\w ]+)")  # "the house at 14 Rowan Close"
_NAMES_ANOTHER = re.compile(r"[A-Z]\w* (?!car\b|bike\b|van\b|truck\b|scooter\b)[a-z]+$")  # "Golf clubs" is no Golf
_MACHINES = content_stems("phone laptop battery computer car tablet camera watch engine internet connection app screen")
_PEOPLE = re.compile(rf"{either(RELATIVES)}|boss|friend|flatmate|roommate|neighbou?r", re.IGNORECASE)
_SOME_OTHER = re.compile(
    r"\b(?:old|first|second|last|other|former|previous|half|some|share|shares|stock|stocks|spare|one of|part|rest|few"
    r"|childhood|neighbou?r)\b|\w's\b",
    re.IGNORECASE,
)
_RESET = re.compile(
    r"^(?:(?:my|the) )?(?P<v4>(?!(?:his|her|their|your|its|it|he|she|they|this|that|I"
    r"|you)\b)(?:(?!\w+'s )[\w' -]){2,50}?) (?:has |have |just |got |was )*moved to (?=(?:(?:Mon|Tues|Wednes|Thurs"
    r"|Fri|Satur|Sun)day|\d|noon|next))"
    r"|^(?:my|the) (?P<v>[\w' -]{2,50}?) (?:(?:was|has|have|had to be|is|were|got|now|just|been) ?)+ ?(?:moved"
    r"|rescheduled|postponed|pushed|shifted|changed|delayed|brought forward|cancelled|canceled|called off)\b"
    rf"|^(?:my|the) (?P<v3>[\w' -]{{2,50}}?)(?: on \w+day)? is off$|(?:{I}|^(?P<who>they|my [\w-]+|the [\w-]+"
    r"|(?-i:[A-Z])[\w-]+) (?:have |has |just )*)(?:moved|rescheduled|postponed|cancelled|canceled|changed"
    r"|pushed|brought"
    r"|shifted) (?:my|the) (?P<v2>[\w' -]{2,50}?)(?= (?:to|from|until|by|because|for|back|forward|on|at)\b|$)",
    re.IGNORECASE,
)
# "My hairdresser moved my appointment": not the one at the doctor's.
_ANY_APPOINTMENT = ("appointment", "session", "visit", "meeting", "lesson", "call")
_PARTS_OF_A_DAY = ("morning", "afternoon", "evening", "night", "day")
_LONG_PAST = re.compile(r"\b(?:last (?:month|year|summer|winter)|ago|in \d{4}|once|often|always)\b", re.IGNORECASE)


def _possession(clause: Clause) -> Iterator[Over]:
    several = re.search(r"\b(?:my|the|both|all) (?:\w+ )?(?P<v>[a-z]+s)\b", clause.text)
    rid, gone = _GOT_RID.match(clause.text), _IS_GONE.match(clause.text)
    if clause.passing:
        return
    for match in filter(None, (rid, gone)):
        named = next(group for group in match.groups() if group)
        thing = re.sub(r"^(?:my|the) ", "", NEUTRAL.sub("", stated(named)))
        stems = content_stems(thing) | content_stems(" ".join(_WHICH.findall(named)))
        died = match is gone and match["died"]
        if match is gone and _PEOPLE.fullmatch(thing) and " gone" in match.group():
            continue  # out, or away
        if not stems or _SOME_OTHER.search(thing) or (died and not stems.isdisjoint(_MACHINES)):
            continue
        kinds = ("has",) if _names_another(thing) else ("has", *RIDES)
        yield from (Over(kind, stems) for kind in kinds)
        if thing.lower() == "car":
            yield Over("my car")
        if match is gone and (died or "passed" in match.group()):
            yield Over("theirs", stems)
        if died and thing.lower() in SPOUSES:
            yield Over("relationship", frozenset({"married"}))
        if match is rid and re.search(r"\bsold my\b", rid.group(), re.IGNORECASE):
            yield Over("does", stems, RUNS)
        if several and thing.endswith(several["v"]):
            yield Over("has several", stems)


_BROUGHT_HOME = re.compile(
    rf"{I}(?:picked up|brought home|rescued|took in|welcomed|got|bought|adopted) (?:an?|my|the)(?: new| first| own"
    r"| little)* (?P<v>[a-z]+)(?=$|[,.!]"
    r"| (?:now|last|this|yesterday|today|from|on|called|named)\b)",
    re.IGNORECASE,
)
_GOT_A_CAR = re.compile(
    rf"{I}(?:got|bought|have|own|drive|lease) an? (?:[a-z-]+ ){{0,2}}?(?P<v>[\w-]+)(?=$|[,.!]| (?:now|last|this"
    r"|yesterday|today|in|on|and)\b)",
    re.IGNORECASE,
)


def _names_another(thing: str) -> bool:
    """`Golf clubs` and `golf clubs` are no Golf."""
    plural = " " in thing and thing.islower() and thing.endswith("s") and not thing.endswith("ss")
    return plural or bool(_NAMES_ANOTHER.search(thing))


def _first_pet(clause: Clause) -> Iterator[Over]:
    """Who got a dog is no longer without a pet."""
    gained = GAINED.match(clause.text)
    home = _BROUGHT_HOME.match(clause.text)
    if home and home["v"].lower() in PETS:
        grown = {"puppy": "dog", "kitten": "cat"}.get(home["v"].lower(), home["v"].lower())
        yield from (Over("do pet", NO), Over(f"do {' '.join(content_stems(grown))}", NO))
    make = _GOT_A_CAR.match(clause.text)
    if make and make["v"].lower() in CAR_MAKES:
        yield Over("do car", NO)
    if gained and gained["v"].split()[-1].lower() in PETS:
        yield Over("do pet", NO)


def _membership(clause: Clause) -> Iterator[Over]:
    if clause.passing:
        return
    if membership := _UNSUBSCRIBED.match(clause.text):
        stems = content_stems(stated(membership["v"]))
        for named in {stems, stems - _ACCOUNTS} - {NOTHING}:
            yield from (Over("has", named), Over("is", named), Over("does", named, HABITS))
    left = _LEFT_GROUP.match(clause.text)
    if left and not (left["how"].lower() == "left" and LEFT_FOR_NOW.search(left["rest"])):
        stems = content_stems(stated(left["v"]))
        yield from (Over("has", stems), Over("does", stems, HABITS | _WITH_OTHERS))


def _appointment(clause: Clause) -> Iterator[Over]:
    match = _RESET.match(clause.text)
    if not match or clause.negated or _LONG_PAST.search(clause.text):
        return
    named = match["v"] or match["v2"] or match["v3"] or match["v4"]
    if match["v2"] and match["who"] and match["who"] != "they" and named.lower() in _ANY_APPOINTMENT:
        named = f"{match['who']} {named}"
    stems = content_stems(named)
    if stems and named.lower() not in _PARTS_OF_A_DAY:
        in_may = {"may"} if re.search(r"\bin May\b", named) else set()  # which is no stop word there
        yield Over("time", stems | in_may)


LOSSES: tuple[Callable[[Clause], Iterator[Over]], ...] = (_possession, _first_pet, _membership, _appointment)
