"""Whether what a clause tells of is over or to come, by the words that stand nearest to its time."""

import re
from typing import Literal

from semmem.language.words import PART_OF, either, listed

Told = Literal["past", "ahead", ""]

_PASTS = listed(
    """
    was were been had did went ran kept left came saw slept sat stood held led wore took knew wrote spent paid rode
    grew made sold built drank ate told said gave found felt brought bought met lost won fought taught sang swam drove
    became began bent bit blew bled broke bred caught chose clung crept dealt dug drew dreamt dreamed fed fell fled flew
    forgot forgave froze ground heard hid hung knelt laid learnt leant lent lit meant overslept quit rang rose sank sent
    shone shook shot shrank slid smelt snuck sought spat sped spilt spoke spoilt sprang spun stank stole stuck strode
    struck stung swore swept swung thought threw tore understood undertook upset wept withdrew woke wound wrung burnt
    """
)
_PARTICIPLES = listed(
    """
    been gone done seen begun broken chosen come become driven drunk eaten fallen flown forgotten forgiven frozen given
    grown hidden hit hurt known put read ridden risen run rung set shown shrunk shut spoken stolen sung sunk swum sworn
    taken thrown torn woken worn written cut let cost beat bet
    """
)
# Of these nobody can tell the present from the past.
_BOTH = listed(
    "put cut hit hurt let set shut cost quit read beat bet burst cast spread split shed thrust upset wet bid"
)
# What ends like a past and is none.
_NO_PASTS = listed(
    """
    need feed speed indeed succeed proceed exceed hundred fred alfred jared ahmed mohammed manfred sacred naked wicked
    breed bleed weed seed greed reed shed embed moped sled
    """
)
_NO_PARTICIPLE_OF = listed("am is are 'm 's 're be get gets getting")  # "get married" is as present as its verb
_ED = "".join(f"(?<!\\b{word} )" if word[0] != "'" else f"(?<!{word} )" for word in _NO_PARTICIPLE_OF)
_PAST = (
    rf"\b(?:{either(_PASTS)}|(?:did|was|were|had)n['’]?t|(?<!'ve )(?<!have )(?<!has )got"  # noqa: RUF001
    rf"|(?:have|has|'ve)(?: \w+ly| just| already| also| not| never)* (?:{either(_PARTICIPLES)})"
    r"|(?:must|should|could|would)(?: not)?(?: have|'ve)|could|would|used to"
    rf"|{_ED}(?!(?:{either(_NO_PASTS)})\b)\w{{2,}}ed)\b|'d\b"
)

# To tell of something looks back at it.
_TELLING = listed(
    """
    tell say admit confess talk show ask complain explain report apologize apologise thank forget remember write dream
    """
)
_OBLIGED = (
    r"(?:have|has|'ve got|have got|has got|need|needs|ought"
    r"|(?:am|is|are|'m|'s|'re)(?: not)? (?:supposed|meant|due|bound|about))(?: not)? to (?!TELLING)"
    r"|(?:gotta|must|should|can|can't|cannot|let's|please)(?! have\b|'ve\b| not have\b)(?! TELLING)\b"
    r"|(?:would|'d) (?:like|love|prefer) to|looking forward to|can't wait (?:for|to)"
    r"|(?:see|meet|call|remind|visit|join) (?:you|ya|me|us)|(?:am|is|are|'m|'s|'re)(?: \w+ly)? due"
).replace("TELLING", rf"(?:{either(_TELLING)})\b")
_AWAY = listed("in at off away out back free busy available abroad home there here on booked invited scheduled")
_SET = listed("lunch dinner breakfast brunch coffee class classes school training practice therapy plans work tickets")
# Of these the present says nothing of what is to come, or they are no verbs.
_STATES = listed(
    """
    am are is be was were have had do does did will would could might may shall must should can need ought gotta like
    love hate prefer enjoy miss think know remember believe feel want wish hope regret recall mean guess suppose
    understand doubt see hear find look seem owe own appreciate blame keep live still just also only even almost
    nearly really never ever always often sometimes soon once then now all both who that which and or but from of in on
    at to since until till about for with after before got
    """
)
_THEIR_STATES = listed(
    """
    was has is does likes loves hates prefers enjoys misses thinks knows remembers believes feels wants wishes hopes
    regrets recalls means guesses supposes understands doubts sees hears finds looks seems owes owns blames keeps lives
    tells says talks shows asks complains explains reports thanks writes dreams always
    """
)
_OF_US = (
    r"(?:I|we|they)(?: (?:don't|do not|also|always|still|just|only|usually|finally|then|do))*"
    rf" (?!(?:{either(_STATES, _TELLING, _PASTS, _BOTH)}|\w+ed|\w+ly)\b)[a-z]{{2,}}\b(?!['’])"  # noqa: RUF001
)
# Verbs of third persons that are hardly nouns too, and any behind a pronoun.
_OF_OTHERS = (
    r"(?:graduates|retires|finishes|turns|expires|runs out|comes(?! from)|goes|starts|begins|ends|opens|closes|departs"
    r"|arrives|returns|flies|marries|gets|becomes|happens|stops)\b"
    rf"|(?:he|she|it) (?:\w+ly )?(?!(?:{either(_THEIR_STATES)})\b)\w{{2,}}s\b"
)
_IS_THERE = rf"(?:am|are|is|'m|'re)(?: not)? (?:{either(_AWAY)})\b|have (?:{either(_SET)})\b"

PAST = re.compile(_PAST, re.IGNORECASE)
_AHEAD = re.compile(rf"(?:\b|(?='))(?:{_OF_US}|{_OF_OTHERS}|{_IS_THERE}|{_OBLIGED})", re.IGNORECASE)
# "Get my car repaired" is as present as its verb.
_HAVE_DONE = re.compile(
    r"\b(get|have) (?:it|them|my|our|the|an?|his|her|their)(?: (?!(?:I|we|he|she|they|that|who)\b)\w+){0,3} \w+ed\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<!\b(?:Dr|Mr|St|Ms))(?<!\bMrs)[.!?]+['\")]*\s")
_SINCE = re.compile(rf"\bsince{PART_OF} $", re.IGNORECASE)
_FRONTED = re.compile(r"(?:^|[,:–-] ?)(?:(?:and|but|so|on|in|by) )*$", re.IGNORECASE)  # noqa: RUF001


def told(before: str, behind: str) -> Told:
    """How the time between is told: as the last verb before it says, else the first behind it.

    Where the time opens what it is said of ("On Monday I was ill"), the one behind it comes first.
    """
    if _SINCE.search(before):
        return "past"
    before = _HAVE_DONE.sub(r"\1 it", _SENTENCE.split(before)[-1])
    behind = _HAVE_DONE.sub(r"\1 it", _SENTENCE.split(behind)[0])
    if _FRONTED.search(before):
        return _first(behind) or _last(before)
    return _last(before) or _first(behind)


def _last(text: str) -> Told:
    past = max((match.end() for match in PAST.finditer(text)), default=-1)
    ahead = max((match.end() for match in _AHEAD.finditer(text)), default=-1)
    return "" if past == ahead == -1 else "ahead" if ahead >= past else "past"


def _first(text: str) -> Told:
    past, ahead = PAST.search(text), _AHEAD.search(text)
    if not (past and ahead):
        return "past" if past else "ahead" if ahead else ""
    return "ahead" if ahead.start() <= past.start() else "past"
