"""pgqueuer's tables are the ones that the installed pgqueuer works with."""

from importlib.resources import files
from pathlib import Path

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings

from tests.postgres.cluster import cluster
from tests.postgres.dumped import dumped

_VERSIONS = Path(str(files("semmem.migrations").joinpath("versions")))
REVISIONS = [path.read_text("utf-8") for path in sorted(_VERSIONS.glob("*/pgqueuer.sql"))]


async def test_the_revisions_make_what_the_installed_pgqueuer_would_make(tmp_path: Path) -> None:
    """Where an upgrade of pgqueuer fails here, a revision has to alter its tables, by a pgqueuer.sql of its own."""
    wanted = QueryBuilderEnvironment(DBSettings(db_schema="semmem")).build_install_query()
    async with cluster() as made:
        await made.execute("create database ours", "create database theirs")
        await made.execute(*REVISIONS, database="ours")
        await made.execute(wanted, database="theirs")
        assert await dumped(made.url("ours"), tmp_path) == await dumped(made.url("theirs"), tmp_path)
