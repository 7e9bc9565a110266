"""Whether a database and a login serve semmem: asked once, before the pool is opened."""

import asyncpg

from semmem.errors import ConfigurationError, SchemaOutdated
from semmem.migrations.access import gaps, listed
from semmem.migrations.revisions import HEAD, check_known
from semmem.migrations.server import examine, revision_of, unfit
from semmem.postgres.connect import connect, is_pooled
from semmem.postgres.errors import mapped_errors
from semmem.postgres.session import APP_ROLE, session_settings
from semmem.postgres.url import PostgresUrl

_FIX = "run `semmem migrate`"


async def check_fitness(url: PostgresUrl) -> bool:
    """Whether a pooler stands before the server.

    Raises StoreUnavailable, ConfigurationError, or SchemaOutdated where `semmem migrate` has to run first.
    """
    connection = await connect(url)
    try:
        with mapped_errors():
            pooled = url.pooled or await is_pooled(connection)
            async with connection.transaction():
                await _check(connection)
            return pooled
    finally:
        await connection.close()


async def _check(connection: asyncpg.Connection) -> None:
    await connection.execute(session_settings(None, local=True))
    server = await examine(connection)
    if reasons := unfit(server):
        raise ConfigurationError("; ".join(reasons))
    if server.has_roles and not server.acts_as_app:
        fix = f'run `grant {APP_ROLE} to "{server.login}"` as an administrator'
        raise ConfigurationError(f"the Postgres login {server.login} may not act as {APP_ROLE}; {fix}")
    if server.acts_as_app:  # a login need not inherit what the role may read
        await connection.execute(f"set local role {APP_ROLE}")
    revision = await revision_of(connection)
    check_known(revision, "install the release that made it, or a newer one")
    if revision != HEAD:
        raise SchemaOutdated(f"the database is at revision {revision or 'none'}, this release needs {HEAD}; {_FIX}")
    if lacking := await gaps(connection):
        raise SchemaOutdated(f"the database lacks {listed(lacking)}; {_FIX}", [gap.what for gap in lacking])
