"""What a person has one of at a time, told by its name (`my editor is vim`) or by its kind (`I switched to Linux`)."""

import re
from collections.abc import Callable, Iterator

from semmem.extractors.rules.any_name import at_work, by_any_name
from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.frames import shape_of
from semmem.extractors.rules.phrases import ADVERB, stated
from semmem.extractors.rules.value import YES, Value
from semmem.extractors.words import content_stems
from semmem.language.kinds import CAR_MAKES, DEVICES, KIND_OF, SLOTS
from semmem.language.words import STATES, either

_COLORS = r"brown|red|black|blonde?|gr[ea]y|white|blue|pink|purple|green|auburn|ginger|silver|orange|turquoise"
_HAIR = re.compile(
    rf"^(?:my hair is (?:now )?|I {ADVERB}(?:have )?{ADVERB}(?:dyed|colou?red|cut|chopped|grew|grown|have"
    r"|wear) (?:my hair )?)"
    rf"(?:(?P<length>short|long|shoulder[- ]length)|(?P<color>{_COLORS}))(?P<hair> hair)?(?= now\b|$| last\b"
    r"| yesterday\b| in\b| again\b)",
    re.IGNORECASE,
)
_NAMES = rf"(?:[a-z]+ )??(?:{'|'.join(SLOTS)})"
_SLOT = re.compile(
    rf"^my (?:new |current |main |only )*(?P<slot>{_NAMES})(?: handle| account| username)? (?:is|are"
    rf"|has changed to|changed to"
    rf"|has become|became)(?: now| currently)? (?P<v>(?!not\b|no\b|too\b|very\b|so\b|really\b|being\b|gone\b|broken\b"
    rf"|slow\b|down\b|fine\b|great\b|good\b|bad\b|dead\b|expired\b|due\b|done\b|over\b|old\b|up\b|off\b|in\b"
    rf"|on\b|at\b"
    rf"|with\b|about\b|full\b|empty\b|wet\b|stolen\b|missing\b|lost\b|ringing\b|charging\b|dirty\b|cracked\b|just\b"
    rf"|still\b|always\b|to\b|for\b|from\b|\d+ \w+ old\b|\w+(?:ing|ed|able|ful|less)\b"
    rf"|(?:{either(STATES)})\b)[^,;]+)",
    re.IGNORECASE,
)
_SET_TO = re.compile(
    rf"^I (?:have )?{ADVERB}(?:changed|switched|swapped|updated|moved) my (?P<slot>{_NAMES})(?: handle| account"
    r"| username)? (?:from [^,;]{1,40}? )?(?:over )?(?:to|into) (?P<v>[^,;]+)",
    re.IGNORECASE,
)
_PRONOUNS = re.compile(rf"^I {ADVERB}(?:use|go by) (?P<v>[a-z]+/[a-z]+(?:/[a-z]+)?)(?: pronouns)?\b", re.IGNORECASE)
_USES = re.compile(
    rf"^I {ADVERB}(?:(?:am )?(?:using|on|coding in|running|an?)|use|run|code in|write(?: code)? in|program in"
    r"|develop in"
    r"|work (?:in|with)|listen on|deploy with) (?:an? |the |my )?(?P<v>[\w+#]+)(?: user\b| mode\b)?(?P<rest>.*)",
    re.IGNORECASE,
)
_CHANGED_TO = re.compile(
    rf"^I (?:have )?{ADVERB}(?:switched|moved|migrated|changed|converted|(?:went|gone)(?= back| over))(?: back| over"
    r"| everything"
    r"| completely| all)*(?: from [^,;]{1,40}?)? to (?:an? |the |using )?(?P<v>[\w+#]+)(?: mode)?(?P<rest>.*)",
    re.IGNORECASE,
)
# Behind it: for something only, or beside another; the name of something else.
_NARROWED = re.compile(
    r"\b(?:for|to|just|today|tonight|as well|too|also|sometimes|when|with|at|on my|in (?:an?|the|my|our))\b", re.I
)
_ENDS = re.compile(
    r"\s*(?:$|[\d.]+\b|now\b|last\b|in\b|on\b|yesterday\b|this\b|every\b|since\b|again\b|because\b|these\b)"
)
_VERSION = re.compile(
    rf"^I (?:have )?{ADVERB}(?:(?:am )?(?:on|using|running)|use|run|(?P<new>upgraded|updated|moved|migrated|switched"
    rf"|bumped|downgraded|went)(?: [\w ]{{1,20}}?)?(?: from [^,;]{{1,40}}?)? to) (?P<what>[A-Za-z][A-Za-z+#-]*) "
    r"(?P<v>v?\d+(?:\.\d+)*)\b",
)
_DEVICE = re.compile(
    rf"^I (?:have )?{ADVERB}(?:(?P<new>upgraded|switched|changed|moved|went)(?: back"
    rf"| over)?(?: from [^,;]{{1,40}}?)? to|have|use|got|am using) (?:an? |the |my )?"
    r"(?P<v>(?P<name>[A-Za-z]+)(?: (?:Pro|Max|Plus|Air|Ultra|Mini|\d+\w*|[A-Z]\d+))*)(?=$|[,.!]| (?:now|last|this"
    r"|yesterday|today|in|these)\b)"
)
_DRIVES_A = re.compile(
    rf"^I {ADVERB}(?:drive|lease) an? (?P<v>(?:[a-z-]+ ){{0,2}}?(?:car|diesel|hybrid|convertible|suv|hatchback"
    r"|estate|pickup"
    r"|petrol|saloon|sedan|minivan|automatic|manual|stick shift|ev))(?= now\b| these days\b|$)",
    re.IGNORECASE,
)
_RATHER = re.compile(
    rf"^I {ADVERB}(?:prefer|like|love) (?P<v>[\w ]{{2,30}}?) (?:over|more than|better than|rather than) "
    r"(?P<less>[\w ]{2,30}?)(?= now\b|$)",
    re.IGNORECASE,
)
_PREFERS = re.compile(rf"^I {ADVERB}prefer (?P<v>\w+(?: \w+)??)(?= now\b| these days\b|$)", re.IGNORECASE)
_MAILED = re.compile(
    r"^(?:you can |please |just )*(?:(?:e-?mail|mail|write to|reach|contact) me at"
    r"|use) (?P<v>[^\s@]{1,64}@\S+)(?: please)?$",
    re.IGNORECASE,
)
_SEES = re.compile(
    rf"^I {ADVERB}(?:see|go to|am a patient of|am with) (?P<v>(?-i:Dr\.? [A-Z])\w+)(?=$| now\b| these days\b|,)",
    re.IGNORECASE,
)
_BELIEVES = re.compile(
    rf"^I {ADVERB}(?:am|(?P<new>(?:have )?(?:became|become|converted to))) (?:an? )?(?P<v>catholic|protestant"
    r"|christian|muslim|jewish|hindu"
    r"|buddhist|atheist|agnostic|sikh|mormon|catholicism|islam|judaism|buddhism|hinduism|christianity)(?=$| now\b"
    r"| last\b| in\b|,)",
    re.IGNORECASE,
)
_TEAM = re.compile(
    r"^my (?:favou?rite )?(?:football |soccer |sports )?(?:team|club) is (?:now )?(?P<v>(?-i:[A-Z])[\w' ]+)",
    re.IGNORECASE,
)
_PAYS_RENT = re.compile(
    rf"^I {ADVERB}pay (?P<v>[$€£]?\d[\d.,]* ?[a-z€$£]*) (?:in |of |for )?(?:the )?rent\b(?! for\b)", re.IGNORECASE
)
_EXPECTS = re.compile(r"^my (?P<who>[a-z]+) is (?:pregnant|expecting(?: a baby)?)\b", re.IGNORECASE)
_REACHED = re.compile(
    r"^(?:you can |just )*(?:call|reach|text|phone|ring) me (?:on|at) (?P<v>\+?\(?\d[\d\s()./-]{4,40}\d)$", re.I
)

