"""One reader of Postgres URLs, for all that connects: what providers hand out, and what is malformed."""

import logging
import ssl
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import ConfigurationError
from semmem.postgres.connect import arguments, connect
from semmem.postgres.url import SSL_MODES, PostgresUrl, parse

SECRET = "s3cret"


@pytest.mark.parametrize(
    "scheme",
    ["postgres", "postgresql", "POSTGRESQL", "Postgres", "postgresql+asyncpg", "postgresql+psycopg", "postgres+pg8000"],
)
def test_the_scheme_of_any_driver_will_do(scheme: str) -> None:
    url = parse(f"{scheme}://bob:{SECRET}@db.example.org:6543/memory")
    assert (url.hosts, url.ports, url.user, url.password, url.database) == (
        ("db.example.org",),
        (6543,),
        "bob",
        SECRET,
        "memory",
    )


@pytest.mark.parametrize(
    ("text", "hosts", "ports"),
    [
        ("postgresql://db/m", ["db"], [5432]),
        ("postgresql://a,b:6000,c/m", ["a", "b", "c"], [5432, 6000, 5432]),
        ("postgresql://a:1,b:2/m?target_session_attrs=read-write", ["a", "b"], [1, 2]),
        ("postgresql://[::1]/m", ["::1"], [5432]),
        ("postgresql://[2001:db8::1]:6000,b/m", ["2001:db8::1", "b"], [6000, 5432]),
        ("postgresql://u@/m?host=/run/postgresql", ["/run/postgresql"], [5432]),
        ("postgresql://u@/m?host=/run/postgresql&port=5433", ["/run/postgresql"], [5433]),
        ("postgresql://%2Frun%2Fpostgresql/m", ["/run/postgresql"], [5432]),
        ("postgresql+pg8000:///m?unix_sock=/cloudsql/p:r:db/.s.PGSQL.5432", ["/cloudsql/p:r:db/.s.PGSQL.5432"], [5432]),
        ("postgresql+asyncpg:///m?host=/cloudsql/p:r:db/.s.PGSQL.5432", ["/cloudsql/p:r:db/.s.PGSQL.5432"], [5432]),
        (
            "postgresql://alice@myserver:pw@myserver.postgres.database.azure.com/m",
            ["myserver.postgres.database.azure.com"],
            [5432],
        ),
        ("postgresql://localhost/m?host=/cloudsql/project:region:db", ["/cloudsql/project:region:db"], [5432]),
        ("postgresql:///m?host=a,b&port=1,2", ["a", "b"], [1, 2]),
        ("postgresql:///m?host=a:1&host=b:2", ["a", "b"], [1, 2]),
        ("postgresql:///m?host=a,b&port=7", ["a", "b"], [7, 7]),
        ("postgresql:///m?hostaddr=10.0.0.1", ["10.0.0.1"], [5432]),
        ("postgresql:///m?host=2001:db8::1", ["2001:db8::1"], [5432]),
        ("postgresql://", [], []),
    ],
)
def test_hosts_and_ports(text: str, hosts: list[str], ports: list[int]) -> None:
    url = parse(text)
    assert (list(url.hosts), list(url.ports)) == (hosts, ports)


@pytest.mark.parametrize(
    ("written", "password"),
    [
        ("p%40ss%2Fw%3Ard", "p@ss/w:rd"),
        ("100%25", "100%"),
        ("100%", "100%"),
        ("a+b", "a+b"),
        ("p@ss", "p@ss"),
        ("ü%C3%BC", "üü"),
    ],
)
def test_passwords_with_signs_in_them(written: str, password: str) -> None:
    url = parse(f"postgresql://bob:{written}@db/m")
    assert (url.password, url.hosts, url.user) == (password, ("db",), "bob")
    assert password not in repr(url)


@pytest.mark.parametrize("query", [f"user=bob&password={SECRET}", f"user=bob&password={SECRET}&dbname=m"])
def test_the_login_may_stand_among_the_parameters(query: str) -> None:
    url = parse(f"postgresql://db/m?{query}")
    assert (url.user, url.password, url.database) == ("bob", SECRET, "m")


