"""TLS as the URL asks for it. The embedded Postgres has none, so Debian's 15 stands in: refused, but reached."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from semmem.errors import ConfigurationError
from semmem.migrations import upgrade
from semmem.postgres.connect import connect
from semmem.postgres.url import parse
from semmem.stores.postgres.pool import Postgres
from tests.postgres.cluster import Cluster, cluster
from tests.postgres.commands import run

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")

pytestmark = pytest.mark.skipif(
    not POSTGRES_15.exists() or shutil.which("openssl") is None, reason="postgresql-15 or openssl is not installed"
)

MAKE_CERTIFICATE = """
openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj /CN=db.example.org \
    -addext subjectAltName=DNS:localhost -keyout server.key -out root.pem 2>/dev/null
cp root.pem server.crt
echo "no certificate" > other.pem
chmod 600 server.key
"""


@pytest_asyncio.fixture(scope="module")
async def secured() -> AsyncIterator[Cluster]:
    async with cluster(POSTGRES_15) as made:
        await run(MAKE_CERTIFICATE, made.folder)
        if os.geteuid() == 0:
            await asyncio.to_thread(shutil.chown, made.folder / "server.key", "nobody")
        await made.stop()
        files = [f"ssl_{kind}_file={made.folder}/server.{end}" for kind, end in (("key", "key"), ("cert", "crt"))]
        await made.start("ssl=on", *files)
        yield made


def _url(made: Cluster, query: str, host: str = "localhost") -> str:
    files = {"root": made.folder / "root.pem", "other": made.folder / "other.pem"}
    return f"{made.url()}?{query.format(**files)}".replace("127.0.0.1", host)


@pytest.mark.parametrize(
    ("query", "encrypted"),
    [
        ("sslmode=disable", False),
        ("sslmode=allow", False),
        ("sslmode=prefer", True),
        ("", True),
        ("sslmode=require", True),
        ("sslmode=require&channel_binding=require", True),
        ("ssl=true", True),
        ("ssl=false", False),
        ("sslmode=verify-ca&sslrootcert={root}", True),
        ("sslmode=verify-full&sslrootcert={root}", True),
    ],
)
async def test_a_connection_is_as_safe_as_the_url_asks_for(secured: Cluster, query: str, encrypted: bool) -> None:
    url = _url(secured, query)
    connection = await connect(parse(url))
    assert await connection.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()") is encrypted
    await connection.close()
    for attempt in (upgrade(url), Postgres.connect(url)):
        with pytest.raises(ConfigurationError, match="needs 16 or newer"):
            await attempt


@pytest.mark.parametrize(
    ("query", "host", "says"),
    [
        ("sslmode=verify-full&sslrootcert=system", "localhost", "not trusted"),
        ("sslmode=verify-full&sslrootcert={root}", "127.0.0.1", "another host"),
        ("sslmode=require&sslrootcert={other}", "localhost", "certificate"),
        ("sslmode=verify-full&sslrootcert=/nowhere.pem", "localhost", "sslrootcert"),
        ("sslmode=require&sslcert={other}&sslkey={other}", "localhost", "certificate"),
    ],
)
async def test_what_cannot_be_trusted_is_a_setting_to_correct(
    secured: Cluster, query: str, host: str, says: str
) -> None:
    for attempt in (upgrade(_url(secured, query, host)), Postgres.connect(_url(secured, query, host))):
        with pytest.raises(ConfigurationError, match=says):
            await attempt
