"""What rows hold besides values of their own: the scope that they are of."""

from functools import lru_cache

import asyncpg

from semmem.domain.scope import Scope

Row = asyncpg.Record

# Rows come by the hundred from the same few scopes, whose ids need no check again.
scope_at = lru_cache(maxsize=1_000)(Scope)


def scope_of(row: Row) -> Scope:
    return scope_at(row["tenant"], row["scope_kind"], row["scope_id"])


def key_of(scope: Scope) -> tuple[str, str, str]:
    """The first three columns of every key."""
    return scope.tenant, scope.kind, scope.id
