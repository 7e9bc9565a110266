"""Roles, row level security and rights: what the database lacks of them, and how it gets them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import asyncpg

from semmem.errors import ConfigurationError
from semmem.migrations.filling import INDEXES

# A role that is new lets the next look see what it lacks; anything beyond these would never end.
ROUNDS = 5
_FILLED = [f"the index {name}" for name in INDEXES]  # by `fill`, behind the revisions
_LOOK = files("semmem.migrations").joinpath("access.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing or wrong, and the statement that mends it, if one can."""

    what: str
    statement: str | None


async def gaps(connection: asyncpg.Connection) -> list[Gap]:
    """Returns all that is missing, as any login may see it."""
    return [Gap(**dict(row)) for row in await connection.fetch(_LOOK, _wanted())]


async def mend(connection: asyncpg.Connection) -> list[str]:
    """Carries out what is missing, inside the caller's transaction; what it was.

    Raises ConfigurationError for what no statement can bring back.
    """
    mended: list[str] = []
    for _ in range(ROUNDS):
        found = [gap for gap in await gaps(connection) if gap.what not in _FILLED]
        if not found:
            return mended
        lost = [gap for gap in found if gap.statement is None]
        if lost:
            raise ConfigurationError(
                f"the database lacks {listed(lost)}, which only a backup can bring back; restore one into an empty "
                "database, on a server with pgvector, and read the errors that pg_restore prints"
            )
        for statement in dict.fromkeys(gap.statement or "" for gap in found):  # one may mend several
            await connection.execute(statement)
        mended += [gap.what for gap in found]
    raise ConfigurationError(f"the database still lacks {listed(found)}; migrate as a superuser")


def listed(found: Sequence[Gap], most: int = 3) -> str:
    """Names the first of them, and how many more there are."""
    more = f", and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(gap.what for gap in found[:most]) + more


@cache
def _wanted() -> str:
    """Returns what schema.sql makes and gives, as JSON: each index, guard and right by its name."""
    script = files("semmem.migrations").joinpath("schema.sql").read_text(encoding="utf-8")
    guards = re.findall(r"^(select semmem\.guard\('semmem\.(\w+)', (.+), (.+)\));$", script, re.MULTILINE)
    grants = re.findall(r"^grant ([\w, ]+) on semmem\.(\w+) to semmem_app;$", script, re.MULTILINE)
    return json.dumps(
        {
            "relations": re.findall(r"^create (?:table|view) semmem\.(\w+)", script, re.MULTILINE),
            "functions": re.findall(r"^CREATE OR REPLACE FUNCTION semmem\.(\w+)", script, re.MULTILINE),
            "indexes": [
                {"name": name, "statement": statement}
                for statement, name in re.findall(r"^(CREATE (?:UNIQUE )?INDEX (\w+) .*);$", script, re.MULTILINE)
            ],
            "guards": [
                {"name": name, "changing": _columns(changing), "swept": _columns(swept), "statement": statement}
                for statement, name, changing, swept in guards
            ],
            "grants": [{"name": name, "needs": needs.split(", ")} for needs, name in grants],
        }
    )


def _columns(literal: str) -> list[str] | None:
    return None if literal == "null" else [name for name in literal.strip("'{}").split(",") if name]