@pytest.mark.parametrize("mode", SSL_MODES)
def test_every_sslmode_is_known(mode: str, tmp_path: Path) -> None:
    assert parse(f"postgresql://db/m?sslmode={mode}").sslmode == mode


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("true", "require"),
        ("require", "require"),
        ("false", "disable"),
        ("1", "require"),
        ("True", "require"),
        ("no-verify", "require"),
    ],
)
def test_ssl_is_what_other_drivers_call_it(word: str, mode: str) -> None:
    assert parse(f"postgresql://db/m?ssl={word}").sslmode == mode


def test_the_certificates_of_the_machine() -> None:
    given = arguments(parse("postgresql://db/m?sslmode=require&sslrootcert=system"), prepared=True)
    assert isinstance(given["ssl"], ssl.SSLContext)
    assert given["ssl"].check_hostname
    assert given["ssl"].verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("query", "pooled"),
    [
        ("pgbouncer=true", True),
        ("pgbouncer=1", True),
        ("pgbouncer=false", False),
        ("prepared_statement_cache_size=0", True),
        ("statement_cache_size=0", True),
        ("prepared_statement_cache_size=100", False),
        ("", False),
    ],
)
def test_a_pooler_may_be_named(query: str, pooled: bool) -> None:
    url = parse(f"postgresql://db/m?{query}")
    assert url.pooled is pooled
    assert url.left_out == ()


@pytest.mark.parametrize(("text", "seconds"), [("10", 10.0), ("0", None), ("-1", None), ("2.5", 2.5)])
def test_connect_timeout(text: str, seconds: float | None) -> None:
    url = parse(f"postgresql://db/m?connect_timeout={text}")
    assert url.connect_timeout == seconds
    assert arguments(url, prepared=True)["timeout"] == (seconds or 3.0)


# As Neon, Supabase, Heroku, RDS, Azure, Cloud SQL, Prisma, SQLAlchemy and libpq hand them out.
PROVIDERS: list[tuple[str, dict[str, Any]]] = [
    ("sslmode=require&channel_binding=prefer", {"sslmode": "require"}),
    ("sslmode=require&options=endpoint%3Dep-cool-1", {"server_settings": {"options": "endpoint=ep-cool-1"}}),
    ("options=-c%20statement_timeout%3D60000", {"server_settings": {"options": "-c statement_timeout=60000"}}),
    ("application_name=my+app", {"server_settings": {"application_name": "my+app"}}),
    ("keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=1000", {}),
    ("gssencmode=disable&sslsni=1&client_encoding=utf8&fallback_application_name=x", {}),
    ("target_session_attrs=prefer-standby", {"session_kind": "prefer-standby"}),
    ("krbsrvname=postgres&sslmode=prefer", {"driver_parameters": {"krbsrvname": "postgres"}}),
    ("sslmode=REQUIRE", {"sslmode": "require"}),
    ("sslmode=no-verify", {"sslmode": "require"}),
    ("sslmode=require&", {"sslmode": "require"}),
    ("&sslmode=require&connect_timeout=10", {"sslmode": "require", "connect_timeout": 10.0}),
    ("options=reference%3Dabc", {"server_settings": {"options": "reference=abc"}}),
    (
        "user=iam&password=db%3A5432%2F%3FAction%3Dconnect%26X-Amz-Expires%3D900&sslmode=verify-full&sslrootcert=system",
        {"user": "iam", "password": "db:5432/?Action=connect&X-Amz-Expires=900", "sslrootcert": "system"},
    ),
    ("sslmode=&application_name=", {"sslmode": None, "server_settings": {}}),
]


