"""Times of two parts: "on Friday next week", "last year in May", "two days after 3 May" name one time, or none."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from semmem.language.periods import Kind, Said, beside, within
from semmem.language.quantities import amount
from semmem.language.units import Period, kept, moved, year


@dataclass(frozen=True, slots=True)
class Part:
    """A time as one row of the table found it, or several that were joined; `match` is then the innermost one's."""

    first: int
    last: int
    kind: Kind
    match: re.Match[str]
    said: Said
    relative: bool
    yearless: bool
    period: Period | None
    stretch: Period | None = None  # that it lies in, where the text says so

    def group(self, name: str) -> str:
        return (self.match.groupdict().get(name) or "").lower()


_POINTS = ("point", "bare")
_OF = re.compile(r"(?: (?:morning|afternoon|evening|night))?,?(?: of| in)? ", re.IGNORECASE)
_IN = re.compile(r",?(?: (?:in|on|from|since|early in|late in|early|late|mid|around|by))? ", re.IGNORECASE)
_UNTIL = re.compile(r",? (?:until|till)(?: the)? ", re.IGNORECASE)
_SUBJECT = re.compile(r" (?:I|we|you|he|she|they|it|there|this|that|my|our|his|her|their|the)\b", re.IGNORECASE)
_OPENS = re.compile(r"(?:^|[.!?\n]\s*)(?:(?:and|but|so|then),? )?(?:in )?$", re.IGNORECASE)
_ENDS = re.compile(r"\s*(?:[.,;:!?)\n]|$)")
_LISTED = re.compile(r", |,? (?:and|or|to|until|till|through) (?:in |on )?| ?[-–] ?", re.IGNORECASE)  # noqa: RUF001
_OTHER_CLAUSE = re.compile(
    r"[.,;:!?\n()]|\b(?:and|but|so|or|because|while|although|though|since|before|after|when|until|that)\b",
    re.IGNORECASE,
)
_FAR = 100  # characters


def joined(text: str, parts: list[Part]) -> list[Part]:
    """The parts in order, where those that name one time are one."""
    for join in (_glossed, _in_stretch, _moved):
        parts = _in_pairs(text, parts, join)
    return _in_lists(text, _governed(text, parts))


def _in_pairs(text: str, parts: list[Part], join: Callable[[str, Part, Part], Part | None]) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        one = join(text, found[-1], part) if found else None
        if one:
            found[-1] = one
        else:
            found.append(part)
    return found


def _moved(text: str, way: Part, day: Part) -> Part | None:
    """As "a week from tomorrow", "two days after 3 May", "a week ago today"; "a few days after 3 May" is no time."""
    between, how = text[way.last : day.first], way.match.group().lower().rpartition(" ")[2]
    if way.kind == "stretch" and how == "ago":
        is_day = day.kind == "near" or day.group("which") == "last"
        return _away(way, day, -1) if is_day and between == " " else None
    if how not in ("before", "after", "from") or between not in (" ", " the ") or day.kind == "move":
        return None
    if text[max(0, way.first - 4) : way.first].lower() == "for " or (how == "from" and day.group("month")):
        return None  # it lasts so long
    if day.group("which") == "on" or (way.group("next") and not way.group("the") and day.kind != "near"):
        return None  # "he came two days after on Monday", "one day after 3 May"
    return _away(way, day, -1 if how == "before" else 1)


def _away(way: Part, day: Part, sign: int) -> Part:
    def far() -> Period | None:
        if not day.period:
            return None
        if way.group("next"):
            return beside(way.match, day.period, sign)
        count = amount(way.match) if way.group("count") else None
        return moved(day.period, count * sign, way.group("unit")) if count else None

    return replace(day, first=way.first, kind="whole", relative=True, yearless=False, period=kept(far))


def _glossed(text: str, weekday: Part, day: Part) -> Part | None:
    """In "on Friday, 8 May" the date says which day it is."""
    is_date = weekday.group("weekday") and day.group("day")
    is_behind = text[weekday.last : day.first] in (" ", ", ", " the ", ", the ")
    return replace(day, first=weekday.first) if is_date and is_behind else None


