"""What is settled about a scope."""

from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from zoneinfo import available_timezones

from semmem.domain.checks import check_duration, check_id
from semmem.errors import InvalidInput

LEAST, MOST = timedelta(hours=1), timedelta(days=36_500)  # that events are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSettings:
    """`zone` is a time zone's IANA name: days are resolved in it where an event has no offset; None is UTC.

    `keep_events_for` is how long events stay after they were remembered; None is for ever. Raises InvalidInput.
    """

    zone: str | None = None
    keep_events_for: timedelta | None = None

    def __post_init__(self) -> None:
        if self.zone is not None:
            check_zone(self.zone)
        if self.keep_events_for is not None:
            fix = "pass timedelta(days=365), for example, or None to keep them for ever"
            check_duration("keep_events_for", self.keep_events_for, LEAST, MOST, span="1 h to 36,500 days", fix=fix)


def check_zone(zone: object) -> None:
    name = check_id("zone", zone)
    known = available_timezones()
    if name in known:
        return
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, n=1) or get_close_matches(
        name.lower(), [each.rpartition("/")[2] for each in by_lower], n=1
    )
    meant = [each for lower, each in by_lower.items() if near and lower.endswith(near[0])]
    fix = f"did you mean {min(meant, key=len)}?" if meant else "pass a name like Europe/Berlin, or None for UTC"
    raise InvalidInput("zone", "must be the name of a time zone in the IANA database", fix)
