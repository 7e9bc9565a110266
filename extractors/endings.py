"""What a clause says is over: "I left Siemens", "I no longer eat meat", "Miso died", "the meeting was moved"."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from semmem.extractors.attributes import Value, values_of
from semmem.extractors.clauses import Clause
from semmem.extractors.phrases import ADVERB, GROUP, I, Stems, activity, employer, place, stated
from semmem.extractors.words import content_stems
from semmem.language.words import MONTHS, OCCUPATIONS, either

NOTHING: Stems = frozenset()
HABITS = content_stems(
    "drink eat smoke take use play run watch read buy chew vape do go attend practise practice learn study train drive"
    " ride wear follow collect subscribe"
) | {"do"}
PREFERS = content_stems("prefer")
LIKINGS = content_stems("like love enjoy prefer want need")


@dataclass(frozen=True, slots=True)
class Over:
    """What holds no more: a trait of a kind, or an attribute's value. Without stems, whatever there is of it."""

    kind: str
    stems: Stems = NOTHING
    verbs: Stems = NOTHING  # of a habit that is named by its object alone: what may be done with it

    @property
    def handles(self) -> tuple[str, ...]:
        """By each of these an earlier statement that it ends is found."""
        if self.kind == "any value":
            return (f"value {' '.join(sorted(self.stems))}",)
        if self.kind in _TRAITS and self.stems:
            return tuple(f"{self.kind} {stem}" for stem in self.stems)
        return (self.kind,)

    def ends(self, *values: Value) -> bool:
        if self.kind == "any value":
            return any(self.stems == value.value for value in values)
        same = (value for value in values if value.attribute == self.kind)
        return any(not self.stems or self.stems <= value.value or value.value <= self.stems for value in same)


_TRAITS = ("does", "is", "has", "has several", "time", "partner", "statement")

