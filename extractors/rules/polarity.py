"""A statement and its plain negation, and liking and disliking one thing, exclude each other."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.partings import OF_NO_COUPLE
from semmem.extractors.rules.phrases import ADVERB, ELSEWHERE, IRREGULAR_PAST, I, activity
from semmem.extractors.rules.value import NO, YES, Value
from semmem.extractors.words import content_stems

_LIKES = re.compile(
    rf"{I}(?:(?:come|grown|learned|learnt|started|begun|began) to )?(?:(?P<likes>like|likes|love|loves|enjoy|enjoys"
    r"|adore|adores|fond of|into|a (?:big |huge )?fan of)|hate"
    r"|hates|dislike|dislikes|detest|detests|can not (?:stand|bear)|(?:do |does )?not (?:really )?(?:like|enjoy|love)"
    r"|not (?:a (?:big |huge )?fan of|into)) (?P<v>.+)",
    re.IGNORECASE,
)
_WHEN = r"now|any ?more|any longer|after all|again|nowadays|these days|actually|at all|in the end|either(?! way)"
# How well, how much, or after what. Denied, it leaves the rest: who does not swim very well swims.
_HOW = (
    r"too much|a lot|after (?:the|my|an?)|very much"
    r"|(?:all )?(?:that |too |pretty |quite |very |really |so |particularly )?(?:well|fluently|fine)"
)
_FILLERS = re.compile(rf"\s(?:{_WHEN}|{_HOW})\b.*$", re.IGNORECASE)
_DENIED = re.compile(rf"\s(?:{_WHEN})\b(?P<rest>.*)$", re.IGNORECASE)
_HOW_ONLY = re.compile(rf"\s(?:{_HOW}|either way)\b", re.IGNORECASE)
_PRESENT = re.compile(rf"^I {ADVERB}(?P<aux>am|can|do|does)? ?(?P<not>not )?(?P<v>.+)", re.IGNORECASE)
_NOT_PRESENT = re.compile(
    rf"\w+ed\b|(?:(?:have|has)(?! (?:an?|the|my|two|three|\d)\b)|had|was|were|{IRREGULAR_PAST}|never|no|will|going) ",
    re.IGNORECASE,
)
# Not all of it, or not always: "I don't like too spicy food" leaves "I like spicy food".
_PARTLY = re.compile(r"\b(?:too|all|every|always|only|just|most|much|many|enough|everything|anything)\b", re.IGNORECASE)
_THOUGHTS = content_stems("know get see care mean think mind remember understand guess suppose believe hear")
GAINED = re.compile(
    rf"{I}(?:got|bought|adopted|own|have) (?:an?|my first|my own) (?P<v>(?:new |own )?[a-z]+)"
    r"(?=$| (?:now|last|this|yesterday|today|in|again|finally|named|called)\b)",
    re.IGNORECASE,
)
_BEGUN = re.compile(rf"{I}(?:started|began|resumed|went back to) (?P<v>\w+ing\b.*)", re.IGNORECASE)
_LEARNED = re.compile(rf"{I}(?:learned|learnt) (?:how )?to (?P<v>\w+(?: [a-z]+)?)", re.IGNORECASE)
_IS_NOW = re.compile(
    rf"{I}(?P<v>(?:married|engaged|divorced)\b{OF_NO_COUPLE}|(?:vaccinated|insured|registered|retired|employed)\b)",
    re.IGNORECASE,
)


def polarities(clause: Clause) -> Iterator[Value]:
    """Liking and disliking one thing, and a statement and its plain negation, exclude each other."""
    liking = _LIKES.match(clause.text)
    if liking:
        thing = _FILLERS.sub("", " " + liking["v"])
        if not liking["likes"] and (_PARTLY.search(thing) or _denied_in_part(" " + liking["v"])):
            return
        stems = content_stems(thing) | ({"May"} if " May" in thing else set())  # the word "may" carries no meaning
        if stems:
            yield Value(f"liking {' '.join(sorted(stems))}", YES if liking["likes"] else NO)
        return
    yield from _new_to_them(clause)
    yield from _present(clause)


def _new_to_them(clause: Clause) -> Iterator[Value]:
    """What they got, began or learned, as that they have, do or can do it."""
    if gained := GAINED.match(clause.text):
        yield from (Value(f"do {stem}", YES) for stem in content_stems(gained["v"].split()[-1]))
    if begun := _BEGUN.match(clause.text):
        stems = content_stems(_FILLERS.sub("", " " + activity(begun["v"])))
        yield Value(f"do {' '.join(sorted(stems))}", YES)
    if learned := _LEARNED.match(clause.text):
        yield Value(f"can {' '.join(sorted(content_stems(learned['v'])))}", YES)
    if married := _IS_NOW.match(clause.text):
        yield from (Value(f"be {stem}", YES) for stem in content_stems(married["v"]))


def _present(clause: Clause) -> Iterator[Value]:
    present = _PRESENT.match(clause.text)
    if not present or "no longer" in clause.text or clause.besides:
        return
    is_so = (present["aux"] or "").lower() == "am"  # "am married" tells of now, "married" does not
    does = (present["aux"] or "").lower() in ("do", "does")  # "do not have" is no perfect
    if _NOT_PRESENT.match(present["v"]) and not does and not (is_so and present["v"].split()[0].endswith("ed")):
        return
    stems = content_stems(_FILLERS.sub("", " " + present["v"]))
    negated = present["not"] or "not " in present["v"]
    if negated and (_PARTLY.search(_FILLERS.sub("", " " + present["v"])) or _denied_in_part(" " + present["v"])):
        return
    if stems <= _THOUGHTS:  # "I know" and "I don't know" answer what was just said
        return
    stems -= {"ani", "own"}  # "no pets" and "not any pets" are the same
    if stems and not (present["not"] and not present["aux"]):
        verb = {"am": "be", "can": "can"}.get((present["aux"] or "").lower(), "do")
        yield Value(f"{verb} {' '.join(sorted(stems))}", NO if negated else YES)


def _denied_in_part(said: str) -> bool:
    """Only how well, how much, where or at what time it is done is denied, and not that it is done."""
    rest = _DENIED.search(said)
    return bool(_HOW_ONLY.search(_DENIED.sub("", said)) or (rest and ELSEWHERE.match(rest["rest"])))
