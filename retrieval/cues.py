"""What a text gives away about itself, noted once when it is indexed."""

import re
from enum import IntFlag

from semmem.language.words import DAYS, NUMBERS, ORDINALS, PLAIN_MONTHS, TEENS, TENS, TIMES, either
from semmem.retrieval.pieces import is_long


class Cue(IntFlag):
    TIME = 1  # it says when
    NAME = 2  # it names somebody or something
    ASKS = 4  # it asks a question
    COUNT = 8  # it gives a number
    TITLE = 16  # it quotes a title
    OWN = 32  # a fact in a person's own words, which stand in no event


_TIME = re.compile(
    rf"\b(?:yesterday|today|tomorrow|tonight|ago|last|next|recently|since|soon|weeks?|weekends?|months?"
    rf"|years?|{either(DAYS, PLAIN_MONTHS)}|this (?:morning|summer|fall|autumn|winter|spring)|\d{{4}}"
    r"|\d+(?:st|nd|rd|th))\b|\b(?-i:May)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;:'\")] )[A-Z][a-z]")  # a capital that begins no sentence
_ASKS = re.compile("[?？؟]")  # noqa: RUF001
_COUNT = re.compile(
    rf"\d|\b(?:{either(NUMBERS[1:], TEENS, TENS, ORDINALS, TIMES)}|dozen|hundred|thousand)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r'["“«„《『](?=[^\W\d_a-zß-öø-ÿά-ώа-џ])')  # a quotation that begins with a capital, or knows none

_PATTERNS = {Cue.TIME: _TIME, Cue.NAME: _NAME, Cue.ASKS: _ASKS, Cue.COUNT: _COUNT, Cue.TITLE: _TITLE}


def cues(text: str) -> Cue:
    """None of a long text, which holds a bit of everything."""
    if is_long(text):
        return Cue(0)
    held = Cue(0)
    for cue, pattern in _PATTERNS.items():
        if pattern.search(text):
            held |= cue
    return held
