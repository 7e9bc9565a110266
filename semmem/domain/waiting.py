"""What was remembered and still waits for a worker."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits, and how long the oldest of it has; None where nothing does.

    An event that is not indexed is not recalled yet, one that is not extracted has given no facts yet, and an event or
    fact that is not embedded is found by its words alone. `workers` are those that were heard of within their lease.
    """

    unindexed: int = 0
    unindexed_for: timedelta | None = None
    unextracted: int = 0
    unextracted_for: timedelta | None = None
    unembedded: int = 0
    workers: int = 0
