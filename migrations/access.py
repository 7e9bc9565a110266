"""Roles, row level security and rights: what the database lacks of them, and how it gets them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import asyncpg

from semmem.errors import ConfigurationError

# A role that is new lets the next look see what it lacks; anything beyond these would never end.
ROUNDS = 5
_LOOK = files("semmem.migrations").joinpath("access.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing or wrong, and the statement that mends it, if one can."""

    what: str
    statement: str | None


async def gaps(connection: asyncpg.Connection) -> list[Gap]:
    """All that is missing, as any login may see it."""
    return [Gap(**dict(row)) for row in await connection.fetch(_LOOK, *_made_by_migrations())]


async def mend(connection: asyncpg.Connection) -> list[str]:
    """Carries out what is missing, inside the caller's transaction; what it was.

    Raises ConfigurationError for what no statement can bring back.
    """
    mended: list[str] = []
    for _ in range(ROUNDS):
        found = await gaps(connection)
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
    """The first of them, and how many more there are."""
    more = f", and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(gap.what for gap in found[:most]) + more


def _made_by_migrations() -> tuple[list[str], list[str], list[str], list[str]]:
    """The names of the tables and views, of the functions, and of the indexes, with the statements that make these."""
    folder = Path(str(files("semmem.migrations").joinpath("versions")))
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.sql")))
    tables = re.findall(r"^create (?:table|view) semmem\.(\w+)", scripts, re.MULTILINE)
    functions = re.findall(r"^create function semmem\.(\w+)", scripts, re.MULTILINE)
    indexes = re.findall(r"^(create (?:unique )?index (\w+) [^;]*)", scripts, re.MULTILINE)
    return ["pgqueuer", *tables], functions, [name for _, name in indexes], [statement for statement, _ in indexes]
