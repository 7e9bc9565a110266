from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.journal import Journal, name_of
from semmem.evals.retrieved import Retrieved, read

ABOUT = {
    "dataset": "jsonl",
    "sha256": "0",
    "embedder": "m",
    "extractor": "offline",
    "retriever": "semmem",
    "limit": 200,
}


NAME = name_of("semmem")


def answer(id: str) -> Retrieved:
    return Retrieved(
        conversation="c1",
        question_id=id,
        question="Where\u2028to?",
        answer="",
        category="question",
        evidence=("a",),
        returned=(),
        covered={"500": True},
        stems={},
        milliseconds=1.0,
    )


def opened(folder: Path, **other: Any) -> "closing[Journal[Retrieved]]":
    return closing(Journal.open(folder, ABOUT | other, read))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With an unfinished run of two answers."""
    with opened(tmp_path) as journal:
        journal.add(answer("q1"))
        journal.add(answer("q2"))
    return tmp_path


def test_an_unfinished_run_goes_on(folder: Path) -> None:
    with opened(folder) as journal:
        assert journal.answers == {("c1", "q1"): answer("q1"), ("c1", "q2"): answer("q2")}
        journal.add(answer("q3"))
    with opened(folder) as journal:
        assert list(journal.answers) == [("c1", "q1"), ("c1", "q2"), ("c1", "q3")]


def test_a_line_that_a_crash_has_cut_is_asked_again(folder: Path) -> None:
    path = folder / NAME
    path.write_bytes(path.read_bytes()[:-20])
    with opened(folder) as journal:
        assert list(journal.answers) == [("c1", "q1")]
        journal.add(answer("q2"))
    with opened(folder) as journal:
        assert len(journal.answers) == 2


def test_a_header_that_a_crash_has_cut_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"dataset"')
    with opened(tmp_path) as journal:
        assert journal.answers == {}
    with opened(tmp_path):
        assert (tmp_path / NAME).read_text().count("\n") == 1


def test_a_complete_run_is_asked_anew(folder: Path) -> None:
    with opened(folder) as journal:
        journal.complete()
    with opened(folder, limit=50) as journal:
        assert journal.answers == {}


def test_another_retriever_asks_the_same_stores_and_leaves_an_unfinished_run_as_it_is(folder: Path) -> None:
    with opened(folder, retriever="bm25") as journal:
        assert journal.answers == {}
        journal.add(answer("q1"))
    with opened(folder) as journal:
        assert list(journal.answers) == [("c1", "q1"), ("c1", "q2")]
    with opened(folder, retriever="bm25") as journal:
        assert list(journal.answers) == [("c1", "q1")]
    with pytest.raises(InvalidInput, match="an unfinished run with sha256 "):
        Journal.open(folder, ABOUT | {"retriever": "dense", "sha256": "1"}, read)


@pytest.mark.parametrize(("name", "value"), [("limit", 50), ("extractor", "llm")])
def test_an_unfinished_run_is_not_mixed_with_another(folder: Path, name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=f"an unfinished run with {name} "):
        Journal.open(folder, ABOUT | {name: value}, read)


@pytest.mark.parametrize(("name", "value"), [("extractor", "llm"), ("sha256", "1"), ("embedder", "n")])
def test_what_is_stored_otherwise_is_not_asked(folder: Path, name: str, value: object) -> None:
    with opened(folder) as journal:
        journal.complete()
    with pytest.raises(InvalidInput, match=f"a run with {name} "):
        Journal.open(folder, ABOUT | {name: value}, read)
