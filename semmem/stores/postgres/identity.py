"""Which database this is, by what no copy of it carries along: caches and mirrors are kept apart by it."""

import hashlib

import asyncpg

from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("identity.sql")


class Identity:
    """What the newest connection said, so that it is known anew after a restart or a failover, at no call's cost.

    `database` stays what it is over restarts; a dump, a template and another server's copy have another. `state` is
    another, too, after what may have taken the database back in time: a restart (of a snapshot, or a standby that was
    promoted), or a restore of its tables. Both are hashes of 12 characters.
    """

    def __init__(self, database: str = "", state: str = "") -> None:
        self.database, self.state = database, state

    async def learn(self, connection: asyncpg.Connection) -> None:
        row = await Unit(connection).fetchrow(_SQL["identity"])
        assert row is not None
        installed = (await _system(connection), row["database"])
        self.database, self.state = _hashed(*installed), _hashed(*installed, row["started"], row["tables"])


async def _system(connection: asyncpg.Connection) -> int:
    """The server's own number; 0 where its operator lets nobody ask: the time it was started at tells it apart too."""
    try:
        async with connection.transaction():  # behind a pooler this one is inside another, which a refusal must not end
            found: int = await Unit(connection).fetchval(_SQL["system"])
    except asyncpg.InsufficientPrivilegeError:
        return 0
    return found


def _hashed(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=6).hexdigest()
