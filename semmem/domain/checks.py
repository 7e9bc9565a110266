"""Checks of what comes in: each raises InvalidInput with the field, the limit and the fix."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain, islice
from typing import Any, TypeVar
from uuid import UUID

from semmem.domain.unicode import is_visible
from semmem.errors import InvalidInput

T = TypeVar("T")

MAX_ID_BYTES = 256
MAX_CONTENT_BYTES = 32 * 1024
MAX_METADATA_BYTES = 16 * 1024
MAX_VALUE_BYTES = 64 * 1024
MAX_EVENTS_PER_CALL = 1_000
MAX_LIMIT = 1_000
MAX_SECONDS = 366 * 24 * 3_600
MAX_FUTURE = timedelta(days=1)
MAX_DEPTH = 32  # of JSON: levels, the outermost object included
MAX_KEYS = 1_000  # of JSON, at all levels together
# The first day of year 1 is no time that was meant, but the zero of Go and .NET, and -infinity to Postgres's driver.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def check_text(field: str, value: object, max_bytes: int) -> str:
    """Checks for a non-empty string that Postgres can hold, at most `max_bytes` in UTF-8."""
    if not isinstance(value, str):
        raise InvalidInput(field, f"must be a string, not {type(value).__name__}", "pass a str")
    if _UNSTORABLE.search(value):
        raise InvalidInput(field, "must not contain NUL or lone surrogates", "remove these characters first")
    if not is_visible(value):
        raise InvalidInput(field, "must not be empty", "pass at least one visible character")
    if len(str.encode(value)) > max_bytes:  # str's own method: a class of a caller's may have another
        raise InvalidInput(field, f"must be at most {max_bytes} bytes in UTF-8", "shorten or split it")
    return value


def check_id(field: str, value: object) -> str:
    return check_text(field, value, MAX_ID_BYTES)


def check_optional_id(field: str, value: object) -> str | None:
    return None if value is None else check_id(field, value)


def check_flag(field: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidInput(field, f"must be True or False, not {type(value).__name__}", "pass a bool")


def check_is(field: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise InvalidInput(field, f"must be a {kind.__name__}, not {type(value).__name__}", f"pass a {kind.__name__}")


def check_each(field: str, values: object, kind: type[T], *, least: int = 0, most: int) -> tuple[T, ...]:
    """Returns a copy of a sequence of this kind of thing, as it is now; a single string is none."""
    if not isinstance(values, Sequence) or isinstance(values, str | bytes | bytearray):
        limit = f"must be a sequence of {kind.__name__}, not {type(values).__name__}"
        raise InvalidInput(field, limit, f"pass a list of {kind.__name__}")
    found = tuple(islice(values, most + 1))
    if not least <= len(found) <= most:
        raise InvalidInput(field, f"must be {least} to {most}", "split the call")
    for index, value in enumerate(found):
        check_is(f"{field}[{index}]", value, kind)
    return found


def check_callable(field: str, value: object) -> None:
    if value is not None and (not callable(value) or isinstance(value, type)):
        raise InvalidInput(field, f"must be a function, not a {type(value).__name__}", "pass a function, or None")


def check_seconds(field: str, value: object) -> None:
    """Checks for a finite number, 0 or more, at most a year."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= MAX_SECONDS:  # type: ignore[operator]
        raise InvalidInput(field, f"must be a number of seconds from 0 to {MAX_SECONDS}", "pass a number in this range")


def check_duration(field: str, value: object, least: timedelta, most: timedelta, *, span: str, fix: str) -> timedelta:
    """`span` says the two ends in words."""
    if not isinstance(value, timedelta) or not least <= value <= most:
        raise InvalidInput(field, f"must be a timedelta from {span}", fix)
    return value


