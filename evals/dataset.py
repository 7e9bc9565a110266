"""What every data set is read into: conversations of events, and questions about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from semmem.domain.event import NewEvent
from semmem.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and the keys of the events that answer it, each once and existing.

    `id` is unique in its conversation. `answer` is empty where the data set gives none. Of a question about what has
    changed, `original` and `updated` are the evidence of the outdated statement and of the newest one.
    """

    id: str
    question: str
    answer: str
    evidence: tuple[str, ...]
    category: str
    original: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A fact that a model drew from a conversation, with the keys of the events it rests on: a recorded extraction."""

    speaker: str
    text: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation: its events in order, each with a `key`, and the questions that have evidence among them.

    `unanswerable` are questions about what was never said. `skipped` counts the questions left out because none of
    their evidence exists.
    """

    id: str
    events: tuple[NewEvent, ...]
    questions: tuple[Question, ...]
    observations: tuple[Observation, ...] = ()
    unanswerable: tuple[str, ...] = ()
    skipped: int = 0


def chosen(conversations: Sequence[Conversation], ids: Sequence[str]) -> list[Conversation]:
    """Returns those of these ids, or all where none is named. Raises InvalidInput for an id that is not there."""
    known = {conversation.id: conversation for conversation in conversations}
    for id in ids:
        if id not in known:
            raise InvalidInput("conversations", f"{id!r} is not in the data", f"choose from {', '.join(known)}")
    return [known[id] for id in ids] or list(conversations)
