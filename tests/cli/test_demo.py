import re
from pathlib import Path

import pytest

from semmem.cli.demo.dialogue import MAYA, OTHERS
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
        "of 700 tokens",
        "degraded: qdrant",
        "qdrant     clean since",
        "semmem recall",
        "the pasted mail  0 facts: its words are not hers",
        "corrected by Ida of Northwind",
        "nothing that is remembered answers it",
    ],
)
def test_it_shows(told: Answer, shown: str) -> None:
    assert shown in told.out


def _chapter(told: Answer, title: str) -> str:
    """On one line, without the frame of a panel."""
    chapter = told.out.split(title)[1].split("● ")[0]
    return " ".join(chapter.replace("│", " ").split())


def test_an_address_that_changes_twice_is_the_last_one(told: Answer) -> None:
    learnt = _chapter(told, "What was learnt")
    versions = learnt.split("the address over time")[1]
    assert [word in versions for word in ("Gothenburg", "Malmö", "Lund now", "Lisbon.", "Oslo")] == [True] * 3 + [
        False
    ] * 2
    assert versions.index("Gothenburg") < versions.index("Malmö") < versions.index("now Maya Lindqvist moved again")


def test_a_trip_and_a_pasted_mail_change_nothing(told: Answer) -> None:
    learnt = _chapter(told, "What was learnt")
    assert "added Maya Lindqvist is staying in Lisbon for the weekend" in learnt
    assert "It moved her nowhere." in learnt
    assert "Oslo" not in learnt
    profile = _chapter(told, "What the agent's model is given").split("# profile")[1].split("# summary")[0]
    assert "lives in Lund now" in profile
    assert not any(word in profile for word in ("Oslo", "Lisbon", "Malmö", "Gothenburg", "letters"))


def test_what_she_prefers_no_more_is_in_no_profile_and_no_summary(told: Answer) -> None:
    given = _chapter(told, "What the agent's model is given").split("# recent")[0]
    assert "prefers emails now" in given
    assert "phone" not in given


def test_what_a_person_corrected_is_what_is_answered(told: Answer) -> None:
    versions = _chapter(told, "Ida of Northwind knows better")
    assert re.search(r"1 never .*chicken.* 2 \d{4}-\d\d-\d\d now .*chickpeas. corrected by Ida of Northwind", versions)
    answers = _chapter(told, "Today Maya is back")
    assert re.search(
        r"What is Sven allergic to\? 0\.\d\d Maya Lindqvist's dog Sven is allergic to chickpeas\.", answers
    )
    assert answers.endswith("Which car does she drive? nothing that is remembered answers it")


def test_others_get_nothing_of_it(told: Answer) -> None:
    events = sum(len(session.turns) for session in MAYA.sessions)
    assert told.out.count(f"0 of Maya Lindqvist's {events} events") == len(OTHERS)


def test_what_was_forgotten_is_not_recalled(told: Answer) -> None:
    after = told.out.split("clean since")[-1]
    assert "What is Sven allergic to?" in after
    assert not any(word in after for word in ("chicken", "chickpeas"))


def test_it_leaves_no_server_and_no_folder(told: Answer, folder: Path) -> None:
    assert [server.cmdline() for server in servants(folder)] == []
    assert [path.name for path in folder.iterdir() if path.name.startswith("semmem-demo-")] == []
