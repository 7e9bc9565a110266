"""What the driver's errors mean for a caller: wrong settings, a schema that is not ready, or a server that is away."""

import asyncio
import socket
import ssl
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from semmem.errors import ConfigurationError, SchemaOutdated, SemmemError, StoreUnavailable, WriteConflict
from semmem.postgres.url import URL_SETTING

# Raised by semmem.enter where row level security would not bind the caller.
NOT_BOUND = "SM002"

MIGRATE = "run `semmem migrate` with a login that may"

# What keeps the server from doing what it is asked, and the way out; the first class that fits says it.
TROUBLE: dict[type[Exception], str] = {
    socket.gaierror: "its host name is not known",
    asyncpg.ReadOnlySQLTransactionError: "the server is read-only, a standby perhaps; target_session_attrs=read-write "
    "in the URL finds the other",
    asyncpg.TooManyConnectionsError: "it has no connection left; lower SEMMEM_POSTGRES_POOL, or let it or its pooler "
    "have more",
    asyncpg.DiskFullError: "its disk is full; it can be written to when there is room again",
    asyncpg.OutOfMemoryError: "the server has no memory left for the statement",
    asyncpg.LockNotAvailableError: "another session held a lock for longer than lock_timeout allows; nothing was "
    "written, so call again",
    asyncpg.QueryCanceledError: "a statement took longer than statement_timeout allows, or was cancelled; call again, "
    "or raise it for this login",
    asyncpg.TransactionTimeoutError: "a transaction took longer than transaction_timeout allows; raise it for this "
    "login",
    asyncpg.IdleInTransactionSessionTimeoutError: "this process, or what is before the server, stood still within a "
    "transaction, which the server gave up; call again",
    asyncpg.AdminShutdownError: "the server stops, or an administrator ended the session; call again",
    asyncpg.CrashShutdownError: "one of the server's processes crashed, and it starts again; its log says why",
    asyncpg.CannotConnectNowError: "the server is starting, stopping or recovering; call again",
    asyncpg.DatabaseDroppedError: "the database was dropped",
    asyncpg.PostgresSystemError: "the server cannot read or write its files; its log says why",
    asyncpg.DataCorruptedError: "the server finds its data damaged; its log says which",
    asyncpg.IndexCorruptedError: "the server finds an index damaged; `reindex` mends it, and its log says which",
}
UNAVAILABLE = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg may say of a connection that broke in the middle of a query
    BufferError,  # and of an answer that breaks off, or is none of the protocol
    UnicodeDecodeError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectInUseError,
    asyncpg.InternalServerError,
    asyncpg.StatementCompletionUnknownError,
    asyncpg.InvalidCachedStatementError,  # the tables changed under a statement; the next try prepares it anew
)
# What the server says in place of doing anything: nothing was written.
REFUSED = (
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
MISSING = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedObjectError,
    asyncpg.InvalidSchemaNameError,
)
# What poolers say, under codes that mean anything: a part of the text, and what is to be done.
POOLER_ERRORS = (asyncpg.ProtocolViolationError, asyncpg.ConnectionDoesNotExistError)
POOLER_REFUSALS = {
    "no such database": "the pooler does not know the database; add it to its configuration, or correct the URL",
    "bouncer config error": "the pooler does not know the database or the login; add them to its configuration",
    "no such user": "the pooler does not know the login; add it to its user list, or correct the URL",
    "unsupported startup parameter": "the pooler refuses application_name or options in the URL; leave them out, "
    "or add them to its ignore_startup_parameters",
    "statement pooling mode": "the pooler is in statement mode, and semmem works in transactions; set its pool_mode to "
    "transaction",
    "PQexec disallowed": "the pooler refuses simple queries; set its disable_pqexec to 0",
}
# The same of what may pass by itself.
POOLER_TROUBLE = {
    "query_wait_timeout": "its pooler had no session free within query_wait_timeout",
    "query_timeout": "a statement took longer than the pooler's query_timeout",
    "server login": "its pooler cannot log in there; write the pooler's list of users anew",
    "authentication failed": "its pooler cannot log in there; write the pooler's list of users anew",
}


def is_crowded(error: BaseException | None) -> bool:
    """Returns whether one more connection was not to be had, though others may work."""
    refused = isinstance(error, asyncpg.ProtocolViolationError) and "no more connections allowed" in str(error)
    return refused or isinstance(error, TimeoutError | asyncpg.TooManyConnectionsError)


