"""What a server offers and a login may do there: asked first, so that what is missing is said in one line."""

from dataclasses import dataclass

import asyncpg

MIN_POSTGRES = 16  # grants that are not inherited
MIN_PGVECTOR = (0, 8)  # iterative scans

_LOOK = """
select current_setting('server_version') as version,
       current_setting('server_version_num')::int / 10000 as major,
       pg_encoding_to_char((select encoding from pg_database where datname = current_database())) as encoding,
       current_setting('transaction_read_only')::boolean as read_only,
       (select extversion from pg_extension where extname = 'vector') as pgvector,
       (select nspname from pg_extension e join pg_namespace n on n.oid = extnamespace where extname = 'vector')
           as pgvector_schema,
       (select default_version from pg_available_extensions where name = 'vector') as pgvector_offered,
       exists (select from pg_available_extension_versions where name = 'vector' and trusted) as pgvector_trusted,
       session_user::text as login, rolsuper as superuser, rolcreaterole as makes_roles,
       has_database_privilege(current_database(), 'create') as makes_schemas,
       coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'create'), false) as writes_public,
       to_regrole('semmem_app') is not null and to_regrole('semmem_sweeper') is not null as has_roles,
       coalesce(pg_has_role(session_user, to_regrole('semmem_app')::oid,
                            case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end),
                false) as acts_as_app,
       to_regnamespace('semmem') is not null as has_schema,
       exists (select from pg_class where relname = 'events' and relnamespace = to_regnamespace('semmem'))
           as has_tables,
       to_regclass('public.semmem_revision') is not null as has_revision
from pg_roles where rolname = session_user
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    version: str
    major: int
    encoding: str
    read_only: bool
    pgvector: str | None
    pgvector_schema: str | None
    pgvector_offered: str | None
    pgvector_trusted: bool
    login: str
    superuser: bool
    makes_roles: bool
    makes_schemas: bool
    writes_public: bool
    has_roles: bool
    acts_as_app: bool
    has_schema: bool
    has_tables: bool
    has_revision: bool


async def examine(connection: asyncpg.Connection) -> Server:
    """Asks in the caller's transaction."""
    found = await connection.fetchrow(_LOOK)
    assert found is not None
    return Server(**dict(found))


async def revision_of(connection: asyncpg.Connection) -> str | None:
    """Returns None where there is none, or the current role may not read it."""
    shown = await connection.fetchval(
        "select has_table_privilege(to_regclass('public.semmem_revision')::oid, 'select')"
    )
    if not shown:
        return None
    revision: str | None = await connection.fetchval("select string_agg(version_num, ', ') from public.semmem_revision")
    return revision


def unfit(server: Server) -> list[str]:
    """Says why semmem cannot work in this database, whoever logs in; each with its fix."""
    if server.major < MIN_POSTGRES:
        return [f"Postgres is {server.version}, and semmem needs {MIN_POSTGRES} or newer; use a newer server"]
    reasons = []
    if server.encoding != "UTF8":
        reasons.append(
            f"the database's encoding is {server.encoding}, and semmem needs UTF8; make one with "
            "`create database ... encoding 'UTF8' template template0`"
        )
    if server.pgvector is None and server.pgvector_offered is None:
        reasons.append(
            "the server has no pgvector; install its package, postgresql-"
            f"{server.major}-pgvector of apt.postgresql.org for example"
        )
    if server.pgvector and server.pgvector_schema != "public":
        reasons.append(
            f"pgvector lies in the schema {server.pgvector_schema}, and semmem looks in public; run "
            "`alter extension vector set schema public`"
        )
    version = server.pgvector or server.pgvector_offered
    if version and tuple(int(part) for part in version.split(".") if part.isdigit()) < MIN_PGVECTOR:
        reasons.append(
            f"pgvector is {version}, and semmem needs {'.'.join(map(str, MIN_PGVECTOR))} or newer; install a newer "
            "one, then run `alter extension vector update`"
        )
    return reasons


def forbidden(server: Server) -> list[str]:
    """Says what a migration needs that this login may not do; each with its fix."""
    if server.superuser:
        return []
    reasons, login = [], server.login
    if server.pgvector is None and not (server.pgvector_trusted and server.makes_schemas):
        reasons.append(
            "only a superuser may create the extension; let one run `create extension vector` in the database"
        )
    if not server.has_schema and not server.makes_schemas:
        reasons.append(f'it may not create a schema; run `grant create on database ... to "{login}"`')
    if not server.has_revision and not server.writes_public:
        reasons.append(f'it may not write to the schema public; run `grant create on schema public to "{login}"`')
    if not server.has_roles and not server.makes_roles:
        reasons.append(f'it may not create roles; run `alter role "{login}" createrole`')
    return reasons
