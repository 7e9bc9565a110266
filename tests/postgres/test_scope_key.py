"""One key names a scope in Python and in Postgres, and no two scopes have the same."""

import asyncpg

from semmem.domain.scope import Branch, Scope
from tests.contract.adversarial import ARRAYS, IDS, LONG, PATHS, SPLITS

HARD = [
    "😀",
    "👩\u200d👧",
    "a\x01",
    "a\x1f\x7f",
    "\r\na",
    "a\u2028b",
    "\ufeffa",
    "a\U0010fffd",
    "\ufffd",
    "ﬀ",
    "ß",
    "İ",
    '\\"',
    "$$",
    "%s",
]
ALL = [id for id in {*IDS, *ARRAYS, *PATHS, *LONG, *HARD} if id.strip()]


def _scopes() -> list[Scope]:
    split = [(tenant, id) for tenant, id in SPLITS if tenant and id]
    known = [("acme", id) for id in ALL] + [(id, "acme") for id in ALL] + split
    roots = [scope for tenant, id in known for scope in (Scope.user(tenant, id), Scope.workspace(tenant, id))]
    return list(dict.fromkeys([*roots, *(Branch(root, ("trips",)).scope for root in roots[:20])]))


async def test_postgres_and_python_give_a_scope_the_same_key(postgres_url: str) -> None:
    scopes = _scopes()
    columns = [[scope.tenant for scope in scopes], [scope.kind for scope in scopes], [scope.id for scope in scopes]]
    connection = await asyncpg.connect(postgres_url)
    try:
        rows = await connection.fetch(
            """select semmem.scope_key(tenant, kind, id) as key, semmem.job_key('index', tenant, kind, id) as job
               from unnest($1::text[], $2::text[], $3::text[]) as s (tenant, kind, id)""",
            *columns,
        )
    finally:
        await connection.close()
    assert [row["key"] for row in rows] == [scope.key for scope in scopes]
    assert [row["job"] for row in rows] == [f"index:{scope.key}" for scope in scopes]


def test_no_two_scopes_have_one_key() -> None:
    scopes = _scopes()
    assert len(scopes) > 250
    assert len({scope.key for scope in scopes}) == len(scopes)


def test_a_key_stays_what_it_is() -> None:
    """Jobs that wait, locks that are held and entries of the cache are found by it."""
    assert Scope.user("acme", "alice").key == "461981948ae9b18bb1d640e868b454fd36b4742930687a3be4cdb52ef1f8e189"
    assert Scope.user("acme", "alice").digest == Scope.user("acme", "alice").key[:12]
