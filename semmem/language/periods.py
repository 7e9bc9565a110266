"""The expressions of time that are known, and the period each names, seen from the moment it was said."""

import re
from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from semmem.language import units
from semmem.language.lookalikes import STREET, is_house_number, is_label, is_sum
from semmem.language.quantities import NO_MORE, QUANTITY, amount
from semmem.language.tenses import Told
from semmem.language.units import Period
from semmem.language.words import DAYS, MONTHS, either

SOON = timedelta(days=60)  # a day so near ahead is this year's, also where no word looks ahead

_MONTH = "|".join(f"{name}|{name[:3]}\\.?" if name != "May" else name for name in MONTHS)
# Months that are names and words too: "to Jan", "from June", "3 may come". In front of a day of the month a verb of
# giving means a person, and behind one a currency means a sum.
_GIVEN = r"(?<!gave )(?<!give )(?<!paid )(?<!pay )(?<!lent )(?<!lend )(?<!owe )(?<!owes )(?<!sent )(?<!send )(?<!told )"
_SUM = r"(?! ?(?:euros?|dollars?|pounds?|bucks|cents|quid|yen|francs|percent|times|books|minutes|hours)\b| ?[€$£%])"
_A_PERSON = (
    r"(?! (?:and (?-i:[A-Z])(?!arch|pril|ay|une|uly|ugust|eptember|ctober|ovember|ecember|anuary"
    r"|ebruary)\w+|has|had|is|was|will|left|came|comes|gets|got|arrive[sd]?|said|says|who|whose)\b"
    r"|['’]s\b)"  # noqa: RUF001
)
_MONTH_OR_WORD = _MONTH.replace("|May|", "|(?-i:May)|").replace("March|Mar", "(?-i:March)|(?-i:Mar)")
_MONTH_NAMES = tuple(name for month in MONTHS for name in dict.fromkeys((month, month[:3])))


def _behind_a_month(*joints: str) -> str:
    return "|".join(f"(?<=\\b{name}{joint})" for name in _MONTH_NAMES for joint in joints)


_AFTER_A_MONTH = _behind_a_month(" to ")
# A month that is a name too stands bare only in a list, behind such a word, or in front of its year.
_BARE = (
    r"(?=[A-Z])(?:(?<=\bof )|(?<=\b[Bb]y )|(?<=\b[Bb]etween )|(?<=\b[Aa]round )|(?<=\b[Bb]efore )|(?<=\b[Aa]fter )"
    rf"|{_behind_a_month(' to ', ' and ', ' or ', ', ')}"
    r"|(?<=\b[Ff]rom )(?=\w+\.? (?:last|this|next) year (?:to|until|till|on|onwards)\b)"
    r"|\b(?=\w+\.? of (?:last|this|next)\b)|\b(?!April|May|June|August|Jan\b))"
)


@dataclass(frozen=True, slots=True)
class Said:
    """The moment of speaking, whether the text speaks of what is to come, and how the verb of the time tells it."""

    at: datetime
    coming: bool
    told: Told = ""

    @property
    def ahead(self) -> bool:
        """Whether a day or a month is the next of its name: of "in two weeks" a plain present does not say so."""
        return self.coming or self.told == "ahead"

    @property
    def midnight(self) -> datetime:
        return self.at.replace(hour=0, minute=0, second=0, microsecond=0)


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(MONTHS, start=1) if month[:3].lower() == name[:3].lower())


def _numeric(match: re.Match[str], said: Said) -> Period | None:
    year, month, day = match.groups()
    if not day and (int(month) > int(year) % 100 or is_label(match.string, match.start())):
        return None  # "2010-12" may be two years, or a room
    start = said.midnight.replace(year=int(year), month=int(month), day=int(day or 1))
    return units.day(start) if day else units.month(start)