_MACHINE = re.compile(
    rf"^I {ADVERB}(?:have|use|own|got|am on|am using|work on) (?:an?|my|the) (?P<v>[A-Za-z]+) (?:laptop|computer|pc"
    r"|machine|desktop|phone|tablet)(?=$|[,.!]| (?:now|last|this|these)\b)",
    re.IGNORECASE,
)


def _slots(clause: Clause) -> Iterator[Value]:
    if slot := _SLOT.match(clause.text):
        named, value = f"{_named(slot['slot'])} {shape_of(slot['v'])}", stated(slot["v"])
        if kind := KIND_OF.get(value.lower()):
            yield Value(f"kind {kind}", frozenset({value.lower()}), tentative=True)
        yield Value(named, frozenset({value.lower()}) if "pronoun" in named else content_stems(value), tentative=True)
    if put := _SET_TO.match(clause.text):
        yield Value(
            f"{_named(put['slot'])} {shape_of(put['v'])}", content_stems(stated(put["v"])), tentative=True, renewed=True
        )
    if (hair := _HAIR.match(clause.text)) and ("hair" in hair.group()):
        kind = "length" if hair["length"] else "color"
        new = re.search(r"\b(?:dyed|colou?red|cut|chopped|grew|grown)\b", hair.group(), re.IGNORECASE)
        yield Value(f"my hair {kind}", frozenset({hair[kind].lower()}), tentative=True, renewed=bool(new))
    if pronouns := _PRONOUNS.match(clause.text):
        yield Value("my pronouns word", frozenset({pronouns["v"].lower()}), tentative=True)


