"""What Postgres does for each statement that the application sends: its plans, and the rows that it reads."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import asyncpg
import pytest

from semmem.postgres.session import APP_ROLE

PLANNED = re.compile(r"(/\*.*?\*/|\s)*(select|with|insert|update|delete)\b", re.IGNORECASE)
MODES = ("force_generic_plan", "force_custom_plan")

_READ = """
    select relname, seq_scan, seq_tup_read, coalesce(idx_tup_fetch, 0) as found
    from pg_stat_xact_user_tables where schemaname = 'semmem'"""


@dataclass(frozen=True, slots=True)
class Node:
    """A step of a plan that reads a table."""

    kind: str
    table: str
    condition: str  # by which an index is entered
    rows: float  # that it looked at each time, those that a filter took out among them
    statement: str


@dataclass
class Spied:
    """Of every statement of the application's role."""

    statements: set[str] = field(default_factory=set)
    nodes: list[Node] = field(default_factory=list)
    whole: set[tuple[str, str]] = field(default_factory=set)  # (table, statement): read without an index
    found: dict[tuple[str, str], int] = field(default_factory=dict)  # the most rows by index, by table and statement
    errors: list[str] = field(default_factory=list)


def spying(monkeypatch: pytest.MonkeyPatch) -> Spied:
    """From now on, on every connection of asyncpg's."""
    spied = Spied()

    def wrapped(name: str) -> None:
        original = getattr(asyncpg.Connection, name)

        async def watched(connection: asyncpg.Connection, query: str, *args: Any, **options: Any) -> Any:
            if not PLANNED.match(query) or not await _is_the_application(connection):
                return await original(connection, query, *args, **options)
            each = args[0] if name == "executemany" else [args]
            if each:
                await _explain(spied, connection, query, each[0])
            async with _counted(spied, connection, query):
                return await original(connection, query, *args, **options)

        monkeypatch.setattr(asyncpg.Connection, name, watched)

    plain = asyncpg.Connection
    _originals.update({name: getattr(plain, name) for name in ("fetch", "fetchval", "execute")})
    for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
        wrapped(name)
    return spied


_originals: dict[str, Any] = {}
_names = (f"spied_{number}" for number in count())  # one that a cancelled call leaves behind is in nobody's way


async def _is_the_application(connection: asyncpg.Connection) -> bool:
    return bool(await _originals["fetchval"](connection, "select current_user") == APP_ROLE)


async def _explain(spied: Spied, connection: asyncpg.Connection, query: str, values: Any) -> None:
    """Carries the statement out under both kinds of plan, and takes it back."""
    spied.statements.add(query)
    run, fetch = _originals["execute"], _originals["fetchval"]
    given = await _literals(connection, query, values)
    for mode in MODES:
        name = next(_names)
        undone = connection.transaction()
        await undone.start()
        try:
            await run(connection, f"set local plan_cache_mode = {mode}")
            await run(connection, f"prepare {name} as {query}")
            plan = await fetch(connection, f"explain (analyze, format json) execute {name}{given}")
            found = json.loads(plan) if isinstance(plan, str) else plan
            spied.nodes += _scans(found[0]["Plan"], query)
        except asyncpg.PostgresError as error:  # the statement itself may be refused, as a key conflict is
            spied.errors.append(f"{error!r}: {query}")
        finally:
            await undone.rollback()
            with suppress(asyncpg.PostgresError):
                await run(connection, f"deallocate {name}")


async def _literals(connection: asyncpg.Connection, query: str, values: Any) -> str:
    """The values as Postgres writes them: EXECUTE takes no parameters of the protocol."""
    if not values:
        return ""
    types = [kind.name for kind in (await connection.prepare(query, name="")).get_parameters()]
    written = ", ".join(
        f"quote_nullable(${number}::{kind}::text) || '::{kind}'" for number, kind in enumerate(types, 1)
    )
    return "(" + ", ".join(await _originals["fetchval"](connection, f"select array[{written}]", *values)) + ")"


def _scans(plan: dict[str, Any], statement: str) -> Iterator[Node]:
    removed = sum(plan.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck"))
    condition = plan.get("Index Cond") or plan.get("Recheck Cond") or ""
    if "Relation Name" in plan and "Scan" in plan["Node Type"]:
        yield Node(plan["Node Type"], plan["Relation Name"], condition, plan["Actual Rows"] + removed, statement)
    for below in plan.get("Plans", ()):
        yield from _scans(below, statement)


@asynccontextmanager
async def _counted(spied: Spied, connection: asyncpg.Connection, query: str) -> AsyncIterator[None]:
    """Counts what functions read as well, whose plans nobody sees."""
    own = None if connection.is_in_transaction() else connection.transaction()
    if own:
        await own.start()
    before = {row["relname"]: row for row in await _originals["fetch"](connection, _READ)}
    try:
        yield
        for row in await _originals["fetch"](connection, _READ):
            earlier = before.get(row["relname"])
            if row["seq_tup_read"] > (earlier["seq_tup_read"] if earlier else 0):
                spied.whole.add((row["relname"], query))
            key = (row["relname"], query)
            found = row["found"] - (earlier["found"] if earlier else 0)
            spied.found[key] = max(found, spied.found.get(key, 0))
    except BaseException:
        if own:
            await own.rollback()
        raise
    if own:
        await own.commit()
