"""How the mirror of a memory differs from Postgres."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

DriftKind = Literal["missing", "outdated", "wrong_filters", "wrong_vector", "foreign_scope", "stranger"]
DRIFT_KINDS: tuple[DriftKind, ...] = get_args(DriftKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How many points of Qdrant were compared with Postgres, and how many differed, each counted once.

    missing: Postgres has the row, and Qdrant no point. outdated: the point is of another version of the row.
    wrong_filters: a field that searches filter by is not the row's, or there is one that no row has. wrong_vector: the
    vector is not the row's. foreign_scope: the point is filed under another scope than its row. stranger: no row owns
    the point. `filling` says that the collection is being filled from Postgres, and so nothing was compared.
    """

    compared: int = 0
    missing: int = 0
    outdated: int = 0
    wrong_filters: int = 0
    wrong_vector: int = 0
    foreign_scope: int = 0
    stranger: int = 0
    filling: bool = False
    drift: int = field(init=False)  # all of them together

    def __post_init__(self) -> None:
        object.__setattr__(self, "drift", sum(self.kinds.values()))

    @classmethod
    def of(cls, compared: int, found: Mapping[DriftKind, int]) -> "Drift":
        counts: dict[str, int] = {kind: found.get(kind, 0) for kind in DRIFT_KINDS}
        return cls(compared=compared, filling=False, **counts)

    @property
    def kinds(self) -> dict[DriftKind, int]:
        """How many of each kind there were, those that there were none of left out."""
        return {kind: count for kind in DRIFT_KINDS if (count := getattr(self, kind))}
