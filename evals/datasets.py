"""Readers of public benchmarks, as events and questions."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semmem.errors import InvalidInput
from semmem.event import NewEvent

CATEGORIES: Mapping[int, str] = {
    1: "multi-hop",
    2: "temporal",
    3: "open-domain",
    4: "single-hop",
    5: "adversarial",
}
ADVERSARIAL = 5

# "D8:6; D9:17", "D:11:26" and "D30:05" all occur.
_DIA_ID = re.compile(r"D:?(\d+):(\d+)")
_SESSION = re.compile(r"session_(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and the dia_ids of the turns that answer it, each once and existing.

    An adversarial question asks for what was never said: its `evidence` is the turn that misleads, and its `answer` is
    empty, unless the data set gives one.
    """

    question: str
    answer: str
    evidence: tuple[str, ...]
    category: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A fact that a model drew from a session, with the turns it rests on: a recorded extraction."""

    speaker: str
    text: str
    dia_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation: its turns in order, each with its dia_id as `key` and in its metadata."""

    id: str
    events: tuple[NewEvent, ...]
    questions: tuple[Question, ...]
    observations: tuple[Observation, ...]


def locomo(path: Path) -> list[Conversation]:
    """LoCoMo (Maharana et al., 2024), in the schema of the snap-research repository.

    Turns of a session share its time, taken as UTC. Questions whose evidence names no turn that exists are left out.
    Raises InvalidInput for a file of another shape.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(raw, list):
            raise TypeError("no list")
        return [_conversation(each) for each in raw]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        limit = f"is not LoCoMo ({type(error).__name__}: {error})"
        raise InvalidInput("file", limit, "pass the JSON list of conversations as it was published") from error


def _conversation(raw: Mapping[str, Any]) -> Conversation:
    events = tuple(_events(raw["conversation"]))
    known = {str(event.key) for event in events}
    questions = (_question(each, known) for each in raw["qa"])
    return Conversation(
        id=raw["sample_id"],
        events=events,
        questions=tuple(question for question in questions if question.evidence),
        observations=tuple(_observations(raw["observation"], known)),
    )


def _events(conversation: Mapping[str, Any]) -> Iterator[NewEvent]:
    numbers = sorted(int(match[1]) for name in conversation if (match := _SESSION.fullmatch(name)))
    for number in numbers:
        at = _instant(conversation[f"session_{number}_date_time"])
        for turn in conversation[f"session_{number}"]:
            yield _event(turn, f"session_{number}", at)


def _event(turn: Mapping[str, Any], session: str, at: datetime) -> NewEvent:
    picture = turn.get("blip_caption")
    return NewEvent(
        content=turn["text"] + (f" [shares a picture: {picture}]" if picture else ""),
        speaker=turn["speaker"],
        session=session,
        occurred_at=at,
        metadata={"dia_id": turn["dia_id"]},
        key=turn["dia_id"],
    )


def _instant(text: str) -> datetime:
    """Such as "1:56 pm on 8 May, 2023"."""
    return datetime.strptime(text, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)


def _question(raw: Mapping[str, Any], known: set[str]) -> Question:
    return Question(
        question=raw["question"],
        answer=str(raw.get("answer", "")),
        evidence=_dia_ids(raw["evidence"], known),
        category=raw["category"],
    )


def _observations(raw: Mapping[str, Any], known: set[str]) -> Iterator[Observation]:
    for session in raw.values():
        for speaker, facts in session.items():
            for text, evidence in facts:
                named = [evidence] if isinstance(evidence, str) else evidence
                yield Observation(speaker=speaker, text=text, dia_ids=_dia_ids(named, known))


def _dia_ids(evidence: Iterable[str], known: set[str]) -> tuple[str, ...]:
    """In order, each once, and only those of turns that exist."""
    named = (f"D{int(session)}:{int(turn)}" for text in evidence for session, turn in _DIA_ID.findall(text))
    return tuple(dia_id for dia_id in dict.fromkeys(named) if dia_id in known)


def chosen(conversations: Sequence[Conversation], ids: Sequence[str]) -> list[Conversation]:
    """Those of these ids, or all where none is named. Raises InvalidInput for an id that is not there."""
    known = {conversation.id: conversation for conversation in conversations}
    for id in ids:
        if id not in known:
            raise InvalidInput("conversations", f"{id!r} is not in the file", f"choose from {', '.join(known)}")
    return [known[id] for id in ids] or list(conversations)
