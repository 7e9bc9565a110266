"""`semmem demo --fleet`, as a command: what it printed, and what it leaves behind."""

import re
import signal
from pathlib import Path

import psutil
import pytest

from semmem.cli.demo.fleet_agents import ROSTER, SOURCES
from semmem.testing import wait_until
from tests.cli.command import Answer, Command, environment, semmem_running
from tests.embedded.processes import servants

AGENTS = "semmem.cli.demo.fleet_agents"
SECONDS = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo makes its temporary data folder."""
    return tmp_path_factory.mktemp("fleet")


@pytest.fixture(scope="module")
def told(folder: Path) -> Answer:
    """The demo, once, without a terminal."""
    return Command(data=folder).process("demo", "--fleet", env={"SEMMEM_DATA": "", "TMPDIR": str(folder)})


def in_one_line(told: Answer) -> str:
    return " ".join(told.out.split())


def test_it_ends_well(told: Answer) -> None:
    assert told.code == 0, told.err
    assert "Traceback" not in told.out + told.err


def test_it_fits_80_columns(told: Answer) -> None:
    assert max(map(len, told.out.splitlines())) <= 80


def test_three_processes_and_one_in_place_of_the_killed(told: Answer) -> None:
    begun = {agent: int(re.search(rf"^{agent} +{role} +(\d+)", told.out, re.M)[1]) for agent, role in ROSTER.items()}  # type: ignore[index]
    [killed] = re.findall(r"its process (\d+) is killed \(SIGKILL\)", told.out)
    [again] = re.findall(r"It is process (\d+) now", told.out)
    assert int(killed) == begun["r1"]
    assert len({*begun.values(), int(again)}) == 4


def test_the_killed_one_goes_on_where_it_was(told: Answer) -> None:
    before, after = told.out.split("is killed (SIGKILL)")
    assert "src-1, src-2, src-3 as read" in in_one_line(told)
    assert [key for key in SOURCES if f"reading {key}" in before] == ["src-1", "src-2", "src-3", "src-4"]
    assert [key for key in SOURCES if f"reading {key}" in after] == ["src-4", "src-5"]
    assert "src-4 is a duplicate" in after
    assert "5 read, 5 stored" in after


def test_the_log_is_shown_whole_and_in_order(told: Answer) -> None:
    names = "|".join((*ROSTER, "i1", "nobody"))
    shown = [int(position) for position in re.findall(rf"^ *(\d+) +(?:{names}) +[a-z]+ ", told.out, re.MULTILINE)]
    assert shown == list(range(1, len(shown) + 1))
    assert f"{len(shown)} entries at positions 1 to {len(shown)}" in told.out


@pytest.mark.parametrize(
    "shown",
    [
        "5 by r1 and 5 by a1, of 100, leave 90. No update is lost.",
        "LockLost: lock report: token",
        "Conflict: report: the agent a1 changed it at position",
        "Enter in May: 4.2 bn USD, growing, and no duty from July. Note: the licence comes first.",
        "lorem ipsum",
        "all fields are as they were",
        "stale writes 2 tried, 2 refused",
    ],
)
def test_it_shows(told: Answer, shown: str) -> None:
    assert shown in in_one_line(told)


def test_it_leaves_no_process_and_no_folder(told: Answer, folder: Path) -> None:
    assert [server.cmdline() for server in servants(folder)] == []
    assert agents_of(folder) == []
    assert demos_in(folder) == []


async def test_ctrl_c_ends_the_agents_and_leaves_nothing(tmp_path: Path) -> None:
    given = environment(tmp_path) | {"SEMMEM_DATA": "", "TMPDIR": str(tmp_path)}
    async with semmem_running(given, "demo", "--fleet") as demo:
        assert demo.stdout is not None
        async for line in demo.stdout:
            if b"reading src-1" in line:
                break
        assert len(agents_of(tmp_path)) == 3
        demo.send_signal(signal.SIGINT)
        _, told = await demo.communicate()
        assert demo.returncode == 130
        assert b"Traceback" not in told
    assert agents_of(tmp_path) == []
    assert demos_in(tmp_path) == []


async def test_agents_end_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    given = environment(tmp_path) | {"SEMMEM_DATA": str(tmp_path / "data")}
    async with semmem_running(given, "demo", "--fleet") as demo:
        assert demo.stdout is not None
        async for line in demo.stdout:
            if b"(SIGSTOP)" in line:
                break
        assert len(agents_of(tmp_path)) > 0
        demo.kill()
        await wait_until(lambda: not agents_of(tmp_path), SECONDS)
    await wait_until(lambda: not servants(tmp_path), SECONDS)


def demos_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("semmem-demo-")]


def agents_of(folder: Path) -> list[int]:
    """Processes of agents that work in a data folder below this one."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if AGENTS in line and str(folder) in line:
            found.append(process.pid)
    return found
