"""REALTALK (Lee et al., 2025): two people's real chats over three weeks, with questions about them."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semmem.domain.event import NewEvent
from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation, Question, answer_of, parted

SOURCE = "the Chat_*.json of github.com/danny911kr/REALTALK, by the terms of its authors"
CATEGORIES: Mapping[int, str] = {1: "multi-hop", 2: "temporal", 3: "commonsense"}

_NAME = re.compile(r"Chat_\d+")
_SESSION = re.compile(r"session_(\d+)")
_DIA_ID = re.compile(r"D\d+:\d+")


def load(path: Path) -> list[Conversation]:
    """Reads one chat's file, or all Chat_*.json of a folder, as they were published; an event's key is its dia_id.

    Times name no zone and are taken as UTC. Raises InvalidInput for a folder without chats, or a file of another shape.
    """
    files = [path] if path.is_file() else sorted(path.glob("Chat_*.json"), key=lambda each: (len(_id(each)), each.name))
    if not files:
        raise InvalidInput("data", f"{path} holds no Chat_*.json", f"get REALTALK: {SOURCE}")
    conversations = []
    for file in files:
        try:
            conversations.append(_conversation(_id(file), json.loads(file.read_text(encoding="utf-8"))))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            limit = f"{file} is no chat of REALTALK ({type(error).__name__}: {error})"
            raise InvalidInput(
                "data", limit, "pass the file of a chat, or their folder, as it was published"
            ) from error
    return conversations


def _id(file: Path) -> str:
    """Returns what the file's name begins with, such as Chat_3."""
    name = _NAME.search(file.stem)
    return name[0] if name else file.stem


def _conversation(id: str, raw: Mapping[str, Any]) -> Conversation:
    events = {str(event.key): event for event in _events(raw)}
    asked = [
        Question(
            id=f"q{number}",
            question=each["question"],
            answer=answer_of(each.get("answer")),
            evidence=_keys(each.get("evidence") or (), events),
            category=CATEGORIES[each["category"]],
        )
        for number, each in enumerate(raw["qa"], start=1)
    ]
    questions, others = parted(asked)
    return Conversation(id=id, events=tuple(events.values()), questions=questions, others=others)


def _events(raw: Mapping[str, Any]) -> Iterator[NewEvent]:
    """Yields each message once; of two with one dia_id the last, whose place is the first's."""
    for number in sorted(int(match[1]) for name in raw if (match := _SESSION.fullmatch(name))):
        for turn in raw[f"session_{number}"]:
            text, picture = (turn.get("clean_text") or "").strip(), turn.get("blip_caption")
            shown = f"[shares a picture: {picture}]" if picture else "[shares a picture]" if not text else ""
            yield NewEvent(
                content=f"{text} {shown}".strip(),
                speaker=turn["speaker"],
                session=f"session_{number}",
                occurred_at=datetime.strptime(turn["date_time"], "%d.%m.%Y, %H:%M:%S").replace(tzinfo=UTC),
                key=turn["dia_id"],
            )


def _keys(evidence: Any, known: Mapping[str, NewEvent]) -> tuple[str, ...]:
    """Returns the keys in order, each once, and only those of messages that exist."""
    named = _DIA_ID.findall(" ".join(map(str, evidence)))
    return tuple(key for key in dict.fromkeys(named) if key in known)
