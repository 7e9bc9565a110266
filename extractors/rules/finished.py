"""What a clause says is done with, by the name of the thing or the plan: `the course is over`."""

import re
from collections.abc import Callable, Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.opposites import lacking
from semmem.extractors.rules.phrases import (
    ADVERB,
    HABITS,
    LEFT_FOR_NOW,
    LIKINGS,
    NEUTRAL,
    WHEN_OVER,
    I,
    activity,
    stated,
)
from semmem.extractors.rules.value import Over
from semmem.extractors.words import content_stems
from semmem.language.words import DAYS, MONTHS, RELATIVES, either, listed

_SCHOOLS = ("uni", "university", "college", "high school", "law school", "med school")
_ILLNESSES = frozenset(
    listed("cold flu covid fever cough insomnia migraine migraines depression anxiety infection rash pain")
)
_GROUPS = (
    r"choir|band|team|club|orchestra|committee|board|league|crew|squad|society|union|army|navy|scouts|course"
    r"|programme?|group"
)
# What goes on for weeks and comes to an end, unlike a cup of coffee or a lesson.
_LASTING = (
    r"(?:[\w'-]+ ){0,3}?(?:course|degree|phd|doctorate|masters?|bachelors?|apprenticeship|internship|traineeship"
    r"|placement|treatment"
    r"|therapy|antibiotics?|chemo\w*|physio\w*|medication|medicine|pills|tablets|steroids|diet|cleanse|challenge"
    r"|programme?|studies"
    r"|thesis|dissertation|bootcamp|training|probation|rehab|radiation|jabs|injections)"
)
_BODY = (
    r"(?:ankle|knee|leg|arm|foot|hand|wrist|back|neck|shoulder|hip|toe|finger|ear|eye|tooth|throat|stomach"
    r"|elbow|rib)s?"
)
_TAKEN_OUT = (
    r"braces|cast|stitches|bandages?|splint|plaster|retainer|tonsils|appendix|gallbladder|wisdom teeth|beard"
    r"|moustache"
)
_DONE_WITH = re.compile(
    rf"{I}(?:(?:got )?rid of (?P<named>(?-i:[A-Z])[\w' -]{{1,40}}?)"
    rf"|(?:finished|completed|defended|done with|through with) (?:my|the|all my|those|these) (?P<ran>{_LASTING})"
    r"|(?:gave up|given up|quit|rid of|gave back|given back|handed back|returned|scrapped|ditched|abandoned"
    r"|stopped (?:taking|doing|using)|recovered from|got over|over|outgrew|outgrown) (?:my|the|all my|both my|those"
    r"|these) (?P<v>[\w' -]{2,40}?)|(?:gave|given|handed|sent) (?:my|the) (?P<v2>[\w' -]{2,30}?) back"
    rf"|(?:off|came off|come off|weaned off|tapered off) (?:my|the) (?P<off>[\w' -]{{2,30}}?)|(?:got|had|shaved"
    rf"|cut) my (?P<v3>{_TAKEN_OUT}) (?:off|out|removed)"
    rf"|shaved (?:off )?my (?P<v5>{_TAKEN_OUT})"
    r"|finished (?:reading |watching |playing )?(?P<work>(?-i:[A-Z])[\w' -]{2,40}?)"
    rf"(?! (?:and|in|on|at|with|of|after|for) (?:the )?(?!(?:{either(DAYS, MONTHS)})\b)(?-i:[A-Z]))"  # a longer title
    rf"|(?:left|dropped out of) (?:(?:my|the) )?(?P<v4>uni|university|college|high school|law school|med school"
    rf"|(?:[\w'-]+ )?(?:school|classes)|(?:[\w'-]+ ){{0,2}}?(?:{_GROUPS}))){WHEN_OVER}",
    re.IGNORECASE,
)
_WELL_AGAIN = re.compile(
    rf"^my (?:(?:left|right|bad|broken|sprained|sore) )?(?P<v>{_BODY}) (?:is|are|feels?) (?:all |completely "
    r"|totally |much )?"
    r"(?:fine|ok|okay|normal|good|healthy|as good as new|better)(?: again| now)(?=$|[,.!])",
    re.IGNORECASE,
)
_IS_OVER = re.compile(
    r"^(?:my |the )?(?P<v>(?!(?:my|the|it|that|this|he|she|they|there|what|everything|nothing|all|I|life|time|work"
    r"|school"
    r"|today|one|you|who|which|everyone|nobody"
    rf"|{either(RELATIVES)}"
    r"|boss|friend|party|meeting|call|game|match|film|movie|day|week|weekend|year|summer"
    r"|winter|holiday|holidays)\b)[\w'-]+(?: [\w'-]+){0,2}?) "
    r"(?:(?:has|have|is|are|just|now|finally|all|completely|totally|been) )+"
    r"(?P<how>gone|over|healed|cured|cleared up|finished|in remission|behind me|sold|scrapped|written off|totall?ed"
    r"|given away)"
    r"(?= *(?:$|[,.;!(]| now\b| for good\b| at last\b| finally\b))",
    re.IGNORECASE,
)
_DROPPED = re.compile(  # what was planned
    rf"{I}(?:decided against|changed my mind (?:about|on)|given up on|gave up on|dropped|scrapped|abandoned|shelved"
    r"|called off|cancelled"
    r"|canceled) (?:(?:my|the|an?|our|going to) )?(?:idea of |plans? (?:to|for) |trip to |holiday in )?(?P<v>[^,;]+)"
    rf"|{I}(?:now )?(?:going|flying|travell?ing|driving"
    rf"|sailing) to [^,;]{{2,30}}? instead of (?:to )?(?P<v7>(?-i:[A-Z])[^,;]+)"
    r"|^I (?:will|am going to|plan to|am) (?P<v8>(?!not\b)[^,;]{2,40}?) (?:in|on|at|to|with) [^,;]{2,40} instead$"
    rf"|{I}(?:decided not to|not going to|no longer (?:want|plan|planning|intend|going|looking|hoping)(?: to)?) "
    rf"(?P<v2>[^,;]+?)(?: any ?more| any longer| after all)?(?=$|[,;])|^I {ADVERB}(?:do|am) not (?:want|plan"
    r"|planning|intend|going|looking)(?: to)? (?P<v3>[^,;]+?) "
    rf"(?:any ?more|any longer|after all)|^I {ADVERB}am not (?P<v4>\w+ing [^,;]+?) (?:any ?more|any longer|after all)"
    r"|^(?P<v6>(?-i:[A-Z])\w+) (?:has |have |just )*(?:cancelled|canceled|bailed|pulled out|can not make it"
    r"|is not coming)(?: on me)?(?=$|[,.;!(])"
    r"|^(?:my |the )?(?P<v5>[\w' -]{2,40}?) (?:fell through|(?:is|was|got|has been|have been) (?:off|called off"
    r"|cancelled|canceled))"
    r"(?= *(?:$|[,.;!(]))",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    rf"{I}(?:can |allowed to |able to |back to |started |went back to )*(?:(?:eat|eating|drink|drinking|have|having"
    r"|take|taking|use|using) )"
    r"(?P<v>[a-z]+) again\b",
    re.IGNORECASE,
)
_ALCOHOL = frozenset(listed("alcohol beer wine whisky whiskey vodka gin rum cocktails"))
_NOT_THESE_DAYS = re.compile(
    rf"^I {ADVERB}(?:do|can) not (?P<verb>[a-z]+)(?P<v>(?: [\w'-]+){{0,3}}?) (?:now|these days|nowadays)"
    r"(?= *(?:$|[,.;!]))",
    re.IGNORECASE,
)
_NO_MORE = re.compile(
    r"^(?:please )?no (?:more )?(?P<v>[\w ]{2,40}?)(?: please| any ?more| any longer| from now on)*$", re.IGNORECASE
)
_BROKE_UP = re.compile(
    r"^(?:my|the) (?P<v>(?:[a-z]+ )?(?:band|club|team|choir|gym|studio|company|startup|orchestra|group)) (?:has "
    r"|have |just )*(?:broke(?:n)? up"
    r"|split up|disbanded|folded|dissolved|shut down|closed down|went under|closed for good)(?=$|[,.!]| last\b| in\b"
    r"| this\b)",
    re.IGNORECASE,
)
_CONTACT = r"\+?\(?\d[\d\s()./-]{4,40}\d|[^\s@]{1,64}@\S+"
_UNREACHABLE = re.compile(
    rf"^(?:my (?:old )?(?:\w+ )?(?:number|e-?mail|address) )?(?P<v>{_CONTACT}) (?:is|has been|got) (?:now )?(?:dead"
    r"|gone|disconnected|deactivated|out of service|closed|shut down|cancelled|switched off|cut off|(?:not"
    r"|no longer) (?:valid|active|in use|working))\b"
    rf"|^(?:my (?:old )?(?:\w+ )?(?:number|e-?mail|address) )?(?P<v3>{_CONTACT}) (?:does not work|no longer works"
    r"|stopped working|bounces)\b"
    rf"|^(?:please )?(?:do not|never) (?:use|call|e-?mail|text|write to) (?P<v2>{_CONTACT}) (?:any ?more|any longer"
    r"|again)\b",
    re.IGNORECASE,
)
_IS_WRONG = re.compile(
    rf"^(?P<v>{_CONTACT}|(?-i:[A-Z\d])[\w@.+-]*(?: (?-i:[A-Z\d])[\w.-]*){{0,3}}) (?:is|was) (?:wrong|a typo|a mistake"
    r"|incorrect)$",
    re.IGNORECASE,
)

