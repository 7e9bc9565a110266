"""What a clause says is over: "I left Siemens", "I no longer eat meat", "Miso died", "the meeting was moved"."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from semmem.extractors.rules.attributes import values_of
from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.departures import DEPARTURES
from semmem.extractors.rules.exchanged import exchanged
from semmem.extractors.rules.finished import FINISHED
from semmem.extractors.rules.lapsed import lapsed
from semmem.extractors.rules.opposites import opposites
from semmem.extractors.rules.partings import parted
from semmem.extractors.rules.phrases import (
    ADVERB,
    ELSEWHERE,
    HABITS,
    LIKINGS,
    NEUTRAL,
    I,
    Stems,
    activity,
    employer,
)
from semmem.extractors.rules.possessions import LOSSES
from semmem.extractors.rules.value import NO, NOTHING, YES, Over
from semmem.extractors.words import content_stems
from semmem.language.words import DAYS, MEATS, MONTHS, NUMBERS, OCCUPATIONS, either

_GIVEN_UP = re.compile(
    rf"{I}(?P<how>stopped|quit|gave up|given up|cut out|ceased|done with(?! (?:my|the"
    rf"|this) [\w ]{{0,20}}(?:lesson|class|practice)\b)|done(?= \w+ing)|gone off|went off|off"
    r"|left(?= \w+ing(?:$| last| this| in | for good))|kicked(?! (?:the|my|an?) (?!habit))"
    r"|ditched|dropped(?= (?!my\b|the\b|an?\b|out\b|by\b|off\b|in\b|it\b|to\b))) (?:on |the habit of )?(?P<v>.+)",
    re.IGNORECASE,
)
_NO_LONGER = re.compile(
    rf"{I}(?:no longer|(?:quit|stopped|gave up|given up|done|tired of) being) (?P<v>.+)|^I {ADVERB}(?P<aux>do"
    rf"|does|can|am) not (?P<v2>.+?) (?:any ?more|any longer)\b"
    rf"|^I {ADVERB}never (?P<v3>.+?) (?:any ?more|any longer|these days)\b|^I {ADVERB}used to (?P<v4>(?!it\b|the\b"
    rf"|be\b(?! (?:an? )?(?:vegetarian|vegan|pescatarian|smoker)\b)).+)|{I}(?:an? )?(?:non|ex)-(?P<v5>\w+er)\b",
    re.IGNORECASE,
)
_AT_ALL = re.compile(r" at all$", re.IGNORECASE)
_FREE_OF = re.compile(
    rf"{I}(?P<v>(?:smoke|alcohol|sugar|meat|dairy|gluten|caffeine|nicotine|drug|[a-z]+(?=-))[a-z]*)[- ]free\b",
    re.IGNORECASE,
)
_NO_MORE = re.compile(r"^no more (?P<v>[\w ]{2,40}?) for (?:me|us)\b", re.IGNORECASE)
_WAS_A_VALUE = re.compile(
    r"^my (?P<what>[\w' ]{1,40}?) is (?:no longer (?P<v>.+)|not (?P<v2>.+?) any ?more\b)", re.IGNORECASE
)
_UNCALLED = re.compile(
    r"^(?:please )?(?:do not call me|stop calling me|I no longer go by|(?P<nobody>(?:nobody|no one) calls me)) "
    r"(?P<v>(?-i:[A-Z])[\w'-]*)(?(nobody)(?= any ?more|$))",
    re.IGNORECASE,
)
_UNREACHED = re.compile(
    r"^(?:please )?(?:(?:do not|stop) (?P<how>call|phone|e-?mail|text|message)(?:ing)? me) (?:any ?more"
    r"|any longer|again)$",
    re.IGNORECASE,
)
_UNWANTED = re.compile(
    r"^I (?:no longer want (?P<how>call|text|message|e-?mail)s"
    r"|do not want (?:any )?(?P<how2>call|text|message|e-?mail)s any ?more)$",
    re.IGNORECASE,
)
_CHANNELS = {"phone": "phone", "call": "phone", "text": "text", "message": "chat"}
# What nobody has done for long, of what people do again and again.
_NOT_SINCE = re.compile(
    rf"^I {ADVERB}have not {ADVERB}(?P<v>smoked|vaped|gambled|drunk|eaten|touched)\b"
    r"(?P<what>(?: (?!since\b|in\b|for\b)\w+){0,2})"
    rf" (?:since (?:{either(MONTHS)}|last (?:year|month|spring|summer|autumn|winter)|\d{{4}})"
    r"|(?:in|for) (?:\w+ )?(?:months|years|a year|ages))\b",
    re.IGNORECASE,
)
_DEEDS = {"drunk": "drink", "eaten": "eat", "touched": "drink"}
_RETRACTED = re.compile(
    r"^(?:please )?(?:forget|ignore|disregard|scratch|it is not true|it was not true|I lied|I was lying|I was wrong)"
    r"(?: when I said| the fact| about)?(?: that)? (?P<v>(?:I|my) .+)",
    re.IGNORECASE,
)
# "I'm off work" is of a day, and so is "off coffee" where it names one.
_DAY_OFF = re.compile(
    r"^(?:work|school|duty|sick)\b|\b(?:today|tonight|tomorrow|yesterday"
    rf"|this (?:morning|afternoon|evening|week|weekend|month)"
    rf"|(?:on|next|last|until|till) (?:{either(DAYS)}|week|month)s?)\b",
    re.IGNORECASE,
)
_EATS_AGAIN = re.compile(
    rf"{I}(?:(?:started|began|back to|went back to|eat|eats|eating|having) )+"
    r"(?P<v>meat|chicken|beef|pork|fish|seafood|dairy|eggs|cheese)\b",
    re.IGNORECASE,
)
_LIKED = re.compile(r"(?:liking|enjoying|loving|being into) (?P<v>.+)", re.IGNORECASE)
_PLAYED = re.compile(r"(?:play|playing|do|doing|practi[sc]ing|practi[sc]e) (?P<v>[a-z]+)$", re.IGNORECASE)
# Behind it: nothing, or when and by what means. "I stopped smoking salmon" is of no smoker.
_SMOKING = re.compile(
    r"(?:smoking|(?:smoking )?(?:smokes|cigarettes|cigs|tobacco|nicotine))(?=$|[,.;!]| (?:[a-z]+ly|for|in|on|at|by|with"
    r"|without|thanks|through|over|since|last|this|when|back|right|straight|overnight|about|around|almost|indoors"
    rf"|inside|outside|outdoors|near|before|after|while|whenever|an?|some|\d+|{either(NUMBERS)})\b)",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[^\s@]{1,64}@\S+")
_NUMBER = re.compile(r"\+?[\d\s()./-]{6,40}")
_ON = re.compile(r"on (?P<v>(?-i:[A-Z])\w+)$")
_SEEING = re.compile(r"(?:seeing|dating|with|engaged to|married to) (?P<v>(?-i:[A-Z])\w+)$")
_WITH = re.compile(r"(?:with|at|employed (?:by|at)) (?P<v>.+)", re.IGNORECASE)
_NEEDS_OBJECT = content_stems("play drink eat read watch take use wear buy")
_ALCOHOL = content_stems("alcohol beer wine whisky whiskey vodka gin rum liquor cocktail pint")
_WANTING = re.compile(r"^(?:(?:want|like|love|enjoy|need|prefer|care for|a fan of|into)s? )(?:to )?", re.IGNORECASE)
_USING = re.compile(r"^(?:use|have|own|using|having|do|doing) ", re.IGNORECASE)
_MEATS = ("meat", *MEATS)
_SHUNNED = {
    "vegetarian": (*_MEATS, "fish", "seafood"),
    "vegan": (*_MEATS, "fish", "seafood", "dairy", "eggs", "cheese"),
    "pescatarian": _MEATS,
}


def endings_of(clause: Clause) -> Iterator[Over]:
    for reader in _READERS:
        yield from reader(clause)


def _no_longer(clause: Clause) -> Iterator[Over]:
    match = _NO_LONGER.match(clause.text)
    if match and ELSEWHERE.match(clause.text[match.end() :]):  # "I don't drive any more at night"
        return
    if match and not (match["v4"] and clause.besides):
        named = _AT_ALL.sub("", match["v"] or match["v2"] or match["v3"] or match["v4"] or match["v5"])
        held = replace(clause, negated=False, passing=False, besides=False)
        for start in ("I am", "I"):
            for value in values_of(replace(held, text=f"{start} {named}")):
                yield Over(value.attribute, value.value)
        if at := _WITH.match(named):
            where = employer(at["v"], clause) or frozenset({named})
            yield from (Over(kind, where) for kind in ("work", "school"))
        yield from _named_as_over(activity(NEUTRAL.sub("", named)))
    yield from _was_a_value(clause)


def _named_as_over(rest: str) -> Iterator[Over]:
    """What stands behind "no longer", less what says since when and why."""
    if seeing := _SEEING.match(rest):
        yield Over("partner", content_stems(seeing["v"]))
    wanting, using = _WANTING.match(rest), _USING.match(rest)
    if mail := _MAIL.fullmatch(rest.removeprefix("use ").strip()):
        yield Over("any value", frozenset({mail.group().casefold()}))
    elif _NUMBER.fullmatch(rest.removeprefix("use ").strip()):
        yield Over("any value", frozenset({re.sub(r"\D", "", rest)}))
    elif on := _ON.match(rest):
        yield Over("does", content_stems(on["v"]), HABITS)
        yield Over("is", content_stems(on["v"]))
    elif wanting:
        verbs = LIKINGS | HABITS if rest.startswith("need") else LIKINGS  # nobody uses what they need no more
        yield Over("does", content_stems(_WANTING.sub("", rest)), verbs)
    elif using:
        yield Over("does", content_stems(_USING.sub("", rest)), HABITS)
        kinds = ("has", "has several") if rest.endswith("s") else ("has",)
        yield from (Over(kind, content_stems(_USING.sub("", rest))) for kind in kinds)
        if re.search(r"\ban? car$", rest):
            yield Over("my car")
    elif stems := content_stems(rest):
        yield from _deeds(stems)
        yield Over("is", stems)
        if rest.isalpha():
            yield Over("is", content_stems(f"{rest.rstrip('e')}er"))
        if played := _PLAYED.match(rest):
            yield from _pastime(content_stems(played["v"]))
        yield from (Over("does", verb) for verb in _doing(rest))


def _was_a_value(clause: Clause) -> Iterator[Over]:
    if was := _WAS_A_VALUE.match(clause.text):
        said = replace(clause, text=f"my {was['what']} is {was['v'] or was['v2']}", negated=False)
        yield from (Over(value.attribute, value.value) for value in values_of(said))
        named = was["v"] or was["v2"]
        if mail := _MAIL.fullmatch(named):
            yield Over("any value", frozenset({mail.group().casefold()}))
        elif _NUMBER.fullmatch(named):
            yield Over("any value", frozenset({re.sub(r"\D", "", named)}))
        if not clause.passing and not re.match(r"(?:in|at|on) ", named):
            yield Over("state", content_stems(f"{was['what']} {named}"))
        if was["what"] == "thing":
            yield Over(f"liking {' '.join(sorted(content_stems(was['v'] or was['v2'])))}", YES)


def _given_up(clause: Clause) -> Iterator[Over]:
    free = _FREE_OF.match(clause.text)
    if free and (not clause.passing or re.search(r"\b(?:month|year)s?\b", clause.text)):
        yield from _deeds(content_stems(free["v"]), HABITS)
    if clause.passing:
        return
    yield from exchanged(clause)
    match = _GIVEN_UP.match(clause.text)
    if match and not (match["how"].lower() == "off" and _DAY_OFF.search(match["v"])):
        rest = activity(NEUTRAL.sub("", match["v"]))
        doing = any(word.endswith("ing") for word in rest.split()[:2]) or (rest.islower() and rest.isalpha())
        stems = content_stems(_USING.sub("", rest))
        if liked := _LIKED.match(match["v"]):
            yield Over(f"liking {' '.join(sorted(content_stems(NEUTRAL.sub('', liked['v']))))}", YES)
        if match["how"].lower() in ("gone off", "went off"):
            yield Over(f"liking {' '.join(sorted(stems))}", YES)
        if (smoking := _SMOKING.match(rest)) and not ELSEWHERE.match(rest[smoking.end() :]):
            yield from (Over("does", content_stems("smoke")), Over("is", content_stems("smoker")))
        if used := _USING.match(match["v"]):
            thing = content_stems(NEUTRAL.sub("", match["v"][used.end() :]))
            yield from (Over("is", thing | content_stems("user")), Over("any value", thing))
        if played := _PLAYED.match(rest):
            yield from _pastime(content_stems(played["v"]))
        elif match["how"].lower() not in ("stopped", "ceased", "off") and rest.isalpha():
            yield from _pastime(stems)
        if stems and (doing or match["how"].lower() not in ("stopped", "ceased")):
            yield from _deeds(stems, LIKINGS if match["how"].lower() in ("gone off", "went off") else HABITS)
            trade = _trade(rest)
            if trade:
                yield from (Over("job", trade), Over("is", trade))
            yield from (Over("is", agent) for agent in _agents(rest))
    yield from _not_since(clause)
    if no_more := _NO_MORE.match(clause.text):
        yield Over("does", content_stems(no_more["v"]), HABITS)


def _pastime(stems: Stems) -> Iterator[Over]:
    yield from (Over("is", stems), Over("my hobby word", stems), Over("my sport word", stems))


def _not_since(clause: Clause) -> Iterator[Over]:
    match = _NOT_SINCE.match(clause.text)
    if not match:
        return
    verb = match["v"].lower()
    deed = _DEEDS.get(verb, verb.removesuffix("d"))
    if what := content_stems(match["what"]):
        yield Over("does", what, HABITS)
    else:
        yield from _deeds(content_stems(deed))
        yield from (Over("is", agent) for agent in _agents(f"{deed.removesuffix('e')}ing"))


def _deeds(stems: Stems, verbs: Stems = NOTHING) -> Iterator[Over]:
    """A habit that is over; where a verb lacks its object, nothing, but that who stopped drinking drinks no alcohol."""
    if not stems <= _NEEDS_OBJECT:
        yield Over("does", stems, verbs)
    elif "drink" in stems:
        yield from (Over("does", stems | {drink}) for drink in _ALCOHOL)


def _doing(agent: str) -> set[Stems]:
    """What they do who are called so: `a smoker`, smoke."""
    word = agent.removeprefix("a ").removeprefix("an ")
    if not word.isalpha() or not word.endswith("er"):
        return set()
    return {content_stems(word[:-1]), content_stems(word[:-2]), content_stems(word[:-3])} - {NOTHING}


def _agents(doing: str) -> list[Stems]:
    """Who does what a single word says: `smoking`, a smoker."""
    base = doing.lower().removesuffix("ing")
    return [content_stems(f"{base}er"), content_stems(f"{base}r")] if base.isalpha() and base != doing.lower() else []


def _trade(doing: str) -> Stems:
    """What somebody is by trade who does it: `driving a taxi`, taxi driver."""
    verb, _, thing = doing.partition(" ")
    base = verb.lower().removesuffix("ing")
    if base == verb.lower():
        return NOTHING
    agent = next((each for each in (f"{base}er", f"{base}r", f"{base}or") if each in OCCUPATIONS), None)
    return content_stems(f"{thing} {agent}") if agent else NOTHING


def _taken_back(clause: Clause) -> Iterator[Over]:
    match = _RETRACTED.match(clause.text)
    if match and (stems := content_stems(match["v"])):
        yield Over("statement", stems)


def _reached(clause: Clause) -> Iterator[Over]:
    if uncalled := _UNCALLED.match(clause.text):
        yield from (Over(kind, content_stems(uncalled["v"])) for kind in ("called", "nick name", "first name"))
    if unreached := _UNREACHED.match(clause.text) or _UNWANTED.match(clause.text):
        how = next(filter(None, unreached.groups()))
        yield Over("channel", frozenset({_CHANNELS.get(how.lower(), "mail")}))


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
    if clause.negated or clause.passing or clause.besides or not clause.holds:
        return
    if re.search(r"\b(?:meat[- ]eater|omnivore|carnivore)\b", clause.text, re.IGNORECASE):
        yield Over("do eat meat", NO)
    for value in values_of(clause):
        if value.attribute == "diet":
            for food in _SHUNNED.get(next(iter(value.value), ""), ()):
                yield Over("does", content_stems(f"eat {food}"))


def _employed(clause: Clause) -> Iterator[Over]:
    """Who has a job is not without one."""
    if clause.holds and not clause.negated and any(value.attribute in ("work", "job") for value in values_of(clause)):
        yield from (Over("is", content_stems(word)) for word in ("unemployed", "jobless"))


_READERS: tuple[Callable[[Clause], Iterator[Over]], ...] = (
    *(*DEPARTURES, _no_longer, _given_up, *LOSSES, *FINISHED, lapsed, opposites),
    *(_taken_back, parted, _reached, _diet, _employed),
)
