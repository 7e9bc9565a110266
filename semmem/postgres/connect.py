"""Opens connections, with the same meaning of a URL for each of them."""

import logging
import socket
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg

from semmem.errors import ConfigurationError
from semmem.postgres.errors import mapped_errors
from semmem.postgres.url import PostgresUrl
from semmem.runtime.keepalive import socket_options

_log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 3.0


async def connect(
    url: PostgresUrl, *, prepared: bool = False, command_timeout: float | None = None
) -> asyncpg.Connection:
    """Opens one connection, as the login itself. Raises ConfigurationError or StoreUnavailable.

    `prepared` keeps statements prepared, which nothing but the server itself can do; `command_timeout` is in seconds.
    """
    with mapped_errors(url.name, tls=url.insists_on_tls):
        connection: asyncpg.Connection = await asyncpg.connect(
            **arguments(url, prepared=prepared), command_timeout=command_timeout
        )
    keep_alive(connection)
    return connection


def keep_alive(connection: asyncpg.Connection) -> None:
    """Lets the system notice a server that is gone; asyncpg itself has no setting for it."""
    used = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
    if used is not None and used.family in (socket.AF_INET, socket.AF_INET6):
        for option in socket_options():
            used.setsockopt(*option)


def arguments(url: PostgresUrl, *, prepared: bool) -> dict[str, Any]:
    """Returns what asyncpg.connect and asyncpg.create_pool take."""
    for name in url.left_out:
        _warn_once(name, "it means nothing to semmem and is left out")
    in_dsn = dict(url.driver_parameters)
    if url.sslmode and url.sslrootcert != "system":
        in_dsn["sslmode"] = url.sslmode
    if url.sslrootcert and url.sslrootcert != "system":
        in_dsn["sslrootcert"] = url.sslrootcert
    for key in ("sslcert", "sslkey", "sslcrl", "passfile", "sslrootcert"):
        if key in in_dsn and not Path(in_dsn[key]).is_file():  # it would look like a server that is away
            raise ConfigurationError(f"the file that the Postgres URL names in {key} cannot be read; correct the path")
    ports: dict[str, Any] = {}
    if url.hosts:
        ports["port"] = list(url.ports)
    elif url.ports:
        ports["port"] = url.ports[0]
    return {
        "dsn": f"postgresql://?{urlencode(in_dsn)}",
        "host": list(url.hosts) or None,
        **ports,
        "user": url.user,
        "password": url.password,
        "database": url.database,
        "ssl": ssl.create_default_context() if url.sslrootcert == "system" else None,
        "target_session_attrs": url.session_kind,
        "timeout": url.connect_timeout or CONNECT_TIMEOUT,
        "server_settings": {"application_name": "semmem", **url.server_settings},
        **({} if prepared else {"statement_cache_size": 0}),
    }


async def is_pooled(connection: asyncpg.Connection) -> bool:
    """Returns whether something between us and the server shares its sessions out: it hands out process ids of its own.

    The connection must have been opened without prepared statements.
    """
    async with connection.transaction():
        found = await connection.fetchval("select pg_backend_pid()")
    return bool(found != connection.get_server_pid())


@lru_cache(maxsize=100)
def _warn_once(name: str, why: str) -> None:
    _log.warning("the parameter %s of the Postgres URL: %s", name, why)
