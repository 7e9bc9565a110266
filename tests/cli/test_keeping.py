"""Several commands in a row use the same embedded servers, which end by themselves afterwards."""

from pathlib import Path

from semmem.testing import wait_until
from tests.cli.command import Command
from tests.embedded.processes import keeper_of, servants

ALICE = ("--tenant", "acme", "--user", "alice")


async def test_the_second_command_starts_no_servers(tmp_path: Path) -> None:
    semmem = Command(data=tmp_path, scope=ALICE)
    assert semmem("remember", "I live in Gothenburg.", "--no-wait", env={"SEMMEM_KEEP_SERVERS": "20s"}).code == 0
    keeper = keeper_of(tmp_path)
    assert "Gothenburg" in semmem("history", env={"SEMMEM_KEEP_SERVERS": "0"}).out
    assert keeper_of(tmp_path) == keeper
    keeper.terminate()
    await wait_until(lambda: not servants(tmp_path), 20)


async def test_without_a_time_to_keep_them_servers_end_with_the_command(tmp_path: Path) -> None:
    semmem = Command(data=tmp_path, scope=ALICE)
    assert semmem("history", env={"SEMMEM_KEEP_SERVERS": "0"}).code == 0
    await wait_until(lambda: not servants(tmp_path), 20)
