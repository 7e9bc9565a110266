"""Conditions on events, answered inside the caller's view: which events meet one, and which facts rest on these.

A condition becomes one jsonpath, which is a parameter like any other: no word of a caller's is part of a statement.
"""

import json
from collections.abc import Sequence
from typing import Any

from semmem.domain.condition import METADATA, Comparison, Condition, Every, Meeting, Not, Some, comparisons
from semmem.domain.scope import View
from semmem.errors import InvalidInput
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("conditions.sql")

MOST = 100_000  # newest events that are sought among, where more meet a condition


class Conditions:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def meeting(self, view: View, condition: Condition, most: int = MOST) -> Meeting:
        """The ids of events that meet it, and of facts that rest on one of them; `check` says why there are none."""
        wanted = parameters(condition)
        async with self._postgres.transaction(view) as tx:
            row = await tx.fetchrow(_SQL["meeting"], limit=most + 1, **wanted)
        assert row is not None
        events = row["events"]
        return Meeting(tuple(events[:most]), tuple(row["facts"]), whole=len(events) <= most)

    async def check(self, view: View, condition: Condition) -> None:
        """Raises InvalidInput for a path that leads to objects and lists alone, where nothing meets the condition."""
        async with self._postgres.transaction(view) as tx:
            await _check_paths(tx, condition)


async def _check_paths(tx: Unit, condition: Condition) -> None:
    paths = list(dict.fromkeys(each.path[1:] for each in comparisons(condition) if each.path[0] == METADATA))
    nested = await tx.fetchval(_SQL["nested"], paths=paths) if paths else None
    if nested is not None:
        at = ".".join((METADATA, *paths[nested - 1]))
        limit = "leads to an object or a list, wherever it is kept, and to no scalar"
        raise InvalidInput(f"where.{at:.200}", limit, "name a key below it")


def parameters(condition: Condition) -> dict[str, Any]:
    """What a statement takes of a condition: the jsonpath, and the values that it compares with."""
    operands: dict[str, Any] = {}
    return {"path": f"strict {_jsonpath(condition, operands, holds=True)}", "operands": operands}


def _jsonpath(condition: Condition, operands: dict[str, Any], *, holds: bool) -> str:
    """A predicate that is true where the condition holds, or else where it does not; negations stand at the leaves."""
    match condition:
        case Not(part):
            return _jsonpath(part, operands, holds=not holds)
        case Every(parts):
            return _joined("&&" if holds else "||", parts, operands, holds=holds)
        case Some(parts):
            return _joined("||" if holds else "&&", parts, operands, holds=holds)
        case Comparison(path, operator, operand):
            place = "$" + "".join(f".{json.dumps(key, ensure_ascii=False)}" for key in path)
            name = f"v{len(operands)}"
            operands[name] = operand
            met = f"({place} {operator} ${name})"
            # A path that is not there, or a value of another type, makes a comparison neither true nor false.
            missing = f"({met} is unknown)"
            absent_meets = operand is None
            certain = met if holds else f"(!{met})"
            return f"({certain} || {missing})" if absent_meets == holds else certain


def _joined(joiner: str, parts: Sequence[Condition], operands: dict[str, Any], *, holds: bool) -> str:
    return f"({f' {joiner} '.join(_jsonpath(part, operands, holds=holds) for part in parts)})"
