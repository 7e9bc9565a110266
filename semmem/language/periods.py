"""The expressions of time that are known, and the period each names, seen from the moment it was said."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta

from semmem.domain.fact import Precision
from semmem.language.lookalikes import STREET, is_house_number, is_sum
from semmem.language.tenses import Told
from semmem.language.words import DAYS, MONTHS, NUMBERS, either

_COUNTS = ("a", *NUMBERS)

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
_AFTER_A_MONTH = "|".join(f"(?<=\\b{name} to )" for month in MONTHS for name in dict.fromkeys((month, month[:3])))
_NUMBER = rf"\d{{1,3}}|an|{either(_COUNTS)}"
_UNIT = r"(?P<unit>minute|hour|day|week|month|year)s?"


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


Period = tuple[datetime, datetime, Precision, str]  # start, end, how exact, as words


def _day(start: datetime) -> Period:
    return start, start + timedelta(days=1), "day", f"{start.day} {MONTHS[start.month - 1]} {start.year}"


def _week(day: datetime) -> Period:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7), "month", f"week of {_day(monday)[3]}"


def _month(start: datetime) -> Period:
    start = start.replace(day=1)
    return start, _shifted(start, 1), "month", f"{MONTHS[start.month - 1]} {start.year}"


def _year(start: datetime) -> Period:
    start = start.replace(month=1, day=1)
    return start, start.replace(year=start.year + 1), "year", str(start.year)


def label(start: datetime, precision: Precision) -> str:
    """The time in words, as exactly as it is known."""
    if precision == "instant":
        return f"{_day(start)[3]} {start:%H:%M}"
    if precision == "month" and start.day > 1:  # which is how a week is known
        return f"week of {_day(start)[3]}"
    return {"day": _day, "month": _month, "year": _year}[precision](start)[3]


def _shifted(day: datetime, months: int) -> datetime:
    """The first of the month that many months on."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year < MAXYEAR:
        raise ValueError("outside the calendar")
    return day.replace(year=year, month=month + 1, day=1)


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(MONTHS, start=1) if month[:3].lower() == name[:3].lower())


def _numeric(match: re.Match[str], said: Said) -> Period:
    year, month, day = match.groups()
    start = said.midnight.replace(year=int(year), month=int(month), day=int(day or 1))
    return _day(start) if day else _month(start)


def _calendar_day(match: re.Match[str], said: Said) -> Period:
    month, day = _month_number(match["month"]), int(match["day"])
    if match["year"]:
        return _day(said.midnight.replace(year=int(match["year"]), month=month, day=day))
    start = said.midnight.replace(month=month, day=day)
    soon = timedelta() < start - said.at <= SOON
    return _day(start if soon else _nearest_year(start, said, start > said.at))


def _calendar_month(match: re.Match[str], said: Said) -> Period:
    start = said.midnight.replace(month=_month_number(match["month"]), day=1)
    if match["year"]:
        return _month(start.replace(year=int(match["year"])))
    which = (match["which"] or "").lower()
    if which == "this":
        return _month(start)
    if which and start.month == said.at.month:  # "next March" said in March is a year on, and "last March" a year back
        return _month(start.replace(year=start.year + (1 if which == "next" else -1)))
    coming = which == "next" or (said.ahead and which != "last")
    return _month(_nearest_year(start, Said(said.at, coming), start > said.at))


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
    return _year(said.midnight.replace(year=int(match["year"]), month=1, day=1))


def _near_day(match: re.Match[str], said: Said) -> Period:
    word = " ".join(match.group().lower().split())
    offsets = {
        "the day before yesterday": -2,
        "yesterday": -1,
        "last night": -1,
        "tomorrow": 1,
        "the day after tomorrow": 2,
    }
    return _day(said.midnight + timedelta(days=offsets.get(word, 0)))


def _distance(match: re.Match[str], said: Said) -> Period | None:
    if not (match["ago"] or said.coming):
        return None  # "twice in 3 years" counts, it does not date
    word = match["count"].lower()
    if word.isdigit():
        count = int(word)
    elif word in ("a", "an"):
        count = 1
    else:
        count = _COUNTS.index(word)
    signed = -count if match["ago"] else count
    return _moved(said, signed, match["unit"].lower())


def _moved(said: Said, count: int, unit: str) -> Period:
    if unit in ("minute", "hour"):
        start = said.at + count * (timedelta(hours=1) if unit == "hour" else timedelta(minutes=1))
        return start, start, "instant", label(start, "instant")
    if unit == "day":
        return _day(said.midnight + timedelta(days=count))
    if unit == "week":
        return _week(said.midnight + timedelta(weeks=count))
    if unit == "month":
        return _month(_shifted(said.midnight, count))
    return _year(said.midnight.replace(year=said.at.year + count, month=1, day=1))


