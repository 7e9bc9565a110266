"""Each error of the driver becomes one of semmem's, with a fix where there is one and without the driver's own text."""

import socket
import ssl

import asyncpg
import pytest

from semmem.errors import ConfigurationError, SchemaOutdated, SemmemError, StoreUnavailable, WriteConflict
from semmem.postgres.errors import NOT_BOUND, mapped_errors, translated

SECRET = "carol@10.0.0.7"


def _not_bound() -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": NOT_BOUND, "M": SECRET, "S": "ERROR"})


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (asyncpg.InvalidPasswordError(SECRET), ConfigurationError, "refused the login"),
        (
            asyncpg.InvalidAuthorizationSpecificationError("no pg_hba.conf entry, no encryption"),
            ConfigurationError,
            "require",
        ),
        (asyncpg.InvalidCatalogNameError(SECRET), ConfigurationError, "does not exist"),
        (asyncpg.InsufficientPrivilegeError(SECRET), ConfigurationError, "semmem migrate"),
        (asyncpg.UndefinedTableError(SECRET), SchemaOutdated, "semmem migrate"),
        (asyncpg.UndefinedColumnError(SECRET), SchemaOutdated, "semmem migrate"),
        (asyncpg.UndefinedFunctionError(SECRET), SchemaOutdated, "semmem migrate"),
        (asyncpg.InvalidSchemaNameError(SECRET), SchemaOutdated, "semmem migrate"),
        (asyncpg.InvalidParameterValueError('role "semmem_app" does not exist'), SchemaOutdated, "semmem migrate"),
        (_not_bound(), ConfigurationError, "row level security"),
        (ssl.SSLCertVerificationError(SECRET), ConfigurationError, "sslrootcert"),
        (ssl.SSLError(SECRET), ConfigurationError, "TLS"),
        (ConnectionError(f"PostgreSQL server at {SECRET} rejected SSL upgrade"), ConfigurationError, "sslmode"),
        (asyncpg.exceptions.ClientConfigurationError(SECRET), ConfigurationError, "sslrootcert"),
        (asyncpg.ProtocolViolationError("no such database: x"), ConfigurationError, "pooler"),
        (asyncpg.ProtocolViolationError("unsupported startup parameter: options"), ConfigurationError, "options"),
        (asyncpg.InvalidSQLStatementNameError(SECRET), ConfigurationError, "pgbouncer=true"),
        (asyncpg.DuplicatePreparedStatementError(SECRET), ConfigurationError, "pgbouncer=true"),
        (ssl.SSLEOFError(SECRET), StoreUnavailable, "SSLEOFError"),
        (asyncpg.ProtocolViolationError("query_wait_timeout"), StoreUnavailable, "no session free"),
        (
            asyncpg.ConnectionDoesNotExistError("connection was closed: query_timeout"),
            StoreUnavailable,
            "the pooler's query_timeout",
        ),
        (asyncpg.ProtocolViolationError("no more connections allowed (max_client_conn)"), StoreUnavailable, "POOL"),
        (asyncpg.ProtocolViolationError("server login has been failing"), StoreUnavailable, "list of users"),
        (
            asyncpg.ConnectionDoesNotExistError("closed: transaction blocks not allowed in statement pooling mode"),
            ConfigurationError,
            "pool_mode",
        ),
        (asyncpg.ProtocolViolationError("the database system is starting up"), StoreUnavailable, "unavailable"),
        (socket.gaierror(-2, SECRET), StoreUnavailable, "host name"),
        (asyncpg.ReadOnlySQLTransactionError(SECRET), StoreUnavailable, "read-only"),
        (asyncpg.TooManyConnectionsError(SECRET), StoreUnavailable, "SEMMEM_POSTGRES_POOL"),
        (asyncpg.DiskFullError(SECRET), StoreUnavailable, "DiskFullError"),
        (asyncpg.CannotConnectNowError(SECRET), StoreUnavailable, "CannotConnectNowError"),
        (asyncpg.AdminShutdownError(SECRET), StoreUnavailable, "AdminShutdownError"),
        (asyncpg.QueryCanceledError(SECRET), StoreUnavailable, "QueryCanceledError"),
        (asyncpg.DeadlockDetectedError(SECRET), WriteConflict, "call again"),
        (asyncpg.SerializationError(SECRET), WriteConflict, "call again"),
        (asyncpg.IdleInTransactionSessionTimeoutError(SECRET), StoreUnavailable, "Idle"),
        (ConnectionRefusedError(SECRET), StoreUnavailable, "ConnectionRefusedError"),
        (TimeoutError(), StoreUnavailable, "TimeoutError"),
    ],
)
def test_the_driver_s_errors_are_typed(error: Exception, kind: type[SemmemError], says: str) -> None:
    with pytest.raises(SemmemError) as raised, mapped_errors():
        raise error
    assert type(raised.value) is kind
    assert says in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_fault_of_our_own_stays_what_it_is() -> None:
    assert translated(asyncpg.PostgresSyntaxError("select")) is None
    assert translated(KeyError("x")) is None
