"""The reducers in plain Python, on one field at a time: what the database is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from semmem.domain.schema import Declaration


@dataclass(frozen=True)
class Telling:
    """One field of one update."""

    value: Any
    confidence: float
    told_at: datetime
    agent: str


@dataclass
class Model:
    """Every state that a scope went through: `states[n]` is the one at position n."""

    declaration: Declaration
    states: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    told: dict[str, Telling] = field(default_factory=dict)  # what stands, of each field that is a single value

    @property
    def now(self) -> dict[str, Any]:
        return self.states[-1]

    @property
    def position(self) -> int:
        return len(self.states) - 1

    def pass_over(self) -> None:
        """An entry of the log that changes nothing of the state."""
        self.states.append(dict(self.now))

    def update(self, tellings: Mapping[str, Telling]) -> set[str]:
        """The fields that are not as they were."""
        after, written = dict(self.now), set()
        for name, telling in tellings.items():
            if self._reduce(after, name, telling):
                written.add(name)
        if written:
            self.states.append(after)
        return written

    def restore(self, position: int, told: Mapping[str, Telling]) -> None:
        self.states.append(dict(self.states[position]))
        self.told = dict(told)

    def _reduce(self, after: dict[str, Any], name: str, telling: Telling) -> bool:
        known = self.declaration.fields[name]
        standing = self.told.get(name)
        default = known.default if known.has_default else None
        value = telling.value
        match known.reducer.name:
            case "append":
                items = [*after.get(name, []), *value]
                after[name] = items if known.reducer.keep is None else items[-known.reducer.keep :]
                return bool(value)
            case "merge":
                after[name] = {**after.get(name, {}), **value}
                return bool(value)
            case "union":
                before = after.get(name, set())
                after[name] = before | set(value)
                return bool(after[name] - before)
            case "add":
                after[name] = _sum(after.get(name, default), value)
            case "max" | "min":
                base = after.get(name, default)
                larger = base is not None and (value <= base if known.reducer.name == "max" else value >= base)
                if larger:
                    return False
                after[name] = value
            case "best" if standing and telling.confidence < standing.confidence:
                return False
            case "latest" if standing and telling.told_at < standing.told_at:
                return False
            case _:
                after[name] = value
        self.told[name] = telling
        return True


def _sum(base: Any, value: Any) -> Any:
    """As Postgres adds: in decimal digits, of which none is lost."""
    total = Decimal(repr(base or 0)) + Decimal(repr(value))
    return int(total) if isinstance(value, int) else float(total)
