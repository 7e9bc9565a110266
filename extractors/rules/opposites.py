"""What ends a state that other words tell: a new job ends being unemployed, a birth a pregnancy."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import HABITS, I
from semmem.extractors.rules.traits import NUMERALS, traits_of
from semmem.extractors.rules.value import NO, Over
from semmem.extractors.words import content_stems
from semmem.language.words import MONTHS, either

_CHANGED_SCHOOL = re.compile(
    r"^my (?P<who>[a-z]+) (?:(?:has |have |just )*(?:changed|switched|moved) schools"
    r"|(?:now )?goes to (?:a different|a new|another)"
    r" school)\b",
    re.IGNORECASE,
)
_GAVE_BIRTH = re.compile(
    r"^my (?P<who>[a-z]+) (?:has |have |just )*(?:gave birth|given birth|had (?:the|her|a|my) baby)\b", re.I
)
_NEW_ROLE = re.compile(
    r"^I (?:have |just |now |finally )*(?:got|have) (?:got )?a new (?P<what>doctor|gp|dentist|therapist|boss|manager"
    r"|supervisor|landlord|landlady|phone number|number|job)(?=$| now\b| since\b| at work\b| this\b| last\b"
    r"| as of\b)",
    re.IGNORECASE,
)


def lacking(*things: str) -> tuple[Over, ...]:
    """That somebody has none of these is over."""
    return tuple(Over(f"do {' '.join(sorted(content_stems(each)))}", NO) for each in things)


def _being(*states: str) -> tuple[Over, ...]:
    return tuple(Over("is", content_stems(each)) for each in states)


# What ends a state that other words tell.
_OPPOSITES: tuple[tuple[re.Pattern[str], tuple[Over, ...]], ...] = (
    (
        re.compile(
            rf"{I}(?:have|got) an? (?:\w+ )??(?:son|daughter|child|kid|baby)(?=$| now\b| named\b| called\b|,)"
            rf"|{I}(?:become |became )?an? (?:father|mother|dad|mum|mom|parent)(?=$| now\b)|{I}(?:(?:had"
            rf"|delivered) (?:an?|my|the) bab(?:y|ies)|gave birth|given birth)\b"
            r"|^the bab(?:y|ies) (?:was|were) (?:finally )?born\b(?! (?:in|to|at)\b)|^my (?:new )?(?:bab(?:y"
            r"|ies)(?: \w+)?|son|daughter|twins) (?:was|were|is|has|have|just"
            r"|finally)"
            r"(?: been)? (?:born|arrived|here)(?= *(?:$|[,.!(]| (?:yesterday|today|last|this|on|at|early|finally"
            r"|healthy|and|safely)\b"
            rf"| in (?:{either(MONTHS)})\b(?! \d)| \w+ (?:hours|days|weeks) ago))|^my (?:second|third|fourth"
            r"|new) (?:child|kid|baby) (?:was|is|has|arrived)\b",
            re.IGNORECASE,
        ),
        (
            *(Over(f"so many {each}") for each in ("child", "children", "kid")),
            *_being("pregnant", "expecting"),
            *lacking("kids", "children", "a child", "a baby"),
        ),
    ),
    (
        re.compile(
            rf"{I}(?:found|landed|got|took|accepted|started) (?:an?|my|the)(?: \w+)? (?:job"
            r"|position)\b(?! (?:interview|offer|ad|alert|search|hunt|application|fair|for|on"
            r"|lot|market|advert|description|posting|listing|paper|centre|center)\b)"
            rf"|{I}(?:found|landed|got|accepted|started) (?:an?|my|the)(?: (?:new|first))? job on \w+day\b(?!')"
            rf"|{I}(?:back (?:at|to)|went back to|returned to) work\b(?! (?:on|next|in)\b)|{I}employed again\b",
            re.IGNORECASE,
        ),
        _being(
            *(
                "stay-at-home dad",
                "stay-at-home mum",
                "stay-at-home mom",
                "unemployed",
                "jobless",
                "between jobs",
                "looking for a job",
                "retired",
            ),
        )
        + tuple(
            Over("does", content_stems(f"{kind} leave"), HABITS)
            for kind in ("parental", "maternity", "paternity", "sick", "medical")
        ),
    ),
    (
        re.compile(
            rf"{I}(?:passed my (?:driving|road) test|got my (?:driving |driver's )?licen[cs]e)\b", re.IGNORECASE
        ),
        lacking("driving licence", "driving license", "driver's license", "licence", "license"),
    ),
    (
        re.compile(rf"{I}tested negative(?=$| for covid| yesterday| today| this| last| now)", re.IGNORECASE),
        (Over("has", content_stems("covid")),),
    ),
    (
        re.compile(
            rf"{I}(?:have|got|met|found) (?:an? )(?:new )?(?:boyfriend|girlfriend)(?=$|[,.!]| now\b"
            rf"| called\b| named\b)",
            re.IGNORECASE,
        ),
        (
            *lacking("boyfriend", "girlfriend", "partner"),
            *(Over(f"be {' '.join(sorted(content_stems(each)))}", NO) for each in ("seeing anyone", "dating anyone")),
        ),
    ),
    (re.compile(rf"{I}(?:am )?allergic to\b", re.IGNORECASE), lacking("allergies", "any allergies")),
)


_FOUND = re.compile(
    rf"{I}found (?:my )?(?P<v>(?-i:[A-Z])\w+|(?<=my )[a-z]+)(?=$|[,.!]| (?:again|today|yesterday|last|this)\b)", re.I
)
_NOWADAYS = NUMERALS | content_stems("now again these days day cup glass")
_CAN_NOW = re.compile(
    r"^I can (?:now )?(?P<v>(?:speak|read|write|swim|drive|ride|play|ski|skate|cook|knit)(?: (?!now\b)\w+){1,2})"
    r"(?= now$|$)",
    re.IGNORECASE,
)


def _does_now(clause: Clause) -> Iterator[Over]:
    """Who does a thing now is no more one who does not."""
    if not clause.renewed:
        return
    for trait in traits_of(clause):
        if trait.kind == "does" and trait.core and trait.stems - _NOWADAYS <= trait.core | {trait.verb}:
            yield Over(f"do {' '.join(sorted(trait.core | {trait.verb}))}", NO)
    if can := _CAN_NOW.match(clause.text):
        yield from lacking(can["v"])


def opposites(clause: Clause) -> Iterator[Over]:
    if clause.negated or clause.passing:
        return
    for pattern, over in _OPPOSITES:
        if pattern.match(clause.text):
            yield from over
    yield from _does_now(clause)
    if found := _FOUND.match(clause.text):
        yield Over("missing", content_stems(found["v"]))
    if mother := _GAVE_BIRTH.match(clause.text):
        yield Over(f"my {mother['who'].lower()} expects")
    if school := _CHANGED_SCHOOL.match(clause.text):
        yield from (Over(f"my {school['who'].lower()} {what}") for what in ("school", "goes to name"))
    if (role := _NEW_ROLE.match(clause.text)) and not clause.besides:
        yield Over(
            {"job": "work", "phone number": "phone", "number": "phone"}.get(
                role["what"].lower(), f"my {role['what'].lower()}"
            )
        )
