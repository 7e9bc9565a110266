"""A semantic long-term memory layer for AI agents.

>>> async with semmem.open() as memory:
...     alice = memory.scope(tenant="acme", user="alice")
...     await alice.remember("I moved to Berlin in May.", session="s1")
"""

from typing import TYPE_CHECKING, Any

from semmem.domain.context import Context, Item
from semmem.domain.drift import Drift
from semmem.domain.event import Ack, Event, NewEvent
from semmem.domain.fact import Fact, Source, Summary, Validity
from semmem.domain.hit import Hit, Recall
from semmem.domain.receipt import Receipt
from semmem.domain.record import NewRecord, Record
from semmem.domain.scope import Branch, Scope, View
from semmem.domain.waiting import Waiting
from semmem.errors import (
    BadAnswer,
    Closed,
    ConfigurationError,
    EmbeddedServerError,
    IndexMismatch,
    InvalidInput,
    KeyConflict,
    MissingExtra,
    ModelError,
    ModelUnavailable,
    NotFound,
    NotSettled,
    PoolExhausted,
    RequestFailed,
    RequestRefused,
    SchemaOutdated,
    SemmemError,
    StoreUnavailable,
    TimedOut,
    Unconfirmed,
    WriteConflict,
)
from semmem.version import __version__ as __version__

if TYPE_CHECKING:
    from semmem.memory.memory import Memory
    from semmem.memory.scoped import ScopedMemory
    from semmem.ports import Reranker
    from semmem.wiring.bootstrap import open

__all__ = [
    "Ack",
    "BadAnswer",
    "Branch",
    "Closed",
    "ConfigurationError",
    "Context",
    "Drift",
    "EmbeddedServerError",
    "Event",
    "Fact",
    "Hit",
    "IndexMismatch",
    "InvalidInput",
    "Item",
    "KeyConflict",
    "Memory",
    "MissingExtra",
    "ModelError",
    "ModelUnavailable",
    "NewEvent",
    "NewRecord",
    "NotFound",
    "NotSettled",
    "PoolExhausted",
    "Recall",
    "Receipt",
    "Record",
    "RequestFailed",
    "RequestRefused",
    "Reranker",
    "SchemaOutdated",
    "Scope",
    "ScopedMemory",
    "SemmemError",
    "Source",
    "StoreUnavailable",
    "Summary",
    "TimedOut",
    "Unconfirmed",
    "Validity",
    "View",
    "Waiting",
    "WriteConflict",
    "open",
]

# Imported on first use: they load the database drivers and models, and what stands between these and the engine.
_LAZY = {
    "open": "semmem.wiring.bootstrap",
    "Memory": "semmem.memory.memory",
    "Reranker": "semmem.ports",
    "ScopedMemory": "semmem.memory.scoped",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'semmem' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
