"""How many minutes, days or years: a number is read whole, or not at all."""

import re

from semmem.language.words import NUMBERS, TEENS, TENS, either

_ONES = dict(zip(NUMBERS, range(1, 13), strict=True))
_BELOW_TEN = list(_ONES.items())[:9]
_SPOKEN: dict[str, float] = {
    **{"a": 1, "an": 1, "half a": 0.5, "half an": 0.5, "a half": 0.5, "a dozen": 12, "a hundred": 100},
    **_ONES,
    **dict(zip(TEENS, range(13, 20), strict=True)),
    **dict(zip(TENS, range(20, 100, 10), strict=True)),
    **{f"{ten} {one}": 10 * tens + more for tens, ten in enumerate(TENS, start=2) for one, more in _BELOW_TEN},
    **{f"{one} hundred": 100 * more for one, more in _BELOW_TEN},
}

_UNITS = "minute|hour|day|week|month|year"
UNIT = rf"(?P<unit>{_UNITS})s?"
_DIGITS = r"\d{1,3}(?:[.,]\d{1,2})?"
_WORD = (
    rf"(?:(?:{either(TENS)})(?:[ -](?:{either(NUMBERS)}))?|half"
    rf"|(?:half )?(?:an?|{either(NUMBERS, TEENS)})(?: (?:hundred|dozen|half|quarters?|thirds?))?)\b"
)
_HALF = r"(?: and a half\b| 1/2|½)"
# "Two or three", "2-3" and "a quarter of an" are matched to be read as no number, where their last word alone is one.
_MORE_DIGITS = rf"(?:(?: ?[-–/] ?| (?:or|to|and) ){_DIGITS}(?: of an?)?)?"  # noqa: RUF001
_MORE_WORDS = rf"(?: (?:or|to|of|and(?! an? (?:{_UNITS})\b)) {_WORD}){{0,2}}"
COUNT = rf"\b(?<![\d.,/–-])(?P<count>{_DIGITS}{_MORE_DIGITS}{_HALF}?|{_WORD}{_MORE_WORDS})"  # noqa: RUF001
QUANTITY = rf"{COUNT} {UNIT}\b(?P<half> and a half)?"
NO_MORE = rf"(?! or (?:{either(NUMBERS)}|\d)\b|,? and (?:{_WORD}|\d+) (?:{_UNITS})s?\b)"  # "two years and three months"

_ENDS_IN_HALF = re.compile(rf"{_HALF}$")
_IS_MORE = re.compile(rf"\b(?:(?:{_UNITS})s?(?:,|,? and)|(?:{either(NUMBERS)}),) $", re.IGNORECASE)
_LONGEST_UNIT = 14  # characters of "minutes, and "


def amount(match: re.Match[str]) -> float | None:
    """How many units `QUANTITY` names; None of "two or three", and of the tail of "a year and two months"."""
    first = match.start("count")
    if _IS_MORE.search(match.string, max(0, first - _LONGEST_UNIT), first):
        return None
    said = match["count"].lower().replace("-", " ")
    whole = _ENDS_IN_HALF.sub("", said)
    half = 0.5 if match["half"] or whole != said else 0.0
    if re.fullmatch(_DIGITS, whole):
        return float(whole.replace(",", ".")) + half
    return _SPOKEN[whole] + half if whole in _SPOKEN else None
