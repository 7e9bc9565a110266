"""What every data set is read into: conversations of events, and questions about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from semmem.domain.event import NewEvent
from semmem.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and the keys of the events that answer it, each once and existing.

    `id` is unique in its conversation. `answer` is empty where the data set gives none. Of a question about what has
    changed, `original` and `updated` are the evidence of the outdated statement and of the newest one. A `rubric` lists
    what an answer must hold. An `unanswerable` question is about what was never said, and its answer says why.
    """

    id: str
    question: str
    answer: str
    evidence: tuple[str, ...]
    category: str
    original: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    rubric: tuple[str, ...] = ()
    asked_at: datetime | None = None
    unanswerable: bool = False
    place: int = field(default=0, compare=False)  # among its conversation's, as the data set has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A fact that a model drew from a conversation, with the keys of the events it rests on: a recorded extraction."""

    speaker: str
    text: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation: its events in order, each with a `key`, and the questions that have evidence among them.

    `others` are the questions without evidence: their answers can be judged, but not what was brought back for them.
    """

    id: str
    events: tuple[NewEvent, ...]
    questions: tuple[Question, ...]
    observations: tuple[Observation, ...] = ()
    others: tuple[Question, ...] = ()

    @property
    def unanswerable(self) -> tuple[str, ...]:
        return tuple(question.question for question in self.others if question.unanswerable)

    @property
    def judgeable(self) -> tuple[Question, ...]:
        """Those whose answers can be judged, as the data set has them."""
        asked = sorted((*self.questions, *self.others), key=lambda question: question.place)
        return tuple(question for question in asked if question.answer or question.rubric)

    @property
    def skipped(self) -> int:
        return len(self.others)


def parted(asked: Iterable[Question]) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """The questions of a conversation with evidence, and those without, each with its place."""
    placed = [replace(question, place=place) for place, question in enumerate(asked)]
    return tuple(each for each in placed if each.evidence), tuple(each for each in placed if not each.evidence)


def answer_of(said: object) -> str:
    """What a data set gives as an answer; empty where it gives none. Raises InvalidInput for a list or an object."""
    if said is None:
        return ""
    if not isinstance(said, str | int | float):
        raise InvalidInput("answer", "must be a text or a number", "write it in quotes, or leave it out")
    return str(said)


def chosen(conversations: Sequence[Conversation], ids: Sequence[str]) -> list[Conversation]:
    """Returns those of these ids, or all where none is named. Raises InvalidInput for an id that is not there."""
    known = {conversation.id: conversation for conversation in conversations}
    for id in ids:
        if id not in known:
            raise InvalidInput("conversations", f"{id!r} is not in the data", f"choose from {', '.join(known)}")
    return [known[id] for id in ids] or list(conversations)


def beginning(conversation: Conversation, turns: int) -> Conversation:
    """Returns the conversation's first events, and of its questions and observations those that rest on these alone."""
    events = conversation.events[:turns]
    known = {str(event.key) for event in events}
    questions = tuple(each for each in conversation.questions if known.issuperset(each.evidence))
    observations = tuple(each for each in conversation.observations if known.issuperset(each.keys))
    return replace(conversation, events=events, questions=questions, observations=observations)
