"""What a local log keeps while Postgres is away: events; see `semmem.domain.change` for updates of the state."""

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
    """What this process keeps on its disk: events and updates of the state (`changes`) that wait for Postgres.

    `bytes` is the size of all, and `oldest` when the oldest was told. `refused` are those that Postgres would not have,
    and `reasons` says why, a few words each.
    """

    events: int
    changes: int
    bytes: int
    oldest: datetime | None
    refused: int
    reasons: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether Postgres is still to have something."""
        return self.events + self.changes > 0