def _calendar_day(match: re.Match[str], said: Said) -> Period:
    month, day = _month_number(match["month"]), int(match["day"])
    if match["year"]:
        return units.day(said.midnight.replace(year=int(match["year"]), month=month, day=day))
    if (month, day) == (2, 29) and not isleap(said.at.year):  # it can be the next year's or the last one's only
        return units.day(said.midnight.replace(year=said.at.year + (1 if said.ahead else -1), month=month, day=day))
    start = said.midnight.replace(month=month, day=day)
    soon = timedelta() < start - said.at <= SOON
    return units.day(start if soon else _nearest_year(start, said, start > said.at))


def _calendar_month(match: re.Match[str], said: Said) -> Period:
    start = said.midnight.replace(month=_month_number(match["month"]), day=1)
    if match["year"]:
        return units.month(start.replace(year=int(match["year"])))
    which = (match["which"] or "").lower()
    if which == "this":
        return units.month(start)
    if which and start.month == said.at.month:  # "next March" said in March is a year on, and "last March" a year back
        return units.month(start.replace(year=start.year + (1 if which == "next" else -1)))
    coming = which == "next" or (said.ahead and which != "last")
    return units.month(_nearest_year(start, Said(said.at, coming), start > said.at))


def _nearest_year(start: datetime, said: Said, ahead: bool) -> datetime:
    """The next occurrence where the text looks ahead, else the last one; `ahead` is whether this year's is to come."""
    over = (start.year, start.month) < (said.at.year, said.at.month)
    if said.ahead:
        return start.replace(year=start.year + 1) if over and not ahead else start
    return start.replace(year=start.year - 1) if ahead else start


def _named_year(match: re.Match[str], said: Said) -> Period | None:
    place = match.string, match.start(), match.end()
    if is_house_number(*place) or is_sum(*place):
        return None
    return units.year(said.midnight.replace(year=int(match["year"]), month=1, day=1))


def _near_day(match: re.Match[str], said: Said) -> Period:
    offsets = {"yesterday": -1, "last night": -1, "tomorrow": 1}
    return units.day(said.midnight + timedelta(days=offsets.get(match.group().lower(), 0)))


def _distance(match: re.Match[str], said: Said) -> Period | None:
    count = amount(match)
    from_now = match.group().lower().endswith("now")
    if count is None or not (match["ago"] or from_now or said.coming):
        return None  # "twice in 3 years" counts, it does not date
    return units.away(said.at, -count if match["ago"] else count, match["unit"].lower())


def _neighbour(match: re.Match[str], said: Said) -> Period:
    counts = {"last": -1, "past": -1, "this": 0, "next": 1, "before last": -2, "after next": 2}
    return units.away(said.at, counts[match["which"].lower()], match["unit"].lower())


def _weekend(match: re.Match[str], said: Said) -> Period:
    back = {"this": 0, "last": 1, "past": 1}[match["which"].lower()]
    saturday = said.midnight + timedelta(days=5 - said.at.weekday()) - timedelta(weeks=back)
    return saturday, saturday + timedelta(days=2), "day", f"weekend of {units.day(saturday)[3]}"


def _weekday_number(name: str) -> int:
    return next(number for number, day in enumerate(DAYS) if day.lower() == name.lower())


def _weekday(match: re.Match[str], said: Said) -> Period | None:
    which, wanted = match["which"].lower(), _weekday_number(match["weekday"])
    if which == "this":
        return _this_weekday(wanted, said)
    ahead = (wanted - said.at.weekday()) % 7 or 7
    if which == "next" and wanted > said.at.weekday():
        return None  # this week's or the one after: people differ
    coming = which in ("next", "coming") or (which == "on" and said.ahead)
    back = (said.at.weekday() - wanted) % 7 or 7
    return units.day(said.midnight + timedelta(days=ahead if coming else -back))


def _this_weekday(wanted: int, said: Said) -> Period | None:
    """The next one, or today; told as past that of the present week, if it has been."""
    days = wanted - said.at.weekday()
    if said.told == "past" and days > 0:
        return None
    return units.day(said.midnight + timedelta(days=days if said.told == "past" else days % 7))