_TAKES = content_stems("take drink eat smoke use")
_LEARNS = content_stems("take study attend learn follow write") | {"do"}
_RAN = ("finished", "over")


def _thing(clause: Clause) -> Iterator[Over]:
    if clause.passing or clause.negated:
        return
    if done := _DONE_WITH.match(clause.text):
        kind, named = next((kind, named) for kind, named in done.groupdict().items() if named)
        stems = content_stems(named if kind == "work" else NEUTRAL.sub("", stated(named)))
        if not stems or (kind in ("v4", "ran") and LEFT_FOR_NOW.search(clause.text)):
            return
        if kind == "work":  # "I am reading Dune"; whoever reads it every year goes on
            yield from (Over(f"be {' '.join(sorted(stems | {verb}))}") for verb in ("read", "watch", "play"))
            return
        yield Over("does", stems, {"ran": _LEARNS, "off": _TAKES}.get(kind, HABITS))
        if kind != "off":
            yield Over("is", stems)
        if kind not in ("off", "ran"):
            yield Over("has", stems)
        if kind == "v4" and named.lower() in _SCHOOLS:
            yield from (Over("school"), Over("studies"))
    if well := _WELL_AGAIN.match(clause.text):
        yield Over("has", content_stems(well["v"]))
    if group := _BROKE_UP.match(clause.text):
        stems = content_stems(group["v"])
        yield from (
            Over("has", stems),
            Over("is", stems),
            Over("does", stems, HABITS | content_stems("sing belong work")),
        )
    if gone := _IS_OVER.match(clause.text):
        stems = content_stems(gone["v"])
        lasts = re.fullmatch(_LASTING, gone["v"], re.IGNORECASE)
        if gone["how"].lower() in _RAN and not (lasts or gone["v"].lower() in _ILLNESSES):
            return
        yield from (Over("has", stems), Over("is", stems), Over("does", stems, HABITS))


