"""The reducers in plain Python, on values as a caller gives them: what the database is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from semmem.domain.schema import Declaration, Field


@dataclass(frozen=True)
class Telling:
    """What one update says of one field."""

    value: Any
    confidence: float
    told_at: datetime


@dataclass(frozen=True)
class Moment:
    """The state at a position, and of each single value the telling that it comes from."""

    values: Mapping[str, Any] = field(default_factory=dict)
    standing: Mapping[str, Telling] = field(default_factory=dict)


@dataclass
class Model:
    """All that a scope's state ever was: `moments[n]` is how it was at position n."""

    declaration: Declaration
    moments: list[Moment] = field(default_factory=lambda: [Moment()])
    declared: bool = False

    @property
    def position(self) -> int:
        return len(self.moments) - 1

    def values(self, position: int = -1) -> dict[str, Any]:
        """With what is read where nothing was told."""
        known = self.declaration.fields.values()
        defaults = {each.name: each.read(each.default) for each in known if each.has_default}
        return defaults | dict(self.moments[position].values)

    def pass_over(self) -> None:
        """An entry of the log that changes nothing of the state."""
        self.moments.append(self.moments[-1])

    def restore(self, position: int) -> None:
        self.moments.append(self.moments[position])

    def update(self, tellings: Mapping[str, Telling]) -> set[str]:
        """The fields that are not as they were."""
        last = self.moments[-1]
        values, standing = dict(last.values), dict(last.standing)
        written = set()
        for name, telling in tellings.items():
            known = self.declaration.fields[name]
            if known.reducer.shape == "single":
                changed = _reduce(known, values, standing, telling)
            else:
                changed = _take_in(known, values, telling.value)
            if changed:
                written.add(name)
        if written:
            self.moments.append(Moment(values, standing))
        return written


def _reduce(known: Field, values: dict[str, Any], standing: dict[str, Telling], telling: Telling) -> bool:
    name, value, before = known.name, telling.value, standing.get(known.name)
    base = values.get(name, known.default if known.has_default else None)
    match known.reducer.name:
        case "max" if base is not None and value <= base:
            return False
        case "min" if base is not None and value >= base:
            return False
        case "best" if before and telling.confidence < before.confidence:
            return False
        case "latest" if before and telling.told_at < before.told_at:
            return False
        case "add":
            value = type(value)(Decimal(repr(base or 0)) + Decimal(repr(value)))  # as Postgres adds: no digit is lost
    values[name], standing[name] = value, telling
    return True


def _take_in(known: Field, values: dict[str, Any], value: Any) -> bool:
    name = known.name
    match known.reducer.name:
        case "append":
            items = [*values.get(name, []), *value]
            values[name] = items[-known.reducer.keep :] if known.reducer.keep else items
            return bool(value)
        case "merge":
            values[name] = {**values.get(name, {}), **value}
            return bool(value)
        case _:
            before: set[Any] = values.get(name, set())
            values[name] = before | value
            return bool(value - before)
