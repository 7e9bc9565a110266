"""An update of the state on its way to Postgres, or on this machine's disk until it gets there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from semmem.domain.schema import Declaration, NewValue
from semmem.domain.state import NO_FENCE, Fence
from semmem.errors import Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """An update as it was checked: what it brings, by whom, and under which conditions."""

    declaration: Declaration
    values: tuple[NewValue, ...]
    agent: str | None
    role: str | None
    seen: int
    told_at: datetime
    expected: Mapping[str, int] = field(default_factory=dict)
    fence: Fence = NO_FENCE

    @property
    def can_wait(self) -> bool:
        """Whether it may be written later than it was told; see Reducer.can_wait."""
        conditions = bool(self.expected or self.fence.names)
        return not conditions and all(value.field.reducer.can_wait for value in self.values)

    def check_rights(self) -> None:
        """Raises Forbidden, as Postgres does by the rights that are declared there."""
        for value in self.values:
            if not value.field.is_writable(self.role):
                raise Forbidden(self.agent, self.role or "", value.field.name, "write")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChange:
    """An update that a local log keeps, the id by which Postgres knows it again, and when it was told."""

    id: UUID
    change: NewChange
    at: datetime

    @property
    def key(self) -> str:
        return f"kept:{self.id}"
