"""The names of a scope's entries in Redis."""

import hashlib
from dataclasses import dataclass
from typing import Self

from semmem.domain.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeKeys:
    """A scope's names in Redis, in one hash slot; ids are hashed, so that no name shows or matches another scope's."""

    recent: str
    notices: str
    channel: str

    @classmethod
    def of(cls, scope: Scope, prefix: str, state: str) -> Self:
        digest = hashlib.blake2b(digest_size=16)
        for part in (scope.tenant, scope.kind, scope.id):
            encoded = part.encode()
            digest.update(len(encoded).to_bytes(4, "big") + encoded)
        base = f"{prefix}:{state}:{{{digest.hexdigest()}}}"
        names = ("recent", "notices", "channel")
        return cls(**{name: f"{base}:{name}" for name in names})

    @property
    def stored(self) -> tuple[str, ...]:
        """Every key; the channel is none."""
        return (self.recent, self.notices)