@pytest.mark.parametrize(("query", "wanted"), PROVIDERS)
def test_what_providers_add_is_understood(query: str, wanted: dict[str, Any]) -> None:
    url = parse(f"postgresql://bob:{SECRET}@db/m?{query}")
    assert url.left_out == ()
    assert {name: getattr(url, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "name",
    ["supa", "pool_mode", "connection_limit", "pool_timeout", "schema", "search_path", "role", "row_security", "x"],
)
def test_what_is_unknown_is_warned_of_once_and_never_sent(name: str, caplog: pytest.LogCaptureFixture) -> None:
    url = parse(f"postgresql://bob:{SECRET}@db/m?{name}=1")
    with caplog.at_level(logging.WARNING):
        given = [arguments(url, prepared=prepared) for prepared in (True, False)]
    assert all(one["server_settings"] == {"application_name": "semmem"} for one in given)
    assert all(name not in one["dsn"] for one in given)
    assert len([record for record in caplog.records if f"parameter {name} " in record.getMessage()]) <= 1


def test_a_binding_that_cannot_be_had_is_warned_of() -> None:
    assert parse("postgresql://db/m?channel_binding=require").left_out == ("channel_binding",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"mysql://bob:{SECRET}@db/m", "postgresql://"),
        (f"bob:{SECRET}@db/m", "postgresql://"),
        (f"host=db password={SECRET}", "postgresql://"),
        (f"'postgresql://bob:{SECRET}@db/m'", "postgresql://"),
        (f"jdbc:postgresql://db/m?password={SECRET}", "postgresql://"),
        ("", "postgresql://"),
        (f"postgresql://bob:{SECRET}#1@db/m", "%23"),
        (f"postgresql://bob:{SECRET}/1@db/m", "%2F"),
        (f"postgresql://bob:{SECRET}@db:port/m", "port"),
        (f"postgresql://bob:{SECRET}@db:0/m", "port"),
        (f"postgresql://bob:{SECRET}@db:70000/m", "port"),
        (f"postgresql://bob:{SECRET}@[::1/m", "host"),
        (f"postgresql://bob:{SECRET}@a,,b/m", "empty host"),
        (f"postgresql://bob:{SECRET}@a,b/m?port=1,2,3", "2 hosts and 3 ports"),
        (f"postgresql://bob:{SECRET}@db/m?sslmode", "name=value"),
        (f"postgresql://bob:{SECRET}@db/m?sslmode=on-please", "verify-full"),
        (f"postgresql://bob:{SECRET}@db/m?target_session_attrs=writer", "read-write"),
        (f"postgresql://bob:{SECRET}@db/m?connect_timeout=10s", "connect_timeout"),
        (f"postgresql://bob:{SECRET}%00@db/m", "NUL"),
        (f"postgresql://bob:{SECRET}\udcff@db/m", "UTF-8"),
        (f"postgresql://bob:{SECRET}@db..example/m", "malformed host"),
        (f"postgresql://bob:{SECRET}@{'x' * 64}.example/m", "malformed host"),
        (f"postgresql://bob:[{SECRET}]@db/m", "%5B"),
    ],
)
def test_a_malformed_url_names_the_setting_and_the_fix_but_no_password(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text, "SEMMEM_POSTGRES_ADMIN_URL")
    message = str(refused.value)
    assert "SEMMEM_POSTGRES_ADMIN_URL" in message
    assert says in message
    assert SECRET not in message


@pytest.mark.parametrize("key", ["sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile"])
def test_a_file_that_is_not_there_is_no_outage(key: str) -> None:
    url = parse(f"postgresql://db/m?sslmode=verify-full&{key}=/nowhere/at/all.pem")
    with pytest.raises(ConfigurationError, match=key):
        arguments(url, prepared=True)


@pytest.mark.parametrize("query", ["sslnegotiation=x", "sslnegotiation=direct", "ssl_min_protocol_version=TLSv9"])
async def test_tls_parameters_that_do_not_fit_are_a_setting_to_correct(query: str) -> None:
    with pytest.raises(ConfigurationError, match="TLS parameters"):
        await connect(parse(f"postgresql://bob:{SECRET}@127.0.0.1:1/m?{query}"))


def test_space_around_it_is_no_matter() -> None:
    assert parse(" postgresql://bob@db/m\n") == PostgresUrl(hosts=("db",), ports=(5432,), user="bob", database="m")
