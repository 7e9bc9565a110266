"""Consumer groups: what one is, and how far it is."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from semmem.domain.checks import check_duration, check_flag, check_id, check_int
from semmem.domain.entry import MAX_POSITION, checked_names
from semmem.errors import InvalidInput

MIN_LEASE, MAX_LEASE = timedelta(seconds=1), timedelta(hours=1)

GroupStart = Literal["next", "first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """A group's name, the types of the events it takes (all, without any), and whether it takes them one by one.

    `start` is the position that it begins behind; None is the head when the group is made.
    """

    name: str
    event_types: tuple[str, ...]
    ordered: bool
    start: int | None

    @classmethod
    def checked(cls, name: object, event_types: object, ordered: object, start: object) -> "GroupRule":
        """Raises InvalidInput."""
        check_flag("ordered", ordered)
        if isinstance(start, str) and start not in ("next", "first"):
            raise InvalidInput("start", "must be next, first or a position", "pass one of these words, or a number")
        if not isinstance(start, str):
            check_int("start", start, 0, MAX_POSITION)
        begin = {"next": None, "first": 0}[start] if isinstance(start, str) else start
        return cls(
            name=check_id("name", name),
            event_types=checked_names("event_types", event_types),
            ordered=bool(ordered),
            start=begin,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLag:
    """How far a group is behind its log, in entries, and how many deliveries are leased and dead."""

    behind: int
    leased: int
    dead: int


def check_lease(lease: object) -> timedelta:
    fix = "split work that takes longer"
    return check_duration("lease", lease, MIN_LEASE, MAX_LEASE, span="1 s to 1 h", fix=fix)
