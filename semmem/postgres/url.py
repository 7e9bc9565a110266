"""A Postgres URL as people and providers write it: read here for all who connect, and nowhere else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from semmem.errors import ConfigurationError

URL_SETTING = "SEMMEM_POSTGRES_URL"

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# What other drivers call them; "no-verify" is Node's word for TLS to a server that nobody vouches for.
SSL_WORDS = {
    **dict.fromkeys(("true", "1", "on", "no-verify"), "require"),
    **dict.fromkeys(("false", "0", "off"), "disable"),
}
SESSION_KINDS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
YES = ("true", "1", "yes", "on")

# What the driver reads itself.
DRIVER_PARAMETERS = {
    *("sslcert", "sslkey", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib", "passfile", "service"),
}
# What the server is told at the start of a session.
SERVER_PARAMETERS = {"application_name", "options"}
# What other drivers need and nothing is lost without.
WITHOUT_EFFECT = {
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
    *("gssencmode", "sslcompression", "sslsni", "client_encoding", "fallback_application_name"),
    *("prepared_statement_name_func", "max_cached_statement_lifetime", "max_cacheable_statement_size"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresUrl:
    """Where a server is and how to log in there; what is None or empty is left to the driver's own defaults."""

    hosts: tuple[str, ...] = ()  # a host that starts with / is the folder of a unix socket
    ports: tuple[int, ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    sslmode: str | None = None
    sslrootcert: str | None = None  # a file, or "system" for the certificates of the machine
    session_kind: str | None = None
    connect_timeout: float | None = None  # seconds
    pooled: bool = False  # a pooler keeps no prepared statements and no settings of a session
    driver_parameters: Mapping[str, str] = field(default_factory=dict)
    server_settings: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()  # parameters that have no meaning here
    name: str = URL_SETTING  # the setting that it was given in

    @property
    def insists_on_tls(self) -> bool:
        return self.sslmode in SSL_MODES[SSL_MODES.index("require") :] or self.sslrootcert is not None

    @property
    def place(self) -> str:
        """Database and hosts, without the login, for people to read."""
        return f"{self.database or self.user or 'the default database'} on {', '.join(self.hosts) or 'this machine'}"


def parse(text: str, name: str = URL_SETTING) -> PostgresUrl:
    """Raises ConfigurationError that names what is wrong and the fix, and never shows the password."""
    parts = _split(text.strip(), name)
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    given = _parameters(parts.query.strip("&"), name)
    named = [given.pop(key, "") for key in ("host", "hostaddr", "unix_sock")]
    hosts, ports = _hosts(next(filter(None, named), places), given.pop("port", ""), name)
    database = given.pop("dbname", None) or given.pop("database", None) or unquote(parts.path[1:])
    said = given.pop("ssl", "")  # what other drivers call `sslmode`
    mode = given.pop("sslmode", said).lower()
    sslmode = _one_of(SSL_MODES, SSL_WORDS.get(mode, mode) or None, "sslmode", name)
    root = given.pop("sslrootcert", None)
    cache_sizes = [given.pop(key, None) for key in ("prepared_statement_cache_size", "statement_cache_size")]
    pooled = given.pop("pgbouncer", "").lower() in YES or "0" in cache_sizes
    if given.get("channel_binding") in ("prefer", "disable"):
        del given["channel_binding"]
    timeout = _seconds(given.pop("connect_timeout", None) or given.pop("timeout", None), "connect_timeout", name)
    return PostgresUrl(
        hosts=hosts,
        ports=ports,
        user=given.pop("user", None) or unquote(user) or None,
        password=given.pop("password", None) or unquote(password) or None,
        database=database or None,
        sslmode="verify-full" if root == "system" else sslmode,
        sslrootcert=root,
        session_kind=_one_of(SESSION_KINDS, given.pop("target_session_attrs", None), "target_session_attrs", name),
        connect_timeout=timeout,
        pooled=pooled,
        driver_parameters={key: given.pop(key) for key in sorted(DRIVER_PARAMETERS & given.keys())},
        server_settings={key: given.pop(key) for key in sorted(SERVER_PARAMETERS & given.keys())},
        left_out=tuple(sorted(given.keys() - WITHOUT_EFFECT)),
        name=name,
    )


def _split(text: str, name: str) -> SplitResult:
    if not re.match(r"postgres(ql)?(\+\w+)?://", text, re.IGNORECASE):
        raise ConfigurationError(f"{name} must start with postgresql://; correct it")
    if re.search("[\0\ud800-\udfff]", unquote(text)):
        raise ConfigurationError(f"{name} holds a NUL, or bytes that are not UTF-8; take them out")
    try:
        parts = urlsplit(text)
    except ValueError as error:  # of brackets that do not hold an IPv6 address
        raise ConfigurationError(f"{name} has a malformed host; {_ESCAPE}") from error
    if parts.fragment:
        raise ConfigurationError(f"{name} has a # in it; {_ESCAPE}")
    return parts


_ESCAPE = "write /, ?, #, [, ] and @ inside a password as %2F, %3F, %23, %5B, %5D and %40"


def _parameters(query: str, name: str) -> dict[str, str]:
    """Returns the last value of each, and all values of `host`. An empty one counts as left out."""
    given: dict[str, str] = {}
    try:
        pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise ConfigurationError(f"{name} must end with ?name=value&name=value or nothing; correct it") from error
    for key, value in pairs:
        given[key] = f"{given[key]},{value}" if key in ("host", "port") and given.get(key) else value
    return {key: value for key, value in given.items() if value}


def _hosts(places: str, port: str, name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Reads hosts, each like `db`, `db:5432`, `[::1]:5432`, `::1`, `/run/postgresql` or `%2Frun%2Fpostgresql`."""
    found: list[tuple[str, int | None]] = []
    for place in map(unquote, places.split(",") if places else ()):
        host, _, own = place.partition(":")
        if bracketed := re.fullmatch(r"\[([^\]]+)\](?::(.*))?", place):
            host, own = bracketed[1], bracketed[2]
        elif place.startswith("/") or place.count(":") > 1:
            host, own = place, ""
        elif not host:
            raise ConfigurationError(f"{name} has an empty host in its list; correct it")
        else:
            try:
                host.encode("idna")
            except UnicodeError as error:
                raise ConfigurationError(f"{name} has a malformed host; correct it, or {_ESCAPE}") from error
        found.append((host, _port(own, name) if own else None))
    ports = [_port(one, name) for one in port.split(",")] if port else []
    if ports and found and len(ports) not in (1, len(found)):
        raise ConfigurationError(f"{name} names {len(found)} hosts and {len(ports)} ports; give one port, or one each")
    if not found:
        return (), tuple(ports)
    default = ports if len(ports) == len(found) else (ports or [5432]) * len(found)
    return tuple(host for host, _ in found), tuple(own or other for (_, own), other in zip(found, default, strict=True))


def _port(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise ConfigurationError(f"{name} has a port that is no number from 1 to 65535; correct it, or {_ESCAPE}")
    return int(text)


def _seconds(text: str | None, key: str, name: str) -> float | None:
    """Returns None where nothing is said, or 0 or less, which libpq takes for "as long as it takes"."""
    try:
        seconds = float(text or 0)
    except ValueError:
        raise ConfigurationError(f"{name}: {key} must be a number of seconds; correct it") from None
    return seconds if 0 < seconds < float("inf") else None


def _one_of(allowed: tuple[str, ...], value: str | None, key: str, name: str) -> str | None:
    if value is not None and value not in allowed:
        raise ConfigurationError(f"{name}: {key} must be one of {', '.join(allowed)}; correct it")
    return value
