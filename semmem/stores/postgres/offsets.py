"""The offset from UTC that a caller's times came with: Postgres keeps instants, so it stands in a column of its own."""

from datetime import UTC, datetime, timedelta, timezone


def offset_of(moment: datetime) -> timedelta | None:
    """East of UTC; None stands for UTC itself."""
    return moment.utcoffset() or None


def at_offset(moment: datetime, offset: timedelta | None) -> datetime:
    """The same instant with that offset; in UTC where there is none, or where the calendar ends in between."""
    if not offset:
        return moment.astimezone(UTC)
    try:
        return moment.astimezone(timezone(offset))
    except OverflowError:
        return moment.astimezone(UTC)
