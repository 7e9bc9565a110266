"""LongMemEval (Wu et al., 2025): chats of a user with an assistant, with one question for each history."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semmem.domain.event import NewEvent
from semmem.evals.datasets.dataset import Conversation, Question, answer_of, parted
from semmem.evals.datasets.published import in_list, read

SOURCE = "longmemeval_s.json, longmemeval_m.json or longmemeval_oracle.json of github.com/xiaowu0162/LongMemEval, MIT"
ABSTENTION = "abstention"

_ABSTENTION_ID = "_abs"  # how the ids of questions end that cannot be answered
_WHEN = "%Y/%m/%d (%a) %H:%M"  # such as "2023/05/20 (Sat) 02:21"


def load(path: Path) -> list[Conversation]:
    """Reads a file of the published data; each of its instances is a conversation with one question.

    Sessions are put in the order of their dates, taken as UTC; turns of a session share its date, and an event's key is
    "SESSION'S PLACE:TURN'S PLACE" in the file. Evidence are the turns that the data marks with `has_answer`. Raises
    InvalidInput for a file that is missing or of another shape.
    """
    return read(path, "LongMemEval", SOURCE, in_list(_conversation))


def _conversation(raw: Mapping[str, Any]) -> Conversation:
    id = raw["question_id"]
    unanswerable = id.endswith(_ABSTENTION_ID)
    sessions = list(zip(raw["haystack_session_ids"], raw["haystack_dates"], raw["haystack_sessions"], strict=True))
    events, evidence = [], []
    for place, session in sorted(enumerate(sessions, start=1), key=lambda each: (_when(each[1][1]), each[0])):
        for event, has_answer in _events(place, *session):
            events.append(event)
            if has_answer:
                evidence.append(str(event.key))
    question = Question(
        id=id,
        question=raw["question"],
        answer=answer_of(raw["answer"]),
        evidence=() if unanswerable else tuple(evidence),
        category=ABSTENTION if unanswerable else raw["question_type"],
        asked_at=_when(raw["question_date"]),
        unanswerable=unanswerable,
    )
    asked, others = parted([question])
    return Conversation(id=id, events=tuple(events), questions=asked, others=others)


def _events(place: int, id: str, date: str, turns: list[Mapping[str, Any]]) -> Iterator[tuple[NewEvent, bool]]:
    """Yields each turn that says something, and whether it holds the answer."""
    for number, turn in enumerate(turns, start=1):
        if turn["content"].strip():
            event = NewEvent(
                content=turn["content"],
                role=turn["role"],
                session=f"{place}:{id}",
                occurred_at=_when(date),
                key=f"{place}:{number}",
            )
            yield event, bool(turn.get("has_answer"))


def _when(date: str) -> datetime:
    return datetime.strptime(date, _WHEN).replace(tzinfo=UTC)