def _in_stretch(text: str, one: Part, other: Part) -> Part | None:
    """As "in May last year" or "last week on Monday"; behind a comma only where no other clause begins."""
    between = text[one.last : other.first]
    if one.kind in _POINTS and _OF.fullmatch(between):
        point, stretch = one, other
    elif other.kind in _POINTS and _IN.fullmatch(between):
        point, stretch = other, one
    else:
        return None
    if "," in between and (point.kind == "bare" or _begins_anew(text, one, other)):
        return None
    is_stretch = stretch.kind == "stretch" and _is_time(stretch, point)
    if not is_stretch and not (point is one and _is_vague(text, stretch)):
        return None
    lying = _lying_in(point, stretch.period, stretch.relative)
    if point.kind == "bare" and stretch.period and not lying.period:  # "I saw Mar last week"
        return None
    return replace(lying, first=one.first, last=other.last, kind="whole")


def _begins_anew(text: str, one: Part, other: Part) -> bool:
    opens = one.kind == "stretch" and _OPENS.search(text, max(0, one.first - 10), one.first)
    return not opens and bool(_SUBJECT.match(text, other.last))


def _is_time(stretch: Part, point: Part) -> bool:
    """Unless it is a while that something took: "I read it in May in two weeks"."""
    return bool(stretch.period or stretch.group("ago") or stretch.said.ahead or point.said.ahead)


def _is_vague(text: str, stretch: Part) -> bool:
    """Whether it says which year or week is meant, and not to us: "in May that year", "on Monday a few weeks ago"."""
    if stretch.kind != "move" or stretch.match.group().lower().endswith("from"):
        return False
    return not stretch.match.group().lower().endswith(("before", "after")) or bool(_ENDS.match(text, stretch.last))


def _lying_in(point: Part, stretch: Period | None, relative: bool) -> Part:
    period = kept(lambda: within(point.match, stretch)) if stretch else None
    return replace(point, relative=relative, yearless=False, period=period, stretch=stretch)


def _governed(text: str, parts: list[Part]) -> list[Part]:
    """Those told of in the stretch that opens their clause: "Last year we went to Rome in May"."""
    found: list[Part] = []
    opening: Part | None = None
    for part in parts:
        if part.kind == "stretch":
            opening = part
        elif opening and opening.period and part.kind == "point" and _governs(text, opening, part):
            lying = _lying_in(part, opening.period, opening.relative)
            part = lying if lying.period else part
        else:
            opening = None
        found.append(part)
    return found


def _governs(text: str, stretch: Part, point: Part) -> bool:
    between = text[stretch.last : point.first]
    if _UNTIL.fullmatch(between):
        return True
    is_over = stretch.period is not None and stretch.period[1] <= point.said.at
    opens = _OPENS.search(text, max(0, stretch.first - 10), stretch.first)
    if not opens or (is_over and point.said.ahead):
        return False
    return len(between) <= _FAR and not _OTHER_CLAUSE.search(between.removeprefix(","))


def _in_lists(text: str, parts: list[Part]) -> list[Part]:
    """What stands beside a point in a list lies in the same stretch: "from May to June last year"."""
    found = [*parts]
    for i in range(len(found) - 1, 0, -1):
        stretch = found[i].stretch or _own_year(found[i])
        if stretch and found[i].first == found[i].match.start() and _is_beside(text, found[i - 1], found[i]):
            found[i - 1] = _lying_in(found[i - 1], stretch, found[i].relative)
    for i in range(1, len(found)):
        stretch = found[i - 1].stretch
        if stretch and found[i - 1].last == found[i - 1].match.end() and _is_beside(text, found[i - 1], found[i], True):
            found[i] = _lying_in(found[i], stretch, found[i - 1].relative)
    return found


def _own_year(part: Part) -> Period | None:
    return year(part.period[0]) if part.period and part.group("month") and part.group("year") else None


def _is_beside(text: str, one: Part, other: Part, behind: bool = False) -> bool:
    """Whether they are of one list, and the first, or the one `behind`, is of no stretch that is known."""
    alone = other if behind else one
    alike = bool(one.group("weekday")) == bool(other.group("weekday"))
    is_alone = alone.kind in _POINTS and alone.stretch is None
    return is_alone and alike and bool(_LISTED.fullmatch(text, one.last, other.first))