_LEFT = re.compile(rf"{I}(?:left|quit|resigned from|stopped working (?:at|for)) (?P<v>.+)", re.IGNORECASE)
_DISMISSED = re.compile(
    rf"{I}(?:laid off|fired|let go|dismissed|made redundant|sacked)(?: (?:from|by|at) (?P<v>.+)|(?=$| last| "
    rf"this| in| on"
    r"| today| yesterday| after| because))",
    re.IGNORECASE,
)
_LAST_DAY = re.compile(
    r"^(?:[\w ]{0,20} )?(?:was|is) my (?:very )?last day (?:at|with) (?P<v>.+)"
    r"|^my (?:very )?last day (?:(?:at|with) (?P<v2>[\w&.' -]{1,40}?) )?(?:was|is) (?:today|yesterday|last \w+|(?:on )?\w+day\b)",
    re.IGNORECASE,
)
_NO_JOB = re.compile(
    rf"{I}(?:(?:quit|lost|left|walked out of|walked out on|resigned from|gave up|given up) my (?:job|position)(?: (?:at|with) (?P<v>.+)"
    r"|(?=$| last| this| in| on| today| yesterday| after| because| to | and| as | two| three| a (?:week|month|year)))"
    r"|(?:retired|resigned)(?: from (?P<v2>.+)|(?=$| last| this| in (?-i:[A-Z\d])| yesterday| today| at "
    r"(?:the age|\d\d)))"
    r"|unemployed|out of work|between jobs|(?:became|become|went) self-employed|self-employed now|left the company"
    r"|no longer have a job|(?:do )?not have a job any ?more|parted ways with (?P<v3>.+))"
    r"|^my (?:position|job|role) (?:was|got|has been) (?:eliminated|cut|axed|made redundant)\b"
    r"|^my contract (?:at|with) (?P<v4>[\w&.' -]{1,40}?) (?:has )?(?:ended|expired|ran out|run out|was terminated"
    r"|was not renewed)\b",
    re.IGNORECASE,
)
_JOBLESS = re.compile(rf"{I}(?:unemployed|out of work|jobless)\b", re.IGNORECASE)
_RETIRED = re.compile(
    rf"{I}retired(?=$| last| this| in (?-i:[A-Z\d])| yesterday| today| from (?:the (?:police|army|navy|air force|force"
    r"|military|service|bench|post office|fire (?:service|department))|teaching|nursing|medicine|work|my (?:job|work)|full-time))",
    re.IGNORECASE,
)
_FOR_GOOD = re.compile(
    r"^(?:$|last\b|this\b|yesterday|today|in (?-i:[A-Z\d])|on\b|for good|because|after \w+ (?:years|months)|recently"
    r"|to (?:start|join|work|found)|for (?-i:[A-Z])|(?:\w+ ){1,2}(?:days|weeks|months|years?) ago|and\b|now\b)",
    re.IGNORECASE,
)
_MOVED_OUT = re.compile(rf"{I}(?:moved (?:out of|away from)|(?P<left>left)) (?P<v>.+)", re.IGNORECASE)
_GIVEN_UP = re.compile(
    rf"{I}(?P<how>stopped|quit|gave up|given up|cut out|ceased|done with|gone off|went off|off|kicked|ditched"
    r"|dropped(?= (?!my\b|the\b|an?\b|out\b|by\b|off\b|in\b|it\b|to\b))) (?:on |the habit of )?"
    r"(?P<v>.+)",
    re.IGNORECASE,
)
_NO_LONGER = re.compile(
    rf"{I}(?:no longer|(?:quit|stopped|gave up|given up|done|tired of) being) (?P<v>.+)|^I {ADVERB}(?P<aux>do|does|can|am) not (?P<v2>.+?) (?:any ?more|any longer)\b"
    rf"|^I {ADVERB}never (?P<v3>.+?) (?:any ?more|any longer|these days)\b|^I {ADVERB}used to (?P<v4>(?!it\b|be\b|the\b).+)|{I}(?:an? )?non-(?P<v5>\w+er)\b",
    re.IGNORECASE,
)
_NO_MORE = re.compile(r"^no more (?P<v>[\w ]{2,40}?) for (?:me|us)\b", re.IGNORECASE)
_WAS_A_VALUE = re.compile(
    r"^my (?P<what>[\w' ]{1,40}?) is (?:no longer (?P<v>.+)|not (?P<v2>.+?) any ?more\b)", re.IGNORECASE
)
_SWITCHED = re.compile(
    rf"{I}(?:switched|changed|swapped|went|moved|transferred|upgraded|downgraded|converted)(?: my \w+)? from "
    r"(?P<v>[^,]{1,40}?) to\b"
    rf"|{I}(?:swapped|traded|exchanged) (?!seats\b|places\b)(?P<v2>[^,]{{1,40}}?) for\b"
    rf"|{I}replaced (?P<v3>[^,]{{1,40}}?) (?:with|by)\b",
    re.IGNORECASE,
)
_INSTEAD_OF = re.compile(
    rf"^I {ADVERB}(?:am )?(?P<verb>drink|eat|take|use|have|do|go|play|walk|ride|read|watch|train|prefer|want|buy|wear)"
    r"(?:s|ing)? [^,]{1,60}? (?:instead of|rather than) (?P<v>.+)",
    re.IGNORECASE,
)
_PREFERS_TO = re.compile(
    rf"{I}(?:prefer|like) [\w ]{{2,30}}? (?:to|over|more than|better than) (?P<v>[\w ]+)", re.IGNORECASE
)
_ONCE = re.compile(
    r"\b(?:today|tonight|this (?:morning|afternoon|evening|time)|yesterday|last night|once)\b", re.IGNORECASE
)
_GOT_RID = re.compile(
    rf"{I}(?:(?:sold|scrapped|wrecked|totall?ed|traded in|traded|given away|gave away|rid of|rehomed|donated|cancelled"
    r"|canceled|terminated) (?:my|the) (?P<v>.+)|(?:gave|given) (?:my |the |(?=(?-i:[A-Z])))(?P<v2>.+?) (?:away|to|up for adoption)\b"
    r"|put (?:my )?(?P<v3>.+?) (?:down|to sleep)\b|found a new home for (?P<v5>.+)|rehomed (?P<v6>.+)"
    r"|lost (?P<v7>my (?:dog|cat|horse|rabbit|hamster)\b(?!')|(?-i:[A-Z])[\w-]+(?= (?:last|yesterday|today|this|on|to)\b)))"
    rf"|^I {ADVERB}had to say (?:goodbye|farewell) to (?P<v4>.+)",
    re.IGNORECASE,
)
_UNSUBSCRIBED = re.compile(
    rf"{I}(?:(?:cancelled|canceled|terminated|ended|deleted|closed|deactivated|unsubscribed from) (?:my |the )?"
    r"(?P<v>(?:[\w'+-]+ ){0,3}?(?:account|subscription|membership|profile|plan)\b|(?-i:[A-Z])[\w'+-]*(?: (?-i:[A-Z])[\w'+-]*)*))"
    r"(?= *(?:$|[,.!]| (?:last|this|yesterday|today|because|in|after|for|and|now)\b))",
    re.IGNORECASE,
)
_RIDES = ("my car", "my bike")
_ACCOUNTS = content_stems("account subscription membership profile plan")
_LEFT_GROUP = re.compile(rf"{I}(?:left|quit|dropped out of|resigned from) (?:my|the) (?P<v>.+)", re.IGNORECASE)
_WITH_OTHERS = content_stems("sing belong")
_LEFT_SCHOOL = re.compile(
    rf"{I}(?:left|quit|finished|graduated from|dropped out of) (?P<v>(?-i:(?:[A-Z][\w'-]* )+)(?:school|college|university"
    r"|academy)|(?-i:University of [A-Z]\w+))(?P<rest>.*)",
    re.IGNORECASE,
)
_SCHOOLING = r"(?:my )?(?:university|uni|college|school|studies|degree|(?:law|med|medical|grad|art|business) school)"
_LEFT_STUDIES = re.compile(
    rf"{I}(?:dropped out(?: of {_SCHOOLING})?|(?:quit|left) {_SCHOOLING}|graduated"
    r"|(?:finished|completed|got) (?:my|the) (?:degree|studies|bachelor\w*|master\w*))"
    r"(?=$|[,.!]| (?:last|this|yesterday|today|after|and|because)\b| a (?:week|month)| in (?:may|june|july|spring|summer))",
    re.IGNORECASE,
)
_LEFT_HOUSE = re.compile(rf"{I}moved out of my (?P<v>\w+)'s? (?:house|place|flat|apartment|home)\b", re.IGNORECASE)
_LEFT_TOWN = re.compile(
    rf"{I}left (?P<v>(?-i:[A-Z][\w-]+(?: [A-Z][\w-]+)?)) for (?-i:[A-Z][\w-]+(?: [A-Z][\w-]+)?)"
    r"(?= for good| last (?:month|year|spring|summer|autumn|winter)| this (?:month|year)| in (?-i:[A-Z])| \w+ (?:month|year)s? ago)",
    re.IGNORECASE,
)
_UNCALLED = re.compile(
    r"^(?:please )?(?:do not call me|stop calling me|I no longer go by) (?P<v>(?-i:[A-Z])[\w'-]*)", re.IGNORECASE
)
_UNREACHED = re.compile(
    r"^(?:please )?(?:(?:do not|stop) (?P<how>call|phone|e-?mail|text|message)(?:ing)? me) (?:any ?more|any longer|again)$",
    re.IGNORECASE,
)
_CHANNELS = {"phone": "phone", "call": "phone", "text": "text", "message": "chat"}
_CALLED_OFF = re.compile(rf"{I}(?:called off|broke off|ended) (?:my|the) engagement\b", re.IGNORECASE)
_IS_GONE = re.compile(
    r"^(?:my (?P<v>[\w -]{1,40}?)|(?P<v2>(?-i:[A-Z])[\w-]+)) (?:(?:has|have|was|got|is|just|sadly|recently"
    r"|been|had to be) )*"
    r"(?:passed away|no longer with us|crossed the rainbow bridge|stolen|written off|totall?ed|put down|put to sleep|ran away|run away|sold|scrapped|(?P<died>died|dead))\b"
    r"(?= *(?:$|[,.;!(]| (?:last|this|yesterday|today|on|in|at|of|from (?!the\b)|after|before|when|while|because|during"
    r"|peacefully|suddenly|and|a|an|two|three|few|some|some|early|late|recently|too|now|for good|but|over|\w+ \w+ ago)\b))",
    re.IGNORECASE,
)
_MACHINES = content_stems("phone laptop battery computer car tablet camera watch engine internet connection app screen")
_SOME_OTHER = re.compile(
    r"\b(?:old|first|second|last|other|former|previous|half|some|share|shares|stock|stocks|spare|one of|part|rest|few"
    r"|childhood|neighbou?r)\b|\w's\b",
    re.IGNORECASE,
)
_RESET = re.compile(
    r"^(?:my|the) (?P<v>[\w' -]{2,50}?) (?:(?:was|has|have|had to be|is|were|got|now|just|been) ?)+"
    r" ?(?:moved|rescheduled|postponed|pushed|shifted|changed|delayed|brought forward|cancelled|canceled|called off)\b"
    r"|^(?:my|the) (?P<v3>[\w' -]{2,50}?)(?: on \w+day)? is off$"
    rf"|(?:{I}|^(?:they|my [\w-]+|the [\w-]+|(?-i:[A-Z])[\w-]+) (?:have |has |just )*)(?:moved|rescheduled|postponed|cancelled|canceled|changed|pushed|shifted) (?:my|the) (?P<v2>[\w' "
    rf"-]{{2,50}}?)"
    r"(?= (?:to|from|until|by|because|for|back|on|at)\b|$)",
    re.IGNORECASE,
)
_LONG_PAST = re.compile(r"\b(?:last (?:month|year|summer|winter)|ago|in \d{4}|once|often|always)\b", re.IGNORECASE)
_RETRACTED = re.compile(
    r"^(?:please )?(?:forget|ignore|disregard|scratch|it is not true|it was not true|I lied|I was lying|I was wrong)"
    r"(?: when I said| the fact| about)?(?: that)? (?P<v>(?:I|my) .+)",
    re.IGNORECASE,
)
_PARTED = re.compile(
    rf"{I}(?:broke up|broken up|split up|separated)(?: (?:with|from) (?P<v>.+)|$)"
    r"|^(?P<v2>(?-i:[A-Z])[\w-]+|my \w+) and I (?:have |are |just )*(?:broke up|broken up|split up|separated"
    r"|split|divorced)",
    re.IGNORECASE,
)
_PARTNERS = ("boyfriend", "girlfriend", "partner", "fiancé", "fiancée", "fiance", "fiancee")
_SPOUSES = ("husband", "wife", "spouse")
_EATS_AGAIN = re.compile(
    rf"{I}(?:(?:started|began|back to|went back to|eat|eats|eating|having) )+"
    r"(?P<v>meat|chicken|beef|pork|fish|seafood|dairy|eggs|cheese)\b",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(
    rf"\s(?:because|but|and|since|now|any ?more|any longer|for good|altogether|completely|entirely|last \w+"
    r"|this \w+|yesterday"
    rf"|today|recently|in (?:\d{{4}}|{either(MONTHS)}|(?:the )?(?:spring|summer|autumn|fall|winter))|\w+ (?:days|weeks|months|years) ago|a (?:week|month|year) "
    r"ago|for health"
    r"|when I|after (?:the|my|an?)|after (?:\w+ ){0,2}years|at last|cold turkey|so)\b.*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\+?[\d\s()./-]{6,40}")
_WITH = re.compile(r"(?:with|at|employed (?:by|at)) (?P<v>.+)", re.IGNORECASE)
_WANTING = re.compile(r"^(?:(?:want|like|love|enjoy|need|prefer|care for|a fan of|into)s? )(?:to )?", re.IGNORECASE)
_USING = re.compile(r"^(?:use|have|using|having|do|doing) ", re.IGNORECASE)


def endings_of(clause: Clause) -> Iterator[Over]:
    for reader in _READERS:
        yield from reader(clause)


def _job(clause: Clause) -> Iterator[Over]:
    if clause.besides or (clause.passing and not _JOBLESS.match(clause.text)):
        return
    if left := _LEFT.match(clause.text):
        name = re.match(r"(?:(?-i:[A-Z])[\w&.-]*(?: |$))+", left["v"]) or (
            re.match(r"\w+(?: |$)", left["v"]) if clause.lower else None
        )
        if name and _FOR_GOOD.match(left["v"][name.end() :]):
            yield Over("work", content_stems(name.group()))
    for pattern in (_DISMISSED, _NO_JOB, _LAST_DAY):
        if match := pattern.match(clause.text):
            named = next((group for group in match.groups() if group), "")
            whose = employer(named, clause) if named else NOTHING
            if whose is not None:
                yield Over("work", whose)
    if _RETIRED.match(clause.text):
        yield Over("work")
        yield Over("job")


def _home(clause: Clause) -> Iterator[Over]:
    match = _MOVED_OUT.match(clause.text)
    if match and not clause.passing and (not match["left"] or "for good" in match["v"]):
        found = place(match["v"], clause)
        if found:
            yield Over("home", found[0])

    if (town := _LEFT_TOWN.match(clause.text)) and (found := place(town["v"], clause)):
        yield Over("home", found[0])
    if house := _LEFT_HOUSE.match(clause.text):
        yield Over("does", content_stems(f"live {house['v']}"))
    school = _LEFT_SCHOOL.match(clause.text)
    if school and _FOR_GOOD.match(school["rest"].strip(" .!")):
        yield Over("school", content_stems(school["v"]))
    if _LEFT_STUDIES.match(clause.text):
        yield from (Over("school"), Over("studies"), Over("is", content_stems("student")))


def _no_longer(clause: Clause) -> Iterator[Over]:
    match = _NO_LONGER.match(clause.text)
    if match and not (match["v4"] and clause.besides):
        named = match["v"] or match["v2"] or match["v3"] or match["v4"] or match["v5"]
        held = replace(clause, negated=False, passing=False, besides=False)
        for start in ("I am", "I"):
            for value in values_of(replace(held, text=f"{start} {named}")):
                yield Over(value.attribute, value.value)
        if at := _WITH.match(named):
            yield Over("work", employer(at["v"], clause) or frozenset({named}))
        rest = activity(_NEUTRAL.sub("", named))
        wanting, using = _WANTING.match(rest), _USING.match(rest)
        if _NUMBER.fullmatch(rest.removeprefix("use ").strip()):
            yield Over("any value", frozenset({re.sub(r"\D", "", rest)}))
        elif wanting:
            yield Over("does", content_stems(_WANTING.sub("", rest)), LIKINGS)
        elif using:
            yield Over("does", content_stems(_USING.sub("", rest)), HABITS)
            kinds = ("has", "has several") if rest.endswith("s") else ("has",)
            yield from (Over(kind, content_stems(_USING.sub("", rest))) for kind in kinds)
        elif stems := content_stems(rest):
            yield Over("does", stems)
            yield Over("is", stems)
            yield from (Over("does", verb) for verb in _doing(rest))
    if was := _WAS_A_VALUE.match(clause.text):
        said = replace(clause, text=f"my {was['what']} is {was['v'] or was['v2']}", negated=False)
        yield from (Over(value.attribute, value.value) for value in values_of(said))


def _given_up(clause: Clause) -> Iterator[Over]:
    if clause.passing:
        return
    match = _GIVEN_UP.match(clause.text)
    if match:
        rest = activity(_NEUTRAL.sub("", match["v"]))
        doing = any(word.endswith("ing") for word in rest.split()[:2]) or (rest.islower() and rest.isalpha())
        stems = content_stems(_USING.sub("", rest))
        if stems and (doing or match["how"].lower() not in ("stopped", "ceased")):
            yield Over("does", stems, LIKINGS if match["how"].lower() in ("gone off", "went off") else HABITS)
            trade = _trade(rest)
            if trade:
                yield from (Over("job", trade), Over("is", trade))
    if no_more := _NO_MORE.match(clause.text):
        yield Over("does", content_stems(no_more["v"]), HABITS)
    switched = _SWITCHED.match(clause.text)
    if switched and (stems := content_stems(switched["v"] or switched["v2"] or switched["v3"])):
        yield Over("does", stems, HABITS | PREFERS)
        yield from (Over(kind, stems) for kind in ("any value", "has", *_RIDES, "my phone"))
    if over := _PREFERS_TO.match(clause.text):
        yield Over("does", content_stems(_NEUTRAL.sub("", over["v"])), PREFERS)
    instead = _INSTEAD_OF.match(clause.text)
    if instead and not _ONCE.search(clause.text):
        stems = content_stems(_NEUTRAL.sub("", instead["v"]))
        yield Over("does", stems, content_stems(instead["verb"]) or frozenset({instead["verb"]}))


def _doing(agent: str) -> set[Stems]:
    """What they do who are called so: `a smoker`, smoke."""
    word = agent.removeprefix("a ").removeprefix("an ")
    if not word.isalpha() or not word.endswith("er"):
        return set()
    return {content_stems(word[:-1]), content_stems(word[:-2]), content_stems(word[:-3])} - {NOTHING}


_MEATS = ("meat", "chicken", "beef", "pork", "steak", "ham", "bacon")
_SHUNNED = {
    "vegetarian": (*_MEATS, "fish", "seafood"),
    "vegan": (*_MEATS, "fish", "seafood", "dairy", "eggs", "cheese"),
    "pescatarian": _MEATS,
}


def _trade(doing: str) -> Stems:
    """What somebody is by trade who does it: `driving a taxi`, taxi driver."""
    verb, _, thing = doing.partition(" ")
    base = verb.lower().removesuffix("ing")
    if base == verb.lower():
        return NOTHING
    agent = next((each for each in (f"{base}er", f"{base}r", f"{base}or") if each in OCCUPATIONS), None)
    return content_stems(f"{thing} {agent}") if agent else NOTHING


def _possession(clause: Clause) -> Iterator[Over]:
    several = re.search(r"\b(?:my|the|both|all) (?:\w+ )?(?P<v>[a-z]+s)\b", clause.text)
    rid, gone = _GOT_RID.match(clause.text), _IS_GONE.match(clause.text)
    if clause.passing:
        return
    for match in filter(None, (rid, gone)):
        named = next(group for group in match.groups() if group)
        thing = re.sub(r"^(?:my|the) ", "", _NEUTRAL.sub("", stated(named)))
        stems = content_stems(thing)
        died = match is gone and match["died"]
        if not stems or _SOME_OTHER.search(thing) or (died and not stems.isdisjoint(_MACHINES)):
            continue
        yield from (Over(kind, stems) for kind in ("has", *_RIDES))
        if thing.lower() == "car":
            yield Over("my car")
        if died and thing.lower() in _SPOUSES:
            yield Over("relationship", frozenset({"married"}))
        if several and thing.endswith(several["v"]):
            yield Over("has several", stems)
    if membership := _UNSUBSCRIBED.match(clause.text):
        stems = content_stems(stated(membership["v"]))
        for named in {stems, stems - _ACCOUNTS} - {NOTHING}:
            yield from (Over("has", named), Over("is", named), Over("does", named, HABITS))
    left = _LEFT_GROUP.match(clause.text)
    if left and GROUP.search(left["v"]):
        stems = content_stems(stated(left["v"]))
        yield from (Over("has", stems), Over("does", stems, HABITS | _WITH_OTHERS))


def _appointment(clause: Clause) -> Iterator[Over]:
    match = _RESET.match(clause.text)
    if not match or clause.negated or _LONG_PAST.search(clause.text):
        return
    if stems := content_stems(match["v"] or match["v2"] or match["v3"]):
        yield Over("time", stems)


def _taken_back(clause: Clause) -> Iterator[Over]:
    match = _RETRACTED.match(clause.text)
    if match and (stems := content_stems(match["v"])):
        yield Over("statement", stems)


def _parted(clause: Clause) -> Iterator[Over]:
    match = _PARTED.match(clause.text)
    if match and not clause.negated:
        named = re.sub(r"^my ", "", _NEUTRAL.sub("", stated(match["v"] or match["v2"] or "")))
        whose = NOTHING if named.lower() in (*_PARTNERS, *_SPOUSES) else content_stems(named)
        yield from (Over("partner", whose), Over("work", whose or frozenset({named})))
        if named.lower() in _SPOUSES:
            yield Over("relationship", frozenset({"married"}))
    if not clause.negated and _CALLED_OFF.match(clause.text):
        yield Over("relationship", frozenset({"engaged"}))
        yield Over("partner")


def _reached(clause: Clause) -> Iterator[Over]:
    if uncalled := _UNCALLED.match(clause.text):
        yield from (Over(kind, content_stems(uncalled["v"])) for kind in ("called", "nick name", "first name"))
    if unreached := _UNREACHED.match(clause.text):
        yield Over("channel", frozenset({_CHANNELS.get(unreached["how"].lower(), "mail")}))


def _diet(clause: Clause) -> Iterator[Over]:
    eats = _EATS_AGAIN.match(clause.text)
    if eats and (clause.renewed or "back" in eats.group().lower()) and not (clause.negated or clause.passing):
        food = eats["v"].lower()
        ended = ["vegan"]
        if food not in ("dairy", "eggs", "cheese"):
            ended.append("vegetarian")
        if food in ("meat", "chicken", "beef", "pork"):
            ended += ["pescatarian", "pescetarian"]
        yield from (Over("diet", content_stems(name)) for name in ended)
    if clause.negated or clause.passing or not clause.holds:
        return
    for value in values_of(clause):
        if value.attribute == "diet":
            for food in _SHUNNED.get(next(iter(value.value), ""), ()):
                yield Over("does", content_stems(food), content_stems("eat"))


_READERS: tuple[Callable[[Clause], Iterator[Over]], ...] = (
    *(_job, _home, _no_longer, _given_up, _possession, _appointment, _taken_back, _parted, _reached, _diet),
)
