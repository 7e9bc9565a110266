"""Numbers that look like years and days, and are the numbers of houses, sums and measures."""

import re

from semmem.language.words import MONTHS, either, listed

_NEAR = 60  # characters around a number that are looked at

# What a street's name ends with; the second ones are verbs too, and are a street's only with a capital.
_STREETS = listed("street st road rd lane avenue ave boulevard blvd terrace crescent highway alley")
_STREETS_OR_WORDS = listed(
    "Drive Dr Court Ct Place Pl Square Sq Way Close Row Walk Park Circle Parkway Mews Gardens Hill"
)
STREET = rf"(?:(?i:{either(_STREETS)})|{either(_STREETS_OR_WORDS)})\b"
_NO_NAME = "(?i:the|an?|my|our|your|his|her|their|its|this|that|to|in|on|at|from|of|and|or|was|is|i|we)"
_AT_A_STREET = re.compile(rf" (?:(?!{_NO_NAME}\b)[\w.'’-]+ ){{1,3}}{STREET}")  # noqa: RUF001
_CAPITAL = re.compile(rf" (?!I\b|(?:{either(MONTHS)})\b)[A-Z]\w*")

_UNITS = listed(
    """
    euro euros eur dollar dollars usd pound pounds gbp buck bucks cent cents quid yen franc francs chf rupees crowns
    percent points feet foot inches metre metres meter meters m km kilometres kilometers miles kg kilo kilos
    grams lbs calories kcal kj watts kw mb gb words pages steps items rows units hours minutes days times litres
    """
)
UNIT = rf"(?: ?[€$£¥%]|k\b| ?(?:{either(_UNITS)})\b)"
_OF_A_UNIT = re.compile(rf"{UNIT}| ?(?:to|[-–]) ?\d+{UNIT}", re.IGNORECASE)  # noqa: RUF001
_AFTER_A_UNIT = re.compile(rf"\d{UNIT} to $", re.IGNORECASE)
# "Raised it from 1900 to 2000" is no matter of years, whatever was raised.
_CHANGED = re.compile(
    r"\b(?:rais(?:ed?|es|ing)|rose|risen|increas\w+|upped|cut|lower(?:ed|s)?|reduc\w+|dropp?(?:ed|s)?|fell|fallen|grew"
    r"|grown|(?:went|gone|go|goes|bumped) (?:up|down)"
    r"|(?:salary|rent|pay|wage|price|bill|budget|rating|score|fee) (?:went|goes|was changed|changed))\b"
    r"[\w' ]* (?:from|to)(?: \d{4} to)? $",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:[-\w/#.]|\b(?:room|flat|apartment|unit|suite|locker|box|desk|seat|gate|order|invoice|ticket|case|file|issue|part"
    r"|item|model|version|release|build|ref|reference|code|id|number|no\.?|nr\.?|zimmer|rechnung|bestellung|auftrag"
    r"|chambre|facture|commande|habitación|factura|pedido|kamer|camera|fattura)[:#]? )$",
    re.IGNORECASE,
)
_FROM_A_YEAR = re.compile(r"(?i:from|between) \d{4} (?:to|through) $")


def is_house_number(text: str, first: int, last: int) -> bool:
    """Whether the number is of a house: a street follows, or any name where one moves to it or from it."""
    before, behind = _around(text, first, last)
    if re.search(r"\b(?:In|Since|Until|From) $", before):  # "In 2019 Main Street was closed"
        return False
    moves = before.endswith((" to ", " from ")) and not _FROM_A_YEAR.search(before)
    return bool(_AT_A_STREET.match(behind) or (moves and _CAPITAL.match(behind)))


def is_sum(text: str, first: int, last: int) -> bool:
    """Whether the number is one of money, of a measure, or of what is raised and lowered."""
    before, behind = _around(text, first, last)
    return bool(_OF_A_UNIT.match(behind) or _AFTER_A_UNIT.search(before) or _CHANGED.search(before))


def is_label(text: str, first: int) -> bool:
    """Whether a thing is called by the number: a room, an order, a version."""
    return bool(_LABELLED.search(text[max(0, first - _NEAR) : first]))


def _around(text: str, first: int, last: int) -> tuple[str, str]:
    return text[max(0, first - _NEAR) : first], text[last : last + _NEAR]
