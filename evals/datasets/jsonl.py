"""A user's own data as lines of JSON: the events of conversations, and questions about them.

{"type": "event", "conversation": "c1", "content": "I moved to Porto.", "key": "e1", "speaker": "Ines"}
{"type": "question", "conversation": "c1", "question": "Where do I live?", "evidence": ["e1"], "answer": "Porto"}

An event has the fields of `semmem import`, `occurred_at` among them; its `key` is what evidence names. A question may
have an `id` and a `category` too; one about what was never said is `unanswerable`, and its answer says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from semmem.domain.archive import object_of
from semmem.domain.checks import MAX_CONTENT_BYTES, check_id, check_text
from semmem.domain.event import NewEvent
from semmem.domain.lines import Reader
from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation, Question, answer_of, parted

CATEGORY = "question"  # of a question that names none
_QUESTION_FIELDS = ("id", "question", "evidence", "answer", "category", "unanswerable")


@dataclass(slots=True)
class _Read:
    """One conversation so far; questions with the number of their line, since evidence may follow them."""

    reader: Reader
    events: dict[str, NewEvent] = field(default_factory=dict)
    questions: dict[str, tuple[int, Question]] = field(default_factory=dict)


def load(path: Path) -> list[Conversation]:
    """Reads the conversations of a file in order of appearance, their events in the order of the lines.

    Questions without evidence are kept apart. Raises InvalidInput that names the number of the first line
    that is malformed, or whose evidence names no event.
    """
    if not path.is_file():
        raise InvalidInput("file", f"{path} is not there, or no file", "name a file of events and questions")
    read: dict[str, _Read] = {}
    now = datetime.now(UTC)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                _take(read, number, line, now)
            except InvalidInput as error:
                raise InvalidInput(f"line {number}: {error.field}", error.limit, error.fix) from error
    if not any(each.events for each in read.values()):
        raise InvalidInput("file", "holds no event", 'write lines such as {"type": "event", "conversation": ...}')
    conversations = []
    for id, each in read.items():
        for number, question in each.questions.values():
            for key in question.evidence:
                if key not in each.events:
                    limit = f"{key!r} is the key of no event of {id!r}"
                    raise InvalidInput(f"line {number}: evidence", limit, "correct it or take it out")
        asked, others = parted(question for _, question in each.questions.values())
        events = tuple(each.events.values())
        conversations.append(Conversation(id=id, events=events, questions=asked, others=others))
    return conversations


def _take(read: dict[str, _Read], number: int, line: bytes, now: datetime) -> None:
    """Adds what a line holds to its conversation."""
    said = object_of(line)
    kind, conversation = said.pop("type", None), check_id("conversation", said.pop("conversation", None))
    if kind not in ("event", "question"):
        raise InvalidInput("type", "must be event or question", 'write it like {"type": "event", ...}')
    into = read.setdefault(conversation, _Read(reader=Reader(now)))
    if kind == "event":
        event = into.reader.event(line, said)
        into.events[_check_new("key", str(event.key), into.events)] = event
        return
    for name in said:
        if name not in _QUESTION_FIELDS:
            raise InvalidInput(name, "is no field of a question", f"use {', '.join(_QUESTION_FIELDS)}")
    evidence = said.get("evidence", [])
    if not isinstance(evidence, list) or not all(isinstance(key, str) for key in evidence):
        raise InvalidInput("evidence", "must be a list of the keys of events", 'write it like ["e1", "e2"]')
    unanswerable = said.get("unanswerable", False)
    if not isinstance(unanswerable, bool) or (unanswerable and evidence):
        raise InvalidInput("unanswerable", "must be true or false, and has no evidence", "correct it or take it out")
    question = Question(
        id=check_id("id", said.get("id", f"q{number}")),
        question=check_text("question", said.get("question"), MAX_CONTENT_BYTES),
        answer=answer_of(said.get("answer")),
        evidence=tuple(dict.fromkeys(evidence)),
        category=check_id("category", said.get("category", CATEGORY)),
        unanswerable=unanswerable,
    )
    into.questions[_check_new("id", question.id, into.questions)] = number, question


def _check_new(field: str, id: str, known: Mapping[str, object]) -> str:
    if id in known:
        raise InvalidInput(field, f"{id!r} stands in this conversation before", "give each its own")
    return id
