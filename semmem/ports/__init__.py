"""What the core asks of the outside world. Each promise is proved by a contract test."""

from collections.abc import Callable
from datetime import datetime

from semmem.ports.indexes import Candidate, Found, Held, ItemKind, LexicalIndex, Mark, Mirror, Point, VectorIndex
from semmem.ports.models import ChatAnswer, ChatModel, Embedder, Extractor, Models, Reranker, Scores, TokenCounter
from semmem.ports.stores import Hydrated, Passage, Reader, RecentCache, Rows, Wakeups

Clock = Callable[[], datetime]

__all__ = [
    "Candidate",
    "ChatAnswer",
    "ChatModel",
    "Clock",
    "Embedder",
    "Extractor",
    "Found",
    "Held",
    "Hydrated",
    "ItemKind",
    "LexicalIndex",
    "Mark",
    "Mirror",
    "Models",
    "Passage",
    "Point",
    "Reader",
    "RecentCache",
    "Reranker",
    "Rows",
    "Scores",
    "TokenCounter",
    "VectorIndex",
    "Wakeups",
]
