"""The names of a scope's entries in Redis."""

from dataclasses import dataclass
from typing import Self

from semmem.domain.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeKeys:
    """A scope's names in Redis, in one hash slot; they hold its key, so that no name shows or matches another's."""

    recent: str  # the only one that is a key
    channel: str

    @classmethod
    def of(cls, scope: Scope, prefix: str, state: str) -> Self:
        base = f"{prefix}:{state}:{{{scope.key}}}"
        return cls(recent=f"{base}:recent", channel=f"{base}:channel")