def _named(slot: str) -> str:
    return f"my {slot.lower().replace('colour', 'color')}"


def _kinds(clause: Clause) -> Iterator[Value]:
    """A thing of a kind of which people use one at a time, where nothing says that it is for one purpose only."""
    for match, new in ((_USES.match(clause.text), False), (_CHANGED_TO.match(clause.text), True)):
        if not match or not _ENDS.match(match["rest"]) or _NARROWED.search(match["rest"]):
            continue
        name = match["v"].lower()
        if kind := KIND_OF.get(name):
            yield Value(f"kind {kind}", frozenset({name}), tentative=True, renewed=new)
    if version := _VERSION.match(clause.text):
        new = bool(version["new"])
        yield Value(f"version of {version['what'].lower()}", frozenset({version["v"]}), tentative=True, renewed=new)


def _devices(clause: Clause) -> Iterator[Value]:
    if (machine := _MACHINE.match(clause.text)) and (kind := KIND_OF.get(machine["v"].lower())):
        yield Value(f"kind {kind}", frozenset({machine["v"].lower()}), tentative=True)
    device = _DEVICE.match(clause.text)
    if device and (kind := DEVICES.get(device["name"].lower())):
        yield Value(f"my {kind}", content_stems(device["v"]), tentative=True, renewed=bool(device["new"]))


_OWNS_CAR = re.compile(
    rf"^I (?:have )?{ADVERB}(?:have|own|got"
    r"|bought) an? (?:[a-z]+ )?(?P<v>(?-i:[A-Z])[\w-]*(?: (?-i:[A-Z\d])[\w-]*)?)(?=$| now\b| last\b| in\b)",
    re.IGNORECASE,
)


def _other(clause: Clause) -> Iterator[Value]:
    if drives := _DRIVES_A.match(clause.text):
        yield Value("my car", content_stems(drives["v"]), tentative=True)
    car = _OWNS_CAR.match(clause.text)
    if car and not CAR_MAKES.isdisjoint(car["v"].lower().split()):
        yield Value("my car", content_stems(car["v"]), tentative=True)
    if rather := _RATHER.match(clause.text):
        yield Value(f"rather than {rather['less'].lower()}", content_stems(rather["v"]), tentative=True)
    elif prefers := _PREFERS.match(clause.text):
        yield Value(f"rather than {prefers['v'].lower()}", content_stems(prefers["v"]), tentative=True)
        if kind := KIND_OF.get(prefers["v"].lower()):
            yield Value(f"preferring {kind}", content_stems(prefers["v"]), tentative=True)
    if expects := _EXPECTS.match(clause.text):
        yield Value(f"my {expects['who'].lower()} expects", YES)
    if mail := _MAILED.match(clause.text):
        yield Value("email", frozenset({mail["v"].strip(".,;!").casefold()}), tentative=True)
    if sees := _SEES.match(clause.text):
        yield Value("my doctor", content_stems(sees["v"]), tentative=True)
    if believes := _BELIEVES.match(clause.text):
        yield Value("my religion", frozenset({believes["v"].lower()}), tentative=True, renewed=bool(believes["new"]))
    if team := _TEAM.match(clause.text):
        yield Value("team", content_stems(stated(team["v"])), tentative=True)
    if rent := _PAYS_RENT.match(clause.text):
        yield Value("my rent", content_stems(rent["v"]))
    if reached := _REACHED.match(clause.text):
        yield Value("reached at", frozenset({re.sub(r"\D", "", reached["v"])}), beside=True)


OF_ONE: tuple[Callable[[Clause], Iterator[Value]], ...] = (_slots, by_any_name, at_work, _kinds, _devices, _other)
