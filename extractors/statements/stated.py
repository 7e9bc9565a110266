"""What a sentence states before it asks: "I'm vegan, what can I cook?" says of its speaker that they are vegan.

Taken is what opens as a statement of its speaker or theirs. Where the rest only asks whether that is so ("I live in
Berlin, right?"), or how it is worded, nothing is.
"""
# ruff: noqa: RUF001 - typographic apostrophes, and words of other languages

import re

from semmem.extractors.statements.elsewhere import FIRST_PERSON
from semmem.extractors.statements.speech import asks, requests

LONGEST = 600  # characters: a longer sentence is no line of a chat, and each of its joints would be looked at

_JOINT = re.compile(
    r"(?<!\s)\s*(?:[,;；—…]|\.{3}|\s[-–](?=\s))\s*(?:(?:so|and|but|then|ok|okay|also|now|anyway)\b,?\s+)*|(?<!\s)\s+so\s+|,?\s*(?=¿)",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"^(?:(?:hi|hey|hello|so|well|ok|okay|oh|and|but|also|btw|by the way|actually)\b,?\s+)*"
    rf"(?:(?:I|we)(?:['’](?:m|ve|re|ll|d))?\s+\w|(?:my|our)\s+\w+\s+\S+|{FIRST_PERSON})",
    re.IGNORECASE,
)
# "Just sold the car": a chat leaves the "I" out.
_DROPPED = re.compile(
    r"^(?:(?:just|finally|recently|also|so|ok|okay|well|update)[:,]?\s+)*"
    r"(?:\w{3,}ed|got|sold|bought|quit|left|gave|lost|had|began|became|found|went|took|broke|chose|told"
    r"|trying|learning|working|moving|planning|looking|getting|going|living|using|taking|having|feeling|starting|buying"
    r"|selling|training|expecting|(?:didn|haven|can|won)['’]t(?! (?:i|you|we|he|she|it|they|my|the|a|an)\b))\s+\w",
    re.IGNORECASE,
)
# "The landlord has raised our rent".
_NEAR = re.compile(
    r"^(?!(?:if|when|whenever|as|since|because|while|after|before|for|in|on|at|with|without|to|from|by|given|assuming"
    r"|considering|once|until|unless|although|though|whether|about|regarding|what|who|where|how|why|which|is|are|am|was"
    r"|do|does|did|can|could|will|would|should|imagine|say|suppose)\b)(?=.*\b(?:my|our|me|us|I|we)\b)"
    r"(?:[^\s,]+\s+){0,5}?[^\s,]*(?:['’]s\s|\b(?:is|are|was|were|has|have|had|does|did|(?:is|are|has|does|did)n['’]t|died"
    r"|left|said|says|told|went|came|got|took|gave|put|set|let|cut|made|kept|paid|sold|bought|found|lost|sent|brought"
    r"|broke|chose|wants|needs|\w{3,}ed)\b)",
    re.IGNORECASE,
)
# What tells of the talk, or of what was said or is pasted in; and what leaves open which of two things is so.
_TALK = re.compile(
    r"\b(?:wonder(?:ing|ed)?|questions?|curious|ask(?:ing|ed)?|sorry|confused|guess|suppose|unsure|no idea|not sure"
    r"|(?:do not|don['’]t|didn['’]t|can['’]t|never) (?:\w+ )?(?:know|understand|get|remember|recall|see|think)|forgot"
    r"|mean|to know|thinking|think|bet|told you|hope you|appreciate|agree|joking|kidding|just saying|to check|or"
    r"|looking at|(?:have|got) to (?:go|run)"
    r"|frage\w*|weiß nicht|pregunt\w*|no sé|domanda|non so|pergunt\w*|não sei|ne sais|weet niet|vraag|fråga|vet inte"
    r"|вопрос|не знаю)\b"
    r"|\b(?:it|that|so|them|you|see|know|already|help|this|these|below|the following)$",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"^(?:(?:is|are|am|was|were|do|does|did|have|has|had|can|could|wo|will|would|should)(?:n['’]?t)?"
    r" (?:i|we|you|he|she|it|they|that|this)(?: not)?(?: (?:right|correct|true|so|the case|wrong))?"
    r"|right|correct|yes|no|true|ok(?:ay)?|or not|or what|huh|eh)\W*$",
    re.IGNORECASE,
)
# Then the statement is a sample of language, and nobody's.
_OF_WORDING = re.compile(
    r"\b(?:translat\w+|rephras\w+|reword\w*|rewrit\w+|proof-?read\w*|paraphras\w+|spell\w*|grammar\w*|sentence|phrase"
    r"|wording|sounds?|(?:say|put|write|mean) (?:that |this |it )?(?:in|right|natural|correct|polite|better))\b",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"^(?:¿|(?:what|how|why|where|when|who|which|whose)(?:['’]?s|['’]re|['’]d)?\b|any\b"
    r"|(?:\w+ )?(?:ideas|tips|suggestions|thoughts|advice|fixes|recommendations|options|pros and cons|help)\b"
    r"|(?:sensible|reasonable|normal|healthy|safe|fair|overkill|too (?:much|late|early|long))\W*$"
    r"|(?:can|could|would|will|do|does|did|is|are|am|was|were|has|have|should|shall|may|might|must)(?:n['’]t)?\s\w)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"^(?:where|when|who|which|whose)\b", re.IGNORECASE)
# A bare verb after a comma may go on a list of what somebody does: "I run, write and cook".
_ORDER = re.compile(
    r"^(?:please|(?:find|give|tell|send|show|help|remind|get|book|make|write) (?:me|us)"
    r"|suggest|recommend|explain|summari[sz]e)\b",
    re.IGNORECASE,
)
_SO = re.compile(r"\bso\b", re.IGNORECASE)


def stated(sentence: str) -> str:
    """The statement that comes before what is asked for; the whole sentence where it does not fall into these two."""
    if len(sentence) > LONGEST:
        return sentence
    for joint in _JOINT.finditer(sentence):
        said, rest = sentence[: joint.start()], sentence[joint.end() :]
        if _is_statement(said) and _asks_for_more(rest, follows=bool(_SO.search(joint[0]))):
            return said
    return sentence


def _is_statement(said: str) -> bool:
    return not _TALK.search(said) and any(opening.match(said) for opening in (_OWN, _DROPPED, _NEAR))


def _asks_for_more(rest: str, *, follows: bool) -> bool:
    """Than whether the statement is so, or well put; `follows` where a "so" leads on to it."""
    if _TAG.match(rest) or _OF_WORDING.search(rest):
        return False
    unmarked = rest.rstrip("?？ ")
    if unmarked != rest:
        return bool(_OPENS.match(rest)) or asks(unmarked)
    ordered = _ORDER.match(rest) or (follows and requests(rest))
    return bool(ordered) or (asks(rest) and not _RELATIVE.match(rest))