_JOURNEY = re.compile(
    r"^(?:(?:trip|flight|holiday|vacation|visit|journey) (?:to|in) )|(?: (?:trip|flight|holiday|vacation|visit"
    r"|journey))$",
    re.I,
)


def dropped(clause: Clause) -> Iterator[Over]:
    """The plan that somebody gave up."""
    if match := _DROPPED.match(clause.text):
        named = NEUTRAL.sub("", next(group for group in match.groups() if group))
        for plan in {named, _JOURNEY.sub("", named)}:
            if stems := content_stems(activity(plan)):
                yield Over("plan", stems)


_BARE = content_stems(
    "play drink eat read watch take use wear buy go sleep think work stop breathe focus see talk feel live"
)


def _habit(clause: Clause) -> Iterator[Over]:
    again = None if clause.negated or clause.passing else _AGAIN.match(clause.text)
    if again:
        food = again["v"].lower()
        yield Over("is", content_stems(food))  # off it
        yield from lacking(f"eat {food}", f"drink {food}", *(["drink alcohol"] if food in _ALCOHOL else []))
    if over := _NOT_THESE_DAYS.match(clause.text):
        thing = content_stems(over["v"])
        verb = content_stems(over["verb"])
        if over["verb"] in ("need", "use", "have", "wear") and thing:
            yield from (Over("does", thing, HABITS), Over("has", thing))
        elif verb and (thing or verb.isdisjoint(_BARE)):
            yield Over("does", verb | thing)
    no_more = _NO_MORE.match(clause.text)
    if no_more and (clause.renewed or no_more["v"].endswith("ing")):
        stems = content_stems(no_more["v"])
        yield Over(f"liking {' '.join(sorted(stems))}")
        yield Over("does", stems, HABITS | LIKINGS)


