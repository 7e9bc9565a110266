"""PgBouncer before a test's Postgres; the tests that need it skip where Debian's package is not installed."""

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from semmem.testing import wait_until

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed (apt-get install pgbouncer)")


@asynccontextmanager
async def pgbouncer(
    postgres_url: str, *, mode: str, ignored: str = "", sessions: int = 5, login: str = "semmem", more: str = ""
) -> AsyncIterator[str]:
    """The URL of the same database behind a pooler, which logs in as `login` with `sessions` of its own.

    `more` are lines of its configuration, in place of the default ones where both name a setting.
    """
    parts = urlsplit(postgres_url)
    host = parse_qs(parts.query)["host"][0] if parts.query else parts.hostname
    database, port = parts.path[1:], free_port()
    configuration = f"""[databases]
{database} = host={host} port={parts.port or 5432} dbname={database} user={login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = users.txt
pool_mode = {mode}
default_pool_size = {sessions}
max_client_conn = 200
ignore_startup_parameters = {ignored or "extra_float_digits"}
{more}
"""
    async with running(configuration, f'"{login}" ""\n', port):
        yield f"postgresql://{login}@127.0.0.1:{port}/{database}"


@asynccontextmanager
async def running(configuration: str, users: str, port: int) -> AsyncIterator[None]:
    """A pooler with this configuration, beside which `users.txt` lies."""
    assert PROGRAM is not None
    with tempfile.TemporaryDirectory(prefix="semmem-pgbouncer-") as name:
        folder = Path(name)
        (folder / "users.txt").write_text(users)
        (folder / "pgbouncer.ini").write_text(configuration)
        os.chmod(folder, 0o755)  # it may run as another user
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *user, "pgbouncer.ini", cwd=folder, stdout=quiet, stderr=quiet
        )
        try:
            await wait_until(lambda: _answers(port))
            yield
        finally:
            process.terminate()
            await process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
