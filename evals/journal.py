"""The journal of a run: what it is about, and a line for each answered question, so that it can be resumed.

Runs with several retrievers share a folder, for they ask the same stores; each has a journal of its own.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from semmem.errors import InvalidInput

COMPLETE = {"complete": True}  # the last line

# What is stored depends on these; the rest only on how it is asked.
STORED_BY = ("dataset", "sha256", "embedder", "extractor", "llm_model", "vector_index")

Asked = tuple[str, str]  # a conversation's id, and a question's in it
Header = Mapping[str, Any]


class Row(Protocol):
    """A dataclass of one question: what came back for it, or how it was answered."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def conversation(self) -> str: ...
    @property
    def question_id(self) -> str: ...


R = TypeVar("R", bound=Row)


class Journal(Generic[R]):
    """A run's journal: `answers` are those that an interrupted run left; `add` writes one at once."""

    def __init__(self, file: TextIOWrapper, answers: Mapping[Asked, R]) -> None:
        self._file, self.answers = file, answers

    @classmethod
    def open(cls, folder: Path, about: Header, read: Callable[[Mapping[str, Any]], R]) -> "Journal[R]":
        """Opens the folder's journal, where its run is to go on; a new one, where there is none or its run is complete.

        `read` makes a row of what `add` wrote of it. Raises InvalidInput where the folder belongs to a run of another
        kind.
        """
        path = folder / name_of(about.get("retriever", "none"))
        for each in sorted(folder.glob(name_of("*"))):
            _check_same(folder, _lines(each), about, stored_alone=each != path)
        known = _lines(path)
        if known and known[-1] != COMPLETE:
            answers = [read(line) for line in known[1:]]
            return cls(
                path.open("a", encoding="utf-8"), {(each.conversation, each.question_id): each for each in answers}
            )
        journal = cls(path.open("w", encoding="utf-8"), {})
        journal._write(about)
        return journal

    def add(self, answer: R) -> None:
        self._write(asdict(answer))

    def complete(self) -> None:
        self._write(COMPLETE)

    def close(self) -> None:
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


def name_of(retriever: str) -> str:
    """The journal's name in its folder."""
    return f"journal-{retriever}.jsonl"


def _check_same(folder: Path, known: Sequence[Header], about: Header, *, stored_alone: bool) -> None:
    """Whether what stands in a journal is to be asked, or gone on with, by a run of this kind. Raises InvalidInput."""
    if not known:
        return
    complete = known[-1] == COMPLETE
    for name in STORED_BY if complete or stored_alone else sorted({*known[0], *about}):
        before, now = (json.dumps(said.get(name), ensure_ascii=False) for said in (known[0], about))
        if before != now:
            state = "a run" if complete else "an unfinished run"
            limit = f"{folder} holds {state} with {name} {before}, not {now}"
            raise InvalidInput("work", limit, "give the options of that run, or another --work, or delete the folder")


def _lines(path: Path) -> list[dict[str, Any]]:
    """Returns the lines that were written to their end; one that a crash has cut is removed."""
    if not path.exists():
        return []
    with path.open("rb+") as file:
        whole = file.read().rpartition(b"\n")[0]
        file.truncate(len(whole) + 1 if whole else 0)
    return [json.loads(line) for line in whole.splitlines()]
