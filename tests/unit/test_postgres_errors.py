"""Each error of the driver becomes one of semmem's, with a fix where there is one and without the driver's own text."""

import socket
import ssl
from types import SimpleNamespace

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
        (BufferError(SECRET), StoreUnavailable, "BufferError"),
        (UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, "invalid"), StoreUnavailable, "UnicodeDecodeError"),
        (socket.gaierror(-2, SECRET), StoreUnavailable, "host name"),
        (asyncpg.ReadOnlySQLTransactionError(SECRET), StoreUnavailable, "read-only"),
        (asyncpg.TooManyConnectionsError(SECRET), StoreUnavailable, "SEMMEM_POSTGRES_POOL"),
        (asyncpg.DiskFullError(SECRET), StoreUnavailable, "its disk is full"),
        (asyncpg.CannotConnectNowError(SECRET), StoreUnavailable, "starting, stopping or recovering"),
        (asyncpg.AdminShutdownError(SECRET), StoreUnavailable, "call again"),
        (asyncpg.QueryCanceledError(SECRET), StoreUnavailable, "statement_timeout"),
        (asyncpg.DeadlockDetectedError(SECRET), WriteConflict, "call again"),
        (asyncpg.SerializationError(SECRET), WriteConflict, "call again"),
        (asyncpg.IdleInTransactionSessionTimeoutError(SECRET), StoreUnavailable, "stood still"),
        (asyncpg.LockNotAvailableError(SECRET), StoreUnavailable, "lock_timeout"),
        (asyncpg.TransactionTimeoutError(SECRET), StoreUnavailable, "transaction_timeout"),
        (asyncpg.CrashShutdownError(SECRET), StoreUnavailable, "crashed"),
        (asyncpg.IdleSessionTimeoutError(SECRET), StoreUnavailable, "IdleSessionTimeoutError"),
        (asyncpg.PostgresIOError(SECRET), StoreUnavailable, "its log"),
        (asyncpg.UndefinedFileError(SECRET), StoreUnavailable, "its log"),
        (asyncpg.DataCorruptedError(SECRET), StoreUnavailable, "its log"),
        (asyncpg.InternalServerError(SECRET), StoreUnavailable, "InternalServerError"),
        (asyncpg.StatementCompletionUnknownError(SECRET), StoreUnavailable, "StatementCompletionUnknownError"),
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


def test_tls_that_nobody_asked_for_is_not_missed() -> None:
    """Nothing that speaks the protocol refuses it in these words then."""
    error = translated(ConnectionError(f"PostgreSQL server at {SECRET} rejected SSL upgrade"), tls=False)
    assert isinstance(error, StoreUnavailable)
    assert SECRET not in str(error)


def test_a_fault_of_our_own_stays_what_it_is() -> None:
    assert translated(asyncpg.PostgresSyntaxError("select")) is None
    assert translated(KeyError("x")) is None


async def test_a_connection_that_is_ended_under_a_statement_is_an_outage_and_our_own_faults_are_none() -> None:
    ended = SimpleNamespace(_stmts_to_close={object()}, _protocol=None)
    with pytest.raises(StoreUnavailable, match="AttributeError"), mapped_errors():
        await asyncpg.Connection._cleanup_stmts(ended)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError), mapped_errors():
        ended._protocol.close_statement()