def _exam(clause: Clause) -> Iterator[Over]:
    """What was learned or trained for took place; what was skipped is done now."""
    if (took := _TOOK_PLACE.match(clause.text)) and (stems := content_stems(stated(took["v"]))):
        for verb in ("study", "prepare", "revise", "train", "cram", "practise"):
            yield Over("does", stems | content_stems(verb))
    skipped = _DOES_NOW.match(clause.text)
    if skipped and clause.renewed and not (clause.negated or clause.passing):
        for verb in ("skip", "avoid"):
            stems = content_stems(f"{verb} {skipped['v']}")
            yield from (Over("does", stems), Over(f"do {' '.join(sorted(stems))}"))


_TOOK_PLACE = re.compile(
    rf"{I}(?:passed|ran|finished|completed|sat|rode|won) (?:my|the|an?) (?P<v>[\w' -]{{2,40}})(?<!ing)", re.IGNORECASE
)
_DOES_NOW = re.compile(
    rf"^I {ADVERB}(?:eat|drink|do|take|use) (?P<v>[a-z]+)(?= now\b| again\b| these days\b|$)", re.IGNORECASE
)


# What somebody has to do but once; "read" and "visited" may be done again.
_ERRANDS = dict(
    pair.split(":")
    for pair in listed(
        """
        bought:buy paid:pay sent:send sold:sell wrote:write got:get made:make renewed:renew ordered:order fixed:fix
        returned:return repaired:repair booked:book filed:file submitted:submit signed:sign cancelled:cancel
        canceled:cancel replaced:replace
        """
    )
)
_RAN_AN_ERRAND = re.compile(
    rf"^I {ADVERB}(?:have )?{ADVERB}(?P<done>{either(tuple(_ERRANDS))}) (?:my|the|an?) (?P<v>[\w' -]{{2,60}}?)"
    r"(?: (?:at last|finally|already|now|today|yesterday|this \w+|last \w+|on \w+day|(?:\w+ ){1,2}ago))*(?=$|[.;!])",
    re.IGNORECASE,
)


def _errand(clause: Clause) -> Iterator[Over]:
    """What had to be done was done."""
    ran = None if clause.negated or clause.past or clause.passing else _RAN_AN_ERRAND.match(clause.text)
    if ran and (thing := content_stems(ran["v"])):
        said = thing | content_stems(_ERRANDS[ran["done"].lower()])
        yield from (Over(kind, said) for kind in ("duty", "plan"))


def _contact(clause: Clause) -> Iterator[Over]:
    if match := _UNREACHABLE.match(clause.text):
        named = match["v"] or match["v2"] or match["v3"]
        value = named.casefold() if "@" in named else re.sub(r"\D", "", named)
        yield Over("any value", frozenset({value}))
    if match := _IS_WRONG.match(clause.text):
        named = match["v"].strip(".")
        yield Over("any value", content_stems(named))
        if "@" in named or named[0].isdigit():
            yield Over("any value", frozenset({named.casefold() if "@" in named else re.sub(r"\D", "", named)}))


FINISHED: tuple[Callable[[Clause], Iterator[Over]], ...] = (_thing, dropped, _habit, _exam, _errand, _contact)