def check_one_of(field: str, value: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise InvalidInput(field, f"must be one of {', '.join(allowed)}", "pass one of these words")


def check_some_of(field: str, values: object, allowed: tuple[str, ...]) -> None:
    """Checks for a collection of one or more of these words."""
    found = list(values) if isinstance(values, Collection) and not isinstance(values, str) else []
    if not found or not all(isinstance(value, str) and value in allowed for value in found):
        raise InvalidInput(field, f"must name one or more of {', '.join(allowed)}", f"pass {allowed[-1:]}, for example")


def check_unit(field: str, value: object) -> None:
    """Checks for a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:  # NaN is neither
        raise InvalidInput(field, "must be a number from 0 to 1", "scale it to this range")


def check_int(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput(field, f"must be a whole number from {low} to {high}", "pass a number in this range")


def check_aware(field: str, value: object) -> datetime:
    """Returns the same moment as a plain datetime at a fixed offset, whatever classes the caller's own is made of."""
    moment: datetime | None = None
    if type(value) is datetime and type(value.tzinfo) is timezone:
        moment = value
    elif isinstance(value, datetime):
        with suppress(Exception):  # a zone is the caller's code, and may raise anything
            if (offset := datetime.utcoffset(value)) is not None:
                moment = datetime.combine(value.date(), value.time(), timezone(offset))
    if moment is None:
        raise InvalidInput(field, "must be a datetime with a time zone", "pass tzinfo, such as datetime.UTC")
    if not EARLIEST <= moment <= LATEST:
        limit = f"must lie between {EARLIEST.date()} and {LATEST.date()} in UTC"
        raise InvalidInput(field, limit, "leave it out where the time is not known, or check the year and the zone")
    return moment


def check_uuid(field: str, value: object) -> None:
    if not isinstance(value, UUID):
        raise InvalidInput(field, "must be a UUID", "pass the id that semmem gave; of its text, UUID(text)")


def check_not_future(field: str, value: datetime, now: datetime) -> None:
    if value > now + MAX_FUTURE:
        raise InvalidInput(field, f"must be at most {MAX_FUTURE.days} day after now", "check the clock or the year")


def check_json(field: str, value: object, max_bytes: int) -> dict[str, Any]:
    """Takes a JSON object with string keys, at most `max_bytes` once encoded, of MAX_DEPTH levels and MAX_KEYS keys.

    The answer is a copy of plain dicts, lists and values, which nobody else can change.
    """
    if not isinstance(value, Mapping):
        raise InvalidInput(field, f"must be a mapping, not {type(value).__name__}", "pass a dict like {'channel': 'x'}")
    outermost = dict(islice(value.items(), MAX_KEYS + 1))
    if not outermost:
        return {}
    plain: dict[str, Any] = check_json_value(field, outermost, max_bytes)
    return plain


def check_json_value(field: str, value: object, max_bytes: int) -> Any:
    """Any JSON value, within the same limits."""
    _check_shape(field, value, max_bytes)
    try:
        encoded = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size = len(encoded.encode())
    except (TypeError, ValueError) as error:  # an integer may have too many digits as well
        raise InvalidInput(
            field, "must be plain JSON without NaN, infinity or lone surrogates", "convert its values"
        ) from error
    if size > max_bytes:
        raise InvalidInput(field, f"must be at most {max_bytes} bytes as JSON", "store large data elsewhere")
    if _ESCAPED_NUL.search(encoded):
        raise InvalidInput(field, "must not contain NUL", "remove this character first")
    return json.loads(encoded)


def _check_shape(field: str, value: object, most_values: int) -> None:
    """Level by level, so that no depth is too deep to look at; each value takes a byte at least."""
    level: list[object] = [value]
    keys = 0
    for _ in range(MAX_DEPTH):
        dicts = [each for each in level if isinstance(each, dict)]
        keys += sum(map(len, dicts))
        if keys > MAX_KEYS:
            raise InvalidInput(field, f"must have at most {MAX_KEYS} keys", "store large data elsewhere")
        if not all(isinstance(key, str) for each in dicts for key in each):
            raise InvalidInput(field, "must have strings for keys, at every level", "write each key as a str")
        lists = [each for each in level if isinstance(each, list | tuple)]
        level = list(islice(chain(*(each.values() for each in dicts), *lists), most_values + 1))
        if len(level) > most_values:
            raise InvalidInput(field, f"must be at most {most_values} bytes as JSON", "store large data elsewhere")
        if not any(isinstance(each, dict | list | tuple) for each in level):
            return
    raise InvalidInput(field, f"must be at most {MAX_DEPTH} levels deep", "keep nested data as text, or elsewhere")
