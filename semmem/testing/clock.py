"""A clock for `semmem.open(clock=...)`: what expires, ages or is dated does so when the test says so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class ManualClock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """By `days=1`, `minutes=10` and the like: what `timedelta` takes."""
        self.now += timedelta(**by)
