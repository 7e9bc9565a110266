"""Standing statements of a person that something said later may end: habits, likings, possessions, appointments."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import ADVERB, IRREGULAR_PAST, I, Stems, activity, stated, time_of, verb_of
from semmem.extractors.rules.value import NOTHING, Over
from semmem.extractors.words import content_stems
from semmem.language.words import DAYS, MONTHS, NUMBERS, either

NUMERALS = content_stems(" ".join((*NUMBERS, "both", "several", "many")))


@dataclass(frozen=True, slots=True)
class Trait:
    """`stems` is all that it says; `core` the words of which one must be named, or what ends is something else."""

    kind: str
    stems: Stems
    core: Stems
    verb: str = ""

    @property
    def handles(self) -> Stems:
        return frozenset(f"{self.kind} {stem}" for stem in self.stems) | {self.kind}

    def ended_by(self, over: Over) -> bool:
        if over.kind != self.kind or not over.stems <= self.stems:
            return False
        if over.kind != "does":
            return not over.stems or not over.stems.isdisjoint(self.core)
        if self.verb in over.stems:
            return True
        return self.verb in over.verbs and not over.stems.isdisjoint(self.core)


_PREDICATE = re.compile(rf"^I (?:and (?:my|her|his|their|our) \w+ )?{ADVERB}(?P<v>.+)", re.IGNORECASE)
_LIKES_TO = re.compile(r"(?:likes?|loves?|enjoys?) (?:to (?=\w)|(?=\w+ing\b))", re.IGNORECASE)
_NO_HABIT = re.compile(
    rf"(?:\w+ed|have been|was|were|had|{IRREGULAR_PAST}|spent|built|grew|chose|drove|flew|ate|drank"
    r"|quit|stopped|hates?|dislikes?|avoids?|never|not|will|can|no)\b",
    re.IGNORECASE,
)
_SO_MUCH = re.compile(
    r" (?:(?:a lot|lots|loads|plenty|tons|a bit|a little|a cup|a glass|\w+ cups|\w+ glasses) of|too much|some) ",
    re.IGNORECASE,
)
_LIMITS = re.compile(
    r"\s(?:every|almost|nearly|in|on|at|for|with|because|when|each|daily|after|before|during|from|to|until|but"
    r"|if|an? day|an? week"
    r"|twice|once|\w+ times|while|without|a lot|and)\b.*$",
    re.IGNORECASE,
)
_IS_ON = re.compile(
    r"^am on (?:(?:an?|the|my) )?(?=[a-z]|(?-i:[A-Z]))(?!\w*(?:day|holiday|vacation|trip"
    r"|way)\b)",
    re.I,
)
_VERB_AND_PREPOSITION = re.compile(
    r"^(?P<v>(?:go|goes|going|subscribed?|belong|listen|banks?|play|plays|sing|sings|pays?|deploys?|codes?"
    r"|programs?|trains?(?= for )|training(?= for )|prepar(?:e|es|ing)(?= for )) )(?:to|in|on|at|with|for) (?:(?:an?"
    r"|the|my) )?",
    re.I,
)
_HOLDS = re.compile(
    r"class(?:es)?|courses?|lessons?|clubs?|sessions?|practice|training|groups?|teams?|phone|car|diet|medication"
    r"|pills?",
    re.I,
)
_OWNS = re.compile(
    rf"{I}(?:have|has|own|owns|drive|drives|bought|adopted|ride|rides|keep|keeps|lease|leases|rent|rents"
    r"|subscribe to|subscribed to"
    rf"|(?:an? )?member of(?: the)?|an?) "
    r"(?P<v>.+)",
    re.IGNORECASE,
)
_IS_CALLED = re.compile(
    r"^my (?P<n>[\w ]{1,30}?)(?:'s name)? is (?:(?:called|named|an?|the) )*(?P<v>(?-i:[A-Z]).+)", re.IGNORECASE
)
_PET_IS = re.compile(
    r"^my (?P<what>dog|cat|puppy|kitten|hamster|rabbit|parrot|horse|bird|snake"
    r"|turtle) (?P<v>(?-i:[A-Z])\w+) [a-z]*s\b",
    re.IGNORECASE,
)
_WITH_US = re.compile(
    r"^my (?P<v>[a-z]+)(?: (?-i:[A-Z])\w+)? (?:still )?(?:lives?|stays?|is living) (?:(?:here|back|at home) )?"
    r"(?:with (?:me|us|I)\b|at home\b|in my\b|here\b)",
    re.IGNORECASE,
)
_INJURED = re.compile(
    r"^my (?:\w+ )?(?:\w+ is in an? (?P<v>cast|sling|brace|splint|bandage)"
    r"|(?P<body>ankle|knee|leg|arm|foot|hand|wrist|back|neck|shoulder|hip|toe|finger|elbow|rib)s? (?:is"
    r"|are) (?:still )?(?:sprained"
    r"|broken|swollen|sore|injured|fractured|bruised|strained))\b",
    re.IGNORECASE,
)
_OWES = re.compile(
    rf"{I}(?:owe|pay|paying off|paying|have)\b[^;]{{0,40}}? (?:on|for|off) (?:my|the"
    rf"|a) (?P<v>[\w ]{{2,30}}?(?:loan|mortgage"
    r"|debt|credit card|card|overdraft|car))\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\b(?:two|three|four|five|six|both|several|many|[2-9]|\d\d+) [a-z-]+s\b", re.IGNORECASE)
_BELONGING = re.compile(r"\s(?:of|with|for|in|from|that|who|which|at|on|since|to)\b.*$", re.IGNORECASE)
_CALLED = re.compile(r"\b(?:named|called)\b", re.IGNORECASE)
_PARTNER = re.compile(
    rf"{I}(?:dating|seeing|going out with|engaged to|in a relationship with|together with|married to"
    rf"|with(?= (?-i:[A-Z])\w+$)) (?P<v>.+)"
    r"|^my (?P<v2>(?:boyfriend|girlfriend|partner|fianc[eé]e?)(?:'s name)? is (?:called |named )?(?-i:[A-Z])\w+.*)"
    rf"|{I}(?:have|has|a) (?P<v3>(?:a )?(?:boyfriend|girlfriend|partner|fianc[eé]e?)\b.*)",
    re.IGNORECASE,
)


_STATE = re.compile(r"^my [\w' ]{1,40}? (?:is|are) (?!in\b|at\b|on\b)", re.IGNORECASE)
_MISSING = re.compile(
    r"^(?:I (?:have )?(?:lost|misplaced) my (?P<v>[a-z]+)|my (?:[a-z]+ )?(?P<v2>[\w-]+) (?:is|has gone) "
    r"(?:still )?(?:missing|lost))"
    r"(?=$|[,.!]| (?:today|yesterday|last|this|again|since|somewhere|on \w+day)\b)",
    re.IGNORECASE,
)
_WITH_FOR_YEARS = re.compile(rf"{I}with (?P<v>(?-i:[A-Z])\w+) for (?:\w+ ){{1,2}}(?:years|months)$", re.IGNORECASE)
_DUTY = re.compile(rf"^I {ADVERB}(?:need to|have to|must) (?!say\b|admit\b)(?P<v>[^;]+)", re.IGNORECASE)
# Whoever has a coat to buy for Emil, and bought one, may have bought another.
_FOR_WHOM = re.compile(rf"\b(?!(?:{either(MONTHS)}|{either(DAYS)})\b)[A-Z][\w-]+|[\w-]+(?='s\b)")
_AGAIN_AND_AGAIN = re.compile(r"\b(?:every|each|daily|weekly|monthly|twice|always)\b", re.IGNORECASE)
_PLAN = re.compile(
    rf"^I {ADVERB}(?:(?:plan|am planning|want"
    r"|would (?:like|love)|am going|have booked|booked|intend|hope|am hoping"
    r"|will|am thinking|am"
    r" looking)(?: to| of| about| on)?|(?=am (?:flying|going|travell?ing|moving|getting|buying|starting|taking"
    r"|meeting|seeing|visiting|having|hosting)\b)am) "
    r"(?P<v>[^;]+)",
    re.IGNORECASE,
)


_JOURNEY = re.compile(
    r"^(?:an? |the |my )?(?:trip|flight|holiday|vacation|visit|journey) (?:to|in) (?=(?-i:[A-Z]))", re.IGNORECASE
)


def planned_of(clause: Clause) -> Iterator[Trait]:
    """What somebody plans or wants to do, which holds until they say that they do not."""
    if clause.coming and not (clause.supposed or clause.negated) and (time := time_of(clause)):
        yield Trait("time", time[0], _owner(clause) or time[0])
    plan = None if clause.negated else _PLAN.match(clause.text)
    duty = None if clause.negated or _AGAIN_AND_AGAIN.search(clause.text) else _DUTY.match(clause.text)
    if duty:
        stems = content_stems(duty["v"])
        yield Trait("duty", stems, content_stems(" ".join(_FOR_WHOM.findall(duty["v"]))) or stems)
    if plan:
        rest = activity(_JOURNEY.sub("", plan["v"]))
        stems = content_stems(rest)
        heads = _LIMITS.sub("", re.sub(r"^(\w+ )(?:to|for|with) ", r"\1", rest)).split()
        names = content_stems(" ".join(word for word in rest.split() if word[:1].isupper()))
        yield Trait("plan", stems, names | _heads(heads[1:] or heads) | (stems if len(heads) < 2 else frozenset()))


def _owner(clause: Clause) -> Stems:
    """Whose it is: who moves their own appointment leaves `my son's dentist appointment` as it is."""
    whose = re.match(r"my ([a-z]+)'s ", clause.text)
    return content_stems(whose[1]) if whose else NOTHING


def traits_of(clause: Clause) -> Iterator[Trait]:
    said = content_stems(clause.text)
    if clause.text.startswith(("I ", "my ")):
        yield Trait("statement", said, said)
    if clause.negated:
        return
    if _STATE.match(clause.text):
        yield Trait("state", said, said)
    for kind, pattern in (("missing", _MISSING), ("with", _WITH_FOR_YEARS)):
        if match := pattern.match(clause.text):
            named = content_stems(next(filter(None, match.groups())))
            yield Trait(kind, named, named)
    yield from _habit(clause)
    yield from _possession(clause)
    if partner := _PARTNER.match(clause.text):
        stems = content_stems(stated(partner["v"] or partner["v2"] or partner["v3"]))
        yield Trait("partner", stems, stems)
    if time := time_of(clause):
        yield Trait("time", time[0], _owner(clause) or time[0])


def _habit(clause: Clause) -> Iterator[Trait]:
    predicate = _PREDICATE.match(clause.text)
    if not predicate or _NO_HABIT.match(predicate["v"]):
        return
    rest = _LIKES_TO.sub("", _SO_MUCH.sub(" ", predicate["v"]), count=1)
    rest = re.sub(r"\b(learn(?:ing)?) (?:how )?to ", r"\1 ", _IS_ON.sub("take ", rest))
    state = re.match(r"am (?!\w+ing\b)(?P<v>.+)", rest)
    if state:
        stems = content_stems(state["v"])
        yield Trait("is", stems, stems)
        return
    rest = activity(rest.removeprefix("am "))
    words = _LIMITS.sub("", _VERB_AND_PREPOSITION.sub(r"\g<v>", rest)).split()
    if words and (verb := verb_of(words[0])):
        within = _IN_A_GROUP.search(rest)
        core = _heads(words[1:]) | (content_stems(within["v"]) if within else frozenset())
        yield Trait("does", content_stems(rest), core, verb)


# "I sing alto in the community choir": who leaves the choir sings there no more.
_IN_A_GROUP = re.compile(
    r" (?:in|with|for) (?:an?|the|my) (?:[\w-]+ ){0,3}?(?P<v>choir|band|orchestra|team|club|league)\b"
)


def _heads(thing: Sequence[str]) -> Stems:
    """The word that a thing is called by, the names in it, and what a class or a club is of."""
    named = 2 if thing and not content_stems(thing[-1]) else 1  # "vitamin D"
    heads = [*thing[-named:], *(word for word in thing if word[:1].isupper())]
    if len(thing) > 1 and _HOLDS.fullmatch(thing[-1]):
        heads.append(thing[-2])
    return content_stems(" ".join(heads))


def _possession(clause: Clause) -> Iterator[Trait]:
    called = _IS_CALLED.match(clause.text)
    if pet := _PET_IS.match(clause.text):
        stems = content_stems(f"{pet['what']} {pet['v']}")
        yield Trait("has", stems, stems)
    if called:
        stems = content_stems(f"{called['n']} {stated(called['v'])}")
        yield Trait("has", stems, stems)
    if kept := _WITH_US.match(clause.text) or _INJURED.match(clause.text) or _OWES.match(clause.text):
        stems = content_stems(next(filter(None, kept.groups())))
        yield Trait("has", stems, stems)
    owns = _OWNS.match(clause.text)
    if owns:
        kind = "has several" if _SEVERAL.search(owns["v"]) else "has"
        named = _CALLED.split(owns["v"], maxsplit=1)
        thing = _BELONGING.sub("", named[0]).split()
        capitals = [word for word in thing if word[:1].isupper()]
        core = content_stems(" ".join([*thing[-1:], *capitals, stated(named[1]) if len(named) > 1 else ""]))
        yield Trait(kind, content_stems(owns["v"]) - NUMERALS, core)
