"""The way from Debian packages to a service in docs/operations.md, as far as it needs neither root nor systemd."""

import re
import sys
from pathlib import Path

from tests.cli.command import Command
from tests.postgres.cluster import cluster
from tests.postgres.commands import run
from tests.postgres.pgbouncer import free_port, needs_pgbouncer, running

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
PASSWORD = "a-password-of-the-test"


def _block(language: str, part: str) -> str:
    """The block of the page that holds `part`."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return next(block for block in blocks if part in block)


def _as_the_test_may(commands: str) -> str:
    """The same commands for this user and this program, and not for `postgres` and /opt."""
    commands = commands.replace("sudo -u postgres ", "").replace("CHANGE-ME", PASSWORD)
    return commands.replace("/opt/semmem/bin/semmem", f"{sys.executable} -m semmem")


@needs_pgbouncer
async def test_the_database_the_pooler_and_the_settings_of_the_page_fit_together(tmp_path: Path) -> None:
    async with cluster() as made:
        here = {"PGHOST": "127.0.0.1", "PGPORT": str(made.port), "PGUSER": "admin", "PGDATABASE": "postgres"}
        socket = f"host={made.folder}&port={made.port}&user=admin"
        database = _as_the_test_may(_block("sh", "createdb")).replace("host=/var/run/postgresql", socket)
        await run(database, tmp_path, **here)
        users = await run(_as_the_test_may(_block("sh", "pg_authid")).split(" | ")[0], tmp_path, **here)
        line = "host all all 127.0.0.1/32 scram-sha-256"  # as Debian has it
        await made.execute(f"copy (select '{line}') to '{made.folder}/data/pg_hba.conf'", "select pg_reload_conf()")

        port = free_port()
        configuration = (
            _block("ini", "[pgbouncer]").replace("port=5432", f"port={made.port}").replace("6432", str(port))
        )
        configuration = re.sub(r"(logfile|pidfile|unix_socket_dir) = .*\n", "", configuration)
        configuration = configuration.replace("/etc/pgbouncer/userlist.txt", "users.txt") + "unix_socket_dir =\n"
        settings = dict(
            line.replace("'", "").split("=", 1) for line in _block("sh", "SEMMEM_REDIS_URL").splitlines() if line
        )
        url = settings["SEMMEM_POSTGRES_URL"].replace("CHANGE-ME", PASSWORD).replace("6432", str(port))
        async with running(configuration, users, port):
            answer = Command(data=tmp_path)("doctor", env={"SEMMEM_POSTGRES_URL": url})
        assert answer.code == 0, answer.out + answer.err
        assert "behind a pooler" in " ".join(answer.out.split())
