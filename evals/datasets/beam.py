"""BEAM (Tavakoli et al., 2025): long chats of a user with an assistant, and probing questions by ability."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from semmem.domain.checks import MAX_CONTENT_BYTES
from semmem.domain.event import NewEvent
from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation, Question, answer_of, parted

SOURCE = "the chats of github.com/mohammadtavakoli78/BEAM, no licence stated: evaluate only, never redistribute"
KNOWLEDGE_UPDATE = "knowledge_update"
ABSTENTION = "abstention"

_CHAT, _QUESTIONS = "chat.json", "probing_questions.json"
_QUESTIONS_FOLDER = "probing_questions"  # where a checkout of BEAM has them
_ANSWERS = ("answer", "ideal_answer", "ideal_response", "ideal_summary")
# Where the message stood in the plan that the chat was written from, such as "->-> 2,14" or "->-> 2,N/A".
_PLACE = re.compile(r"(?<!\s)\s*->->\s*\d+\s*,\s*(?:\d+|N/A)(?=\W*$)")


def load(folder: Path) -> list[Conversation]:
    """Reads the chats of a folder that holds N/chat.json and N/probing_questions.json; a chat's id is "N".

    An event's key is its message's id, its session the batch. The data names days only: a message is dated a second
    after the one before, in UTC. Raises InvalidInput for a folder without chats, or a file of another shape.
    """
    chats = sorted(folder.glob(f"*/{_CHAT}"), key=lambda path: (len(path.parent.name), path.parent.name))
    if not chats:
        raise InvalidInput("folder", f"{folder} holds no N/{_CHAT}", f"get BEAM: {SOURCE}")
    conversations = []
    for chat in chats:
        questions = chat.parent / _QUESTIONS
        if not questions.exists():
            questions = chat.parent / _QUESTIONS_FOLDER / _QUESTIONS
        try:
            conversations.append(_conversation(chat.parent.name, _json(chat), _json(questions)))
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            limit = f"{chat.parent} is not a chat of BEAM ({type(error).__name__}: {error})"
            fix = f"pass the folder that holds N/{_CHAT}, as it was published"
            raise InvalidInput("folder", limit, fix) from error
    return conversations


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _conversation(id: str, batches: Iterable[Mapping[str, Any]], probing: Mapping[str, Any]) -> Conversation:
    events = tuple(_events(batches))
    known = {str(event.key) for event in events}
    asked: list[Question] = []
    for ability, questions in probing.items():
        for number, raw in enumerate(questions, start=1):
            sources = raw.get("source_chat_ids") or ()
            named = sources if isinstance(sources, Mapping) and ability == KNOWLEDGE_UPDATE else {}
            question = Question(
                id=f"{ability}-{number}",
                question=raw["question"],
                answer=answer_of(next((raw[name] for name in _ANSWERS if name in raw), None)),
                evidence=_keys(sources, known),
                category=ability,
                original=_keys(named.get("original_info", ()), known),
                updated=_keys(named.get("updated_info", ()), known),
                rubric=tuple(map(str, raw.get("rubric") or ())),
                unanswerable=ability == ABSTENTION,
            )
            asked.append(question)
    questions, others = parted(asked)
    return Conversation(id=id, events=events, questions=questions, others=others)


def _events(batches: Iterable[Mapping[str, Any]]) -> Iterator[NewEvent]:
    """Yields each message on its day: the last one named, and before any is, the first that the batch names."""
    day = at = datetime.min.replace(tzinfo=UTC)
    for batch in batches:
        messages = [message for turn in batch["turns"] for message in turn]
        anchors = [named for each in (batch, *messages) if (named := each.get("time_anchor"))]
        anchor = anchors[0]
        for message in messages:
            anchor = message.get("time_anchor") or anchor
            before, day = day, datetime.strptime(anchor, "%B-%d-%Y").replace(tzinfo=UTC)  # such as "March-15-2024"
            at = at + timedelta(seconds=1) if day == before else day
            # Cut to what an event may hold: the published chats exceed it by two drawings that never end.
            content = _PLACE.sub("", message["content"]).encode()[:MAX_CONTENT_BYTES].decode(errors="ignore").rstrip()
            yield NewEvent(
                content=content,
                role=message["role"],
                session=f"batch_{batch['batch_number']}",
                occurred_at=at,
                key=str(message["id"]),
            )


def _keys(sources: Any, known: set[str]) -> tuple[str, ...]:
    """Returns the keys in order, each once, and only those of messages that exist."""
    return tuple(key for key in dict.fromkeys(_flat(sources)) if key in known)


def _flat(sources: Any) -> Iterator[str]:
    """Ids come as a number, a list, a list of lists, or lists by name."""
    if isinstance(sources, Mapping):
        sources = list(sources.values())
    if not isinstance(sources, list | tuple):
        yield str(sources)
        return
    for source in sources:
        yield from _flat(source)
