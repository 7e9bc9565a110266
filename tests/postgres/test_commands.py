"""`semmem migrate` and `semmem doctor` on a server of one's own: what they say, and no traceback anywhere."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.cli.command import Answer, Command
from tests.postgres.cluster import Cluster, cluster
from tests.postgres.pgbouncer import needs_pgbouncer, pgbouncer


@pytest_asyncio.fixture(scope="module")
async def made() -> AsyncIterator[Cluster]:
    async with cluster() as server:
        yield server


@pytest.fixture
def semmem(tmp_path: Path) -> Command:
    return Command(data=tmp_path / "embedded")


def _postgres(answer: Answer) -> dict[str, Any]:
    import json

    return next(check for check in json.loads(answer.out) if check["part"] == "postgres")


async def test_migrate_then_doctor(made: Cluster, semmem: Command) -> None:
    admin, service = {"SEMMEM_POSTGRES_ADMIN_URL": made.url()}, {"SEMMEM_POSTGRES_URL": made.url()}
    before = semmem("doctor", "--json", env=service)
    assert before.code == 1
    assert "semmem migrate" in _postgres(before)["what"]

    assert semmem("migrate", env=admin).code == 0
    assert "made whole" not in semmem("migrate", env=admin).err
    assert "binds semmem_app" in _postgres(semmem("doctor", "--json", env=service))["what"]
    assert not semmem.data.exists()


async def test_doctor_names_all_that_is_missing_and_migrate_what_it_mends(made: Cluster, semmem: Command) -> None:
    url = {"SEMMEM_POSTGRES_URL": made.url()}
    semmem("migrate", env=url)
    await made.execute(
        "drop policy view on semmem.facts",
        "alter table semmem.events no force row level security",
        "revoke select on semmem.facts, semmem.scopes, semmem.summaries from semmem_app",
    )
    what = _postgres(semmem("doctor", "--json", env=url))["what"]
    for lost in ("policy view of facts", "row level security of events", "select on scopes", "select on summaries"):
        assert lost in what
    mended = semmem("migrate", env=url)
    assert mended.code == 0
    assert "made whole: the policy view of facts" in mended.err
    assert _postgres(semmem("doctor", "--json", env=url))["state"] == "ok"


async def test_migrate_names_some_of_what_a_restore_left_out_and_all_in_json(made: Cluster, semmem: Command) -> None:
    url = {"SEMMEM_POSTGRES_URL": made.url()}
    semmem("migrate", env=url)
    revoke = "revoke all on all tables in schema semmem from semmem_app, semmem_sweeper"
    await made.execute(revoke)
    told = semmem("migrate", env=url)
    assert told.err.count("made whole: ") == 11
    assert "more, which --json lists" in told.err
    await made.execute(revoke)
    listed = semmem("migrate", "--json", env=url).json["made_whole"]
    assert len(listed) > 100
    assert "select on facts for semmem_app" in listed


@needs_pgbouncer
async def test_doctor_says_that_a_pooler_stands_between(made: Cluster, semmem: Command) -> None:
    semmem("migrate", env={"SEMMEM_POSTGRES_URL": made.url()})
    async with pgbouncer(made.url(), mode="transaction", login="admin") as url:
        assert "pooler" in _postgres(semmem("doctor", "--json", env={"SEMMEM_POSTGRES_URL": url}))["what"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://bob:s3cret@db/m", 2),
        ("postgresql://bob:s3cret#1@db/m", 2),
        ("postgresql://bob:s3cret@127.0.0.1:1/m", 1),
        ("postgresql://bob:s3cret@no-such-host.invalid/m", 1),
        ("postgresql://bob:s3cret@127.0.0.1:1/m?sslmode=verify-full&sslrootcert=/nowhere.pem", 2),
    ],
)
@pytest.mark.parametrize("name", ["SEMMEM_POSTGRES_URL", "SEMMEM_POSTGRES_ADMIN_URL"])
def test_a_url_that_does_not_work_is_one_line(semmem: Command, name: str, url: str, code: int) -> None:
    answer = semmem("migrate", env={name: url})
    assert answer.code == code
    assert answer.err.count("\n") == 1, answer.err
    assert "s3cret" not in answer.err


@pytest.mark.parametrize("place", ["admin@{host}/nowhere", "nobody_at_all@{host}/postgres"])
def test_the_setting_that_holds_the_url_is_the_one_to_correct(made: Cluster, semmem: Command, place: str) -> None:
    url = f"postgresql://{place}".format(host=f"127.0.0.1:{made.port}")
    answer = semmem("migrate", env={"SEMMEM_POSTGRES_ADMIN_URL": url})
    assert answer.code == 2
    assert "SEMMEM_POSTGRES_ADMIN_URL" in answer.err
