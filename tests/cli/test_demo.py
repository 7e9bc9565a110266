from pathlib import Path

import pytest

from semmem.cli.demo_data import MAYA, OTHERS
from tests.cli.command import Answer, Command
from tests.embedded.processes import servants


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo makes its temporary data folder."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def told(folder: Path) -> Answer:
    """The demo, once, without a terminal."""
    return Command(data=folder).process("demo", env={"SEMMEM_DATA": "", "TMPDIR": str(folder)})


def test_it_ends_well(told: Answer) -> None:
    assert told.code == 0, told.err
    assert "Traceback" not in told.err


def test_it_fits_80_columns(told: Answer) -> None:
    assert max(map(len, told.out.splitlines())) <= 80


@pytest.mark.parametrize(
    "shown",
    [
        "offline extractor",
        "accepted",
        "duplicate of event",
        "added",
        "confirmed",
        "superseded",
        "“I live in Gothenburg, at Linnégatan 12.”",
        "the address over time",
        "of 500 tokens",
        "degraded: qdrant",
        "qdrant     clean since",
        "semmem recall",
    ],
)
def test_it_shows(told: Answer, shown: str) -> None:
    assert shown in told.out


def test_others_get_nothing_of_it(told: Answer) -> None:
    events = sum(len(session.turns) for session in MAYA.sessions)
    assert told.out.count(f"0 of Maya Lindqvist's {events} events") == len(OTHERS)


def test_what_was_forgotten_is_not_recalled(told: Answer) -> None:
    after = told.out.split("clean since")[-1]
    assert "What is Sven allergic to?" in after
    assert "chicken" not in after


def test_it_leaves_no_server_and_no_folder(told: Answer, folder: Path) -> None:
    assert [server.cmdline() for server in servants(folder)] == []
    assert [path.name for path in folder.iterdir() if path.name.startswith("semmem-demo-")] == []