def within(match: re.Match[str], stretch: Period) -> Period | None:
    """The day or month of this name in the stretch of time; all of that where it has several of them."""
    start, over, *_ = stretch
    named = match.groupdict()
    if named.get("weekday"):
        only = start + timedelta(days=(_weekday_number(named["weekday"]) - start.weekday()) % 7)
        return stretch if over - start > timedelta(days=7) else units.day(only) if only < over else None
    if not named.get("month"):  # "the 3rd"
        is_month = stretch == units.month(start)
        return units.day(start.replace(day=int(named["day"]))) if is_month else stretch
    number, day = _month_number(named["month"]), int(named.get("day") or 1)
    for year in dict.fromkeys((start.year, over.year)):
        first = start.replace(year=year, month=number, day=day)
        found = units.day(first) if named.get("day") else units.month(first)
        if start <= found[0] and found[1] <= over:
            return found
    return None


def beside(match: re.Match[str], near: Period, sign: int) -> Period | None:
    """The next day, week, month, year or weekday before it or after it, as "the Sunday before 25 October"."""
    start, over, *_ = near
    base, unit = start if sign < 0 else over - timedelta(days=1), match["next"].lower()
    if unit in ("month", "year") and near != units.away(start, 0, unit):
        return None  # "the year after May 2019" need not be one of the calendar
    if unit in ("day", "week", "month", "year"):
        return units.away(base, sign, unit)
    days = sign * (_weekday_number(unit) - base.weekday()) % 7 or 7
    return units.day(base + timedelta(days=sign * days))


def _unnamed(match: re.Match[str], said: Said) -> None:
    """It names a time only together with another."""


Resolver = Callable[[re.Match[str], Said], Period | None]
# What a time is beside others (see parts): whole in itself, a day or month of some week or year, a bare one that
# is none alone, a stretch that such lie in, a day beside today, and what leads from a day to another.
Kind = Literal["whole", "point", "bare", "stretch", "near", "move"]
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_TH = "(?:st|nd|rd|th)?"
_DAY = rf"(?P<day>\d{{1,2}}){_TH}"
_TO_DAY = rf"(?:(?: ?[-–] ?| to )\d{{1,2}}{_TH}\b)?"  # noqa: RUF001  # "3-5 May" begins on the 3rd


class Row(NamedTuple):
    pattern: re.Pattern[str]
    period: Resolver
    relative: bool  # it needs the said-time
    kind: Kind


def _row(pattern: str, period: Resolver, relative: bool, kind: Kind, flags: int = re.IGNORECASE) -> Row:
    return Row(re.compile(pattern, flags), period, relative, kind)