@contextmanager
def mapped_errors(name: str = URL_SETTING, *, tls: bool = True) -> Iterator[None]:
    """Raises what `translated` makes of an error. The driver's own text may hold addresses and content."""
    try:
        yield
    except SemmemError:
        raise
    except Exception as error:
        typed = translated(error, name, tls=tls)
        if typed is None:
            raise
        raise typed from error


def translated(error: BaseException, name: str = URL_SETTING, *, tls: bool = True) -> SemmemError | None:
    """Returns None for what is no question of the server, its settings or its rights.

    `name` is the setting with the URL, and `tls` says whether that insists on TLS.
    """
    if not tls and _is_refused_tls(error):
        return StoreUnavailable("postgres", "what answers there does not speak Postgres's protocol")
    return _tls(error) or _settings(error, name) or _schema(error) or _unavailable(error)


def _tls(error: BaseException) -> ConfigurationError | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigurationError(
            "Postgres shows a certificate that is not trusted, or of another host; give the URL its authority's file "
            "in sslrootcert, or sslrootcert=system"
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ConfigurationError(
            "a TLS connection to Postgres failed; correct sslmode and the certificate files in the URL"
        )
    if _is_refused_tls(error):
        return ConfigurationError("Postgres offers no TLS; turn it on there, or set sslmode=prefer in the URL")
    return None


def _is_refused_tls(error: BaseException) -> bool:
    return isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error)


def _settings(error: BaseException, name: str) -> ConfigurationError | None:
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return ConfigurationError(f"the database does not exist; create it, or correct {name}")
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        hint = " (it asks for TLS: try sslmode=require)" if "no encryption" in str(error) else ""
        return ConfigurationError(f"Postgres refused the login ({type(error).__name__}){hint}; correct it in {name}")
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        return ConfigurationError(
            "the TLS parameters of the Postgres URL do not fit together, or a certificate cannot be read; with "
            "sslmode=verify-ca or verify-full name a file in sslrootcert, or sslrootcert=system"
        )
    if isinstance(error, POOLER_ERRORS) and (refusal := _said(error, POOLER_REFUSALS)):
        return ConfigurationError(refusal)
    if isinstance(error, asyncpg.InvalidSQLStatementNameError | asyncpg.DuplicatePreparedStatementError):
        return ConfigurationError("a pooler before Postgres loses prepared statements; add pgbouncer=true to the URL")
    return None


def _said(error: BaseException, meanings: dict[str, str]) -> str | None:
    return next((meaning for part, meaning in meanings.items() if part in str(error)), None)


def _schema(error: BaseException) -> ConfigurationError | None:
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate == NOT_BOUND:
        return ConfigurationError(
            "row level security does not bind this connection, so it does not work; `semmem doctor` says why. Behind a "
            "pooler, add pgbouncer=true to the URL"
        )
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return ConfigurationError(
            f"the Postgres login has too few rights; {MIGRATE}, and `semmem doctor` names what is missing"
        )
    no_such_role = isinstance(error, asyncpg.InvalidParameterValueError) and "role" in str(error)
    if isinstance(error, MISSING) or no_such_role:
        return SchemaOutdated(f"something of semmem's is missing in the database; {MIGRATE}")
    return None


def _unavailable(error: BaseException) -> StoreUnavailable | None:
    if isinstance(error, POOLER_ERRORS) and (trouble := _said(error, POOLER_TROUBLE)):
        return StoreUnavailable("postgres", trouble)
    if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        return WriteConflict(type(error).__name__)
    for kind, trouble in TROUBLE.items():
        if isinstance(error, kind):
            return StoreUnavailable("postgres", trouble)
    if is_crowded(error) and not isinstance(error, TimeoutError):
        return StoreUnavailable("postgres", TROUBLE[asyncpg.TooManyConnectionsError])
    if isinstance(error, UNAVAILABLE) or _is_of_an_ended_connection(error):
        return StoreUnavailable("postgres", type(error).__name__)
    return None


def _is_of_an_ended_connection(error: BaseException) -> bool:
    """What asyncpg meets where a connection is ended while a statement of it is under way: its protocol is None."""
    if not isinstance(error, AttributeError) or error.obj is not None or error.__traceback__ is None:
        return False
    innermost = list(traceback.walk_tb(error.__traceback__))[-1][0]
    return str(innermost.f_globals.get("__name__", "")).startswith("asyncpg.")
