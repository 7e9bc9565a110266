"""What of an event or fact is embedded, what is indexed by its words, and what ranking notes of it."""

from collections.abc import Sequence

from semmem.domain.embeddings import TokenStates
from semmem.domain.event import Event
from semmem.domain.fact import Fact
from semmem.ports import Passage
from semmem.retrieval.cues import Cue, cues
from semmem.retrieval.late import pack
from semmem.retrieval.pieces import MOST, is_long, pieces


def event_document(event: Event) -> str:
    """`Caroline: text`: who speaks helps dense retrieval, and the date does not (docs/retrieval.md)."""
    return f"{event.voice}: {event.content}"


def event_pieces(event: Event) -> list[str]:
    """Returns the first pieces of a long event, each embedded by itself; a short one is its own."""
    return pieces(event_document(event))[:MOST] if is_long(event.content) else []


def has_more_pieces(event: Event) -> bool:
    """Whether a part of it is in none of its pieces."""
    return is_long(event.content) and len(pieces(event_document(event))) > MOST


def event_words(event: Event) -> str:
    return f"{event.voice} {event.content}"


def fact_document(subject: str, text: str) -> str:
    """Returns the statement, led by its subject unless it names it."""
    return text if subject.casefold() in text.casefold() else f"{subject}: {text}"


def event_passage(event: Event, place: int, states: Sequence[TokenStates]) -> Passage:
    """`states` are those of its pieces; none where the embedder hands out none."""
    return Passage(
        id=event.id,
        kind="event",
        scope=event.scope,
        session=event.session,
        place=place,
        voice=event.voice,
        told=event.role == "user",
        at=event.occurred_at,
        long=is_long(event.content),
        cues=cues(event.content),
        states=packed(states),
    )


def fact_passage(fact: Fact, states: Sequence[TokenStates]) -> Passage:
    return Passage(
        id=fact.id,
        kind="fact",
        scope=fact.scope,
        session=None,
        place=None,
        voice=fact.subject,
        told=fact.trust == "user",
        at=fact.validity.start or fact.said_at,
        long=False,
        cues=cues(fact.text) | (Cue.OWN if fact.in_own_words else Cue(0)),
        states=packed(states),
    )


def packed(states: Sequence[TokenStates]) -> bytes | None:
    """Packs token states as a passage keeps them; None where there are none."""
    rows = [piece.states for piece in states if len(piece.states)]
    return pack(rows) if rows else None
