"""What of an event or fact is embedded, and what is indexed by its words."""

from semmem.event import Event
from semmem.fact import Fact


def event_document(event: Event) -> str:
    """`[2023-05-08] Caroline: text`: the speaker and the date help dense retrieval (docs/retrieval.md)."""
    return f"[{event.occurred_at:%Y-%m-%d}] {event.voice}: {event.content}"


def event_words(event: Event) -> str:
    return f"{event.voice} {event.content}"


def fact_document(subject: str, text: str) -> str:
    """The statement, led by its subject unless it names it."""
    return text if subject.casefold() in text.casefold() else f"{subject}: {text}"


def item_text(item: Event | Fact) -> str:
    return item.text if isinstance(item, Fact) else item.content
