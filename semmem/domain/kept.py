"""Events that a local log keeps while Postgres is away."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from semmem.domain.event import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvent:
    """An event as its caller gave it, the id that it was acknowledged under, and when it was told."""

    id: UUID
    event: NewEvent
    at: datetime

    @property
    def key(self) -> str:
        """The caller's, else one of our own, by which it is known again where its id does not do."""
        return self.event.key or f"kept:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLogHealth:
    """What this process keeps on its disk: events that wait for Postgres, the bytes of all, when the oldest was told.

    `refused` are events that Postgres would not have, such as those whose key stands for another body there.
    """

    events: int
    bytes: int
    oldest: datetime | None
    refused: int
