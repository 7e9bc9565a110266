"""Days, weeks, months and years of the calendar as periods, and how far they lie from each other."""

from collections.abc import Callable
from datetime import MAXYEAR, datetime, timedelta

from semmem.domain.checks import EARLIEST, LATEST
from semmem.domain.fact import Precision
from semmem.language.words import MONTHS

Period = tuple[datetime, datetime, Precision, str]  # start, end, how exact, as words


def day(start: datetime) -> Period:
    return start, start + timedelta(days=1), "day", f"{start.day} {MONTHS[start.month - 1]} {start.year}"


def week(any_day: datetime) -> Period:
    monday = any_day - timedelta(days=any_day.weekday())
    return monday, monday + timedelta(days=7), "month", f"week of {day(monday)[3]}"


def month(start: datetime) -> Period:
    start = start.replace(day=1)
    return start, shifted(start, 1), "month", f"{MONTHS[start.month - 1]} {start.year}"


def year(start: datetime) -> Period:
    start = start.replace(month=1, day=1)
    return start, start.replace(year=start.year + 1), "year", str(start.year)


def label(start: datetime, precision: Precision) -> str:
    """The time in words, as exactly as it is known."""
    if precision == "instant":
        return f"{day(start)[3]} {start:%H:%M}"
    if precision == "month" and start.day > 1:  # which is how a week is known
        return f"week of {day(start)[3]}"
    return {"day": day, "month": month, "year": year}[precision](start)[3]


def shifted(any_day: datetime, months: int) -> datetime:
    """The first of the month that many months on."""
    years, number = divmod(any_day.year * 12 + any_day.month - 1 + months, 12)
    if not 1 <= years < MAXYEAR:
        raise ValueError("outside the calendar")
    return any_day.replace(year=years, month=number + 1, day=1)


def away(at: datetime, count: float, unit: str) -> Period:
    """The period of this unit that lies so many of them from the moment: two and a half years are thirty months."""
    if unit in ("minute", "hour"):
        start = at + count * (timedelta(hours=1) if unit == "hour" else timedelta(minutes=1))
        return start, start, "instant", label(start, "instant")
    whole = int(count)
    if unit == "year":
        first = shifted(_midnight(at), round(12 * count))
        return year(first) if count == whole else month(first)
    start = _midnight(at + timedelta(days={"day": 1, "week": 7, "month": 30}[unit] * (count - whole)))
    if unit == "month":
        return month(shifted(start, whole))
    start += timedelta(days=whole * (7 if unit == "week" else 1))
    return week(start) if unit == "week" else day(start)


def moved(period: Period, count: float | None, unit: str) -> Period | None:
    """The period so many units on; none where the count or the period is not as exact as the unit."""
    start, over, precision, _ = period
    if count is None or count != int(count):
        return None
    if unit in ("day", "week"):
        is_day = period == day(start)
        return day(start + timedelta(days=int(count) * (7 if unit == "week" else 1))) if is_day else None
    first = shifted(start, int(count) * (12 if unit == "year" else 1))
    if precision == "day" and over - start == timedelta(days=1):
        return day(first.replace(day=start.day))
    if period == month(start):
        return month(first)
    return year(first) if precision == "year" and unit == "year" else None


def kept(make: Callable[[], Period | None]) -> Period | None:
    """What it makes, unless no calendar or no store has such a time: 31 June, or the year 12000."""
    try:
        named = make()
    except (ValueError, OverflowError):
        return None
    return named if named and named[0] >= EARLIEST and named[1] <= LATEST else None


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