def _neighbour(match: re.Match[str], said: Said) -> Period:
    return _moved(said, {"last": -1, "past": -1, "this": 0, "next": 1}[match["which"].lower()], match["unit"].lower())


def _weekend(match: re.Match[str], said: Said) -> Period:
    back = {"this": 0, "last": 1, "past": 1}[match["which"].lower()]
    saturday = said.midnight + timedelta(days=5 - said.at.weekday()) - timedelta(weeks=back)
    return saturday, saturday + timedelta(days=2), "day", f"weekend of {_day(saturday)[3]}"


def _weekday(match: re.Match[str], said: Said) -> Period | None:
    which, wanted = match["which"].lower(), [day[:3].lower() for day in DAYS].index(match["day"][:3].lower())
    if which == "this":
        return _this_weekday(wanted, said)
    ahead = (wanted - said.at.weekday()) % 7 or 7
    if which == "next" and wanted > said.at.weekday():
        return None  # this week's or the one after: people differ
    coming = which in ("next", "coming") or (which == "on" and said.ahead)
    back = (said.at.weekday() - wanted) % 7 or 7
    return _day(said.midnight + timedelta(days=ahead if coming else -back))


def _this_weekday(wanted: int, said: Said) -> Period | None:
    """The next one, or today; told as past that of the present week, if it has been."""
    days = wanted - said.at.weekday()
    if said.told == "past" and days > 0:
        return None
    return _day(said.midnight + timedelta(days=days if said.told == "past" else days % 7))


Resolver = Callable[[re.Match[str], Said], Period | None]
_YEAR = r"(?P<year>(?:19|20)\d\d)"


def _row(
    pattern: str, period: Resolver, relative: bool, flags: int = re.IGNORECASE
) -> tuple[re.Pattern[str], Resolver, bool]:
    return re.compile(pattern, flags), period, relative


# Longer expressions stand first: what one row takes, a later one leaves alone. The flag: it needs the said-time.
TABLE = (
    _row(r"\b((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?\b(?![-\d])", _numeric, False),
    _row(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})(?:,? {_YEAR})\b", _calendar_day, True),
    _row(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH_OR_WORD})\b(?P<year>)(?-i:(?! {STREET}))",
        _calendar_day,
        True,
    ),
    _row(
        rf"\b{_GIVEN}(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? {_YEAR})?\b(?!:){_SUM}",
        _calendar_day,
        True,
    ),
    _row(rf"\b(?P<which>)(?P<month>{_MONTH}),? (?:of )?{_YEAR}\b", _calendar_month, False, 0),
    _row(
        r"(?:\b(?P<which>[Ll]ast|[Tt]his|[Nn]ext)"
        r"|(?<=\b[Ii]n )(?<!elieve in )(?<!onfide in )(?<!onfided in )(?<!rust in )|(?<=\b[Ss]ince )"
        rf"|(?<=\b[Uu]ntil )|(?<=\b[Tt]ill )|(?<=\b[Ff]rom )(?=(?:{_MONTH})(?: on\b| onwards?\b| ?[-–]"  # noqa: RUF001
        rf"| (?:to|until|till|through) (?:{_MONTH}|\d|now|today|the )))|{_AFTER_A_MONTH}|(?<=\bduring )|(?<=\bearly )"
        rf"|(?<=\blate )|(?<=\bmid ))\s?(?P<month>{_MONTH})(?P<year>)\b(?! {STREET}){_A_PERSON}",
        _calendar_month,
        True,
        0,
    ),
    _row(
        rf"(?:(?<=in )|(?<=since )|(?<=until )|(?<=till )|(?<=from )|(?<=to )|(?<=through ))\b{_YEAR}\b(?! \w+s\b)",
        _named_year,
        False,
    ),
    _row(r"\bthe day (?:before yesterday|after tomorrow)\b", _near_day, True),
    _row(r"\b(?:yesterday|today|tomorrow|tonight|last night|this (?:morning|afternoon|evening))\b", _near_day, True),
    _row(rf"\b(?P<count>{_NUMBER}) {_UNIT} (?P<ago>ago)\b", _distance, True),
    _row(rf"\bin (?P<count>{_NUMBER}) {_UNIT}\b(?P<ago>)(?! of)", _distance, True),
    _row(r"\b(?P<which>last|past|this|next) (?P<unit>week|month|year)\b(?! of)", _neighbour, True),
    _row(r"\b(?P<which>last|past|this) weekend\b", _weekend, True),
    _row(rf"\b(?P<which>last|this|next|coming|on) (?P<day>{either(DAYS)})(?!s)\b", _weekday, True),
)