_NAMED_AFTER = rf"(?:week|month|year|night|spring|summer|autumn|fall|winter|Christmas|Easter|{either(DAYS)}|{_MONTH})\b"
_UNITS = "(?:weeks?|months?|years?|days?)"
# They say which time is meant, and not to us; nor is read what year other languages mean, whose months look like ours.
_UNREAD = (
    r"the (?:night|evening|weekend) (?:before|after)"
    rf"|(?:(?:a few|some|several|many|a couple(?: of)?) )?{_UNITS} (?:before|after|ago|later|earlier)"
    r"|(?:that|the (?:same|following|previous|coming|first|second|third|other)) (?:week|month|year)"
    r"|(?:des )?(?:letzten|vorigen|vergangenen|nächsten|kommenden) Jahres|vor \w+ (?:Jahren|Monaten)"
    r"|(?:van )?(?:vorig|verleden|volgend|komend) jaar|förra året|nästa år|i fjol|sidste år|næste år"
)
# Longer expressions stand first: what one row takes, a later one leaves alone.
TABLE = (
    _row(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)(?:-(?P<day>\d\d))?\b(?![-\d])", _numeric, False, "whole"),
    _row(
        rf"\b{_DAY}{_TO_DAY}(?: of)? (?P<month>{_MONTH})(?:,? {_YEAR})\b",
        _calendar_day,
        True,
        "whole",
    ),
    _row(
        rf"\b{_DAY}{_TO_DAY}(?: of)? (?P<month>{_MONTH_OR_WORD})\b(?P<year>)(?-i:(?! {STREET}))",
        _calendar_day,
        True,
        "point",
    ),
    _row(
        rf"\b{_GIVEN}(?P<month>{_MONTH}) {_DAY}{_TO_DAY}(?:,? {_YEAR})?\b(?!:){_SUM}",
        _calendar_day,
        True,
        "point",
    ),
    _row(rf"\b(?P<which>)(?P<month>{_MONTH}),? (?:of )?{_YEAR}\b", _calendar_month, False, "whole", 0),
    _row(
        r"(?:\b(?P<which>[Ll]ast|[Tt]his|[Nn]ext)"
        r"|(?<=\b[Ii]n )(?<!elieve in )(?<!onfide in )(?<!onfided in )(?<!rust in )|(?<=\b[Ss]ince )"
        rf"|(?<=\b[Uu]ntil )|(?<=\b[Tt]ill )|(?<=\b[Ff]rom )(?=(?:{_MONTH})(?: on\b| onwards?\b| ?[-–]"  # noqa: RUF001
        rf"| (?:to|until|till|through) (?:{_MONTH}|\d|now|today|the )))|{_AFTER_A_MONTH}|(?<=\bduring )|(?<=\bearly )"
        rf"|(?<=\blate )|(?<=\bmid ))\s?(?P<month>{_MONTH})(?P<year>)\b(?! {STREET}){_A_PERSON}",
        _calendar_month,
        True,
        "point",
        0,
    ),
    _row(
        rf"(?:(?<=in )|(?<=since )|(?<=until )|(?<=till )|(?<=from )|(?<=to )|(?<=through ))\b{_YEAR}\b(?! \w+s\b)",
        _named_year,
        False,
        "stretch",
    ),
    _row(
        r"\b(?:yesterday|today|tomorrow|tonight|last night|this (?:morning|afternoon|evening))\b",
        _near_day,
        True,
        "near",
    ),
    _row(rf"{QUANTITY} (?:(?P<ago>ago)|from now)\b", _distance, True, "stretch"),
    _row(
        rf"\bthe (?P<unit>week|month|year) (?P<which>before last|after next)\b(?! (?:{_NAMED_AFTER}))",
        _neighbour,
        True,
        "stretch",
    ),
    _row(rf"{QUANTITY} (?:before|after|from|later|earlier)\b", _unnamed, True, "move"),
    _row(rf"\bin {QUANTITY}(?P<ago>)\b(?! of){NO_MORE}", _distance, True, "stretch"),
    _row(
        rf"(?<!every )(?<!each )\b(?P<the>the )?(?P<next>day|week|month|year|{either(DAYS)}) (?:before|after)\b",
        _unnamed,
        True,
        "move",
    ),
    _row(rf"\b(?:{_UNREAD})\b", _unnamed, True, "move"),
    _row(r"\b(?P<which>last|past|this|next) (?P<unit>week|month|year)\b(?! of)", _neighbour, True, "stretch"),
    _row(r"\b(?P<which>last|past|this) weekend\b", _weekend, True, "whole"),
    _row(
        rf"\b(?P<which>last(?! \w+ of\b)|this|next|coming|on) (?P<weekday>{either(DAYS)})(?!s)\b",
        _weekday,
        True,
        "point",
    ),
    _row(rf"\b(?P<weekday>{either(DAYS)})\b", _unnamed, True, "bare"),
    _row(r"\bthe (?P<day>\d{1,2})(?:st|nd|rd|th)\b", _unnamed, True, "bare"),
    _row(rf"{_BARE}(?P<month>{_MONTH})\b", _unnamed, True, "bare", 0),
)
