"""The state that agents share, as calls answer with it: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from semmem.domain.scope import Scope

MIN_HOLD, MAX_HOLD = timedelta(seconds=1), timedelta(hours=1)  # of a lock
MAX_NAMES = 16  # that one lock holds

ChangeStatus = Literal["accepted", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A scope's state as it was at a position of its log.

    `values` has every field that was told or has a default; `positions`, `told_at` and `by` those that were told: where
    each was last changed, when its newest part was seen in the world, and which agent told that.
    """

    scope: Scope
    position: int
    values: Mapping[str, Any]
    positions: Mapping[str, int]
    told_at: Mapping[str, datetime]
    by: Mapping[str, str | None]

    def __getitem__(self, field: str) -> Any:
        return self.values[field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an update or a restore wrote, and at which position of the scope's log.

    `written` are the fields that are not as they were before. `unseen` are those that another agent had changed after
    what the writer had seen, and which were reduced all the same. Where nothing changed, `position` is the log's last.

    An update whose `status` is "kept" is on this machine's disk alone: what it will write, and where, is not known yet,
    so that `position` is 0 and `written` empty. A "replayed" entry of the log names its `id` when Postgres has it.
    """

    position: int
    written: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    status: ChangeStatus = "accepted"
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Fence:
    """What a write shows of the locks that it relies on."""

    names: tuple[str, ...] = ()
    token: int = 0


NO_FENCE = Fence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A position of a scope's log under a name, and the SHA-256 of the state as it was there."""

    name: str
    scope: Scope
    position: int
    digest: str
    agent: str | None
    at: datetime
    pinned: bool
