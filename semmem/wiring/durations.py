"""Reads a span of time as people write it."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

LONGEST = timedelta(days=3_650)
FORMS = "write seconds (30, 5.5), units (30s, 2m, 1h30m, 500ms), hh:mm:ss, or ISO 8601 (PT30S)"

_NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_PLAIN = re.compile(_NUMBER)
_CLOCK = re.compile(r"(?:([0-9]+)\s*d(?:ays?)?,?\s*)?([0-9]+):([0-5]?[0-9]):([0-5]?[0-9](?:\.[0-9]+)?)", re.IGNORECASE)
_PART = re.compile(rf"({_NUMBER})\s*([a-z]+)\s*", re.IGNORECASE)
_ISO = re.compile(
    rf"P(?:({_NUMBER})W)?(?:({_NUMBER})D)?(?:T(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?", re.IGNORECASE
)
_SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}


def read_duration(value: object) -> timedelta:
    """Reads a timedelta, a number of seconds, or a text in one of FORMS. Raises ValueError that names the limit."""
    if isinstance(value, timedelta):
        seconds: float | None = value.total_seconds()
    elif isinstance(value, str):
        seconds = _of_text(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise ValueError(f"a {type(value).__name__} is no duration; {FORMS}")
    if seconds is None:
        raise ValueError(f"{value!r:.80} is no duration; {FORMS}")
    if not 0 <= seconds <= LONGEST.total_seconds():  # NaN is neither
        raise ValueError(f"{value!s} is not between 0 and {LONGEST.days:,} days")
    return value if isinstance(value, timedelta) else timedelta(seconds=seconds)


# Where it may be None, that passes untouched.
Duration = Annotated[timedelta, BeforeValidator(read_duration)]


def _of_text(text: str) -> float | None:
    """Returns the seconds, None for what is no duration; a sign is read, so that the answer to -5 is the limit."""
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-") if text[:1] in "+-" and text[1:2] not in "+-" else text
    if _PLAIN.fullmatch(text):
        return sign * float(text)
    if found := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return sign * (days * 86_400 + hours * 3_600 + minutes * 60 + seconds)
    if (found := _ISO.fullmatch(text)) and any(found.groups()):
        weeks, days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return sign * (weeks * 604_800 + days * 86_400 + hours * 3_600 + minutes * 60 + seconds)
    total, at = 0.0, 0
    for part in _PART.finditer(text):
        unit = _SECONDS.get(part[2].lower())
        if part.start() != at or unit is None:
            return None
        total, at = total + float(part[1]) * unit, part.end()
    return sign * total if text and at == len(text) else None
