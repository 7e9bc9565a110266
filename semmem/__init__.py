"""A semantic long-term memory layer for AI agents.

>>> async with semmem.open() as memory:
...     alice = memory.scope(tenant="acme", user="alice")
...     await alice.remember("I moved to Berlin in May.", session="s1")
"""

from typing import TYPE_CHECKING, Any

from semmem.domain.context import Context, Format, Item, Outdated, Since, Tier
from semmem.domain.drift import Drift, DriftKind
from semmem.domain.entry import Entry, EntryKind
from semmem.domain.event import Ack, AckStatus, Event, EventFields, NewEvent, Role
from semmem.domain.fact import Category, Correction, CorrectionKind, Fact, Precision, Source, Summary, Validity
from semmem.domain.group import GroupLag, GroupStart
from semmem.domain.health import FieldHealth, Health, Installation
from semmem.domain.hit import Hit, Recall
from semmem.domain.kept import LocalLogHealth
from semmem.domain.receipt import Receipt
from semmem.domain.record import NewRecord, Record
from semmem.domain.reducers import (
    Reducer,
    Told,
    Unseen,
    add,
    append,
    best,
    latest,
    max,
    merge,
    min,
    replace,
    told,
    union,
)
from semmem.domain.scope import Branch, Scope, ScopeKind, View
from semmem.domain.settings import ScopeSettings
from semmem.domain.state import Change, ChangeStatus, Checkpoint, Snapshot
from semmem.domain.waiting import Waiting
from semmem.domain.workspace import Member, Overview, Question, Workspace
from semmem.errors import (
    BadAnswer,
    Closed,
    ConfigurationError,
    Conflict,
    Damaged,
    EmbeddedServerError,
    FactChanged,
    Forbidden,
    IndexMismatch,
    InvalidInput,
    KeyConflict,
    LeaseLost,
    LocalLogFull,
    LockHeld,
    LockLost,
    MissingExtra,
    ModelError,
    ModelUnavailable,
    NotFound,
    NotSettled,
    PoolExhausted,
    QuestionClosed,
    RequestFailed,
    RequestRefused,
    SchemaOutdated,
    SemmemError,
    StateMismatch,
    StoreUnavailable,
    ThreadLost,
    TimedOut,
    TooFarBehind,
    Unconfirmed,
    WriteConflict,
)
from semmem.version import __version__ as __version__

if TYPE_CHECKING:
    from semmem.domain.extraction import Usage
    from semmem.domain.schema import State
    from semmem.memory.archiving import Archive
    from semmem.memory.groups import Delivery, Group, Inbox
    from semmem.memory.locks import Lock
    from semmem.memory.memory import Memory
    from semmem.memory.place import Place
    from semmem.memory.records import Records
    from semmem.memory.scoped import AgentMemory, ScopedMemory
    from semmem.memory.transfer import Imported
    from semmem.ports import Clock, Reranker, Scores
    from semmem.stores.postgres.ledger import DeadLetter, Stage
    from semmem.wiring.bootstrap import open

__all__ = [
    "Ack",
    "AckStatus",
    "AgentMemory",
    "Archive",
    "BadAnswer",
    "Branch",
    "Category",
    "Change",
    "ChangeStatus",
    "Checkpoint",
    "Clock",
    "Closed",
    "ConfigurationError",
    "Conflict",
    "Context",
    "Correction",
    "CorrectionKind",
    "Damaged",
    "DeadLetter",
    "Delivery",
    "Drift",
    "DriftKind",
    "EmbeddedServerError",
    "Entry",
    "EntryKind",
    "Event",
    "EventFields",
    "Fact",
    "FactChanged",
    "FieldHealth",
    "Forbidden",
    "Format",
    "Group",
    "GroupLag",
    "GroupStart",
    "Health",
    "Hit",
    "Imported",
    "Inbox",
    "IndexMismatch",
    "Installation",
    "InvalidInput",
    "Item",
    "KeyConflict",
    "LeaseLost",
    "LocalLogFull",
    "LocalLogHealth",
    "Lock",
    "LockHeld",
    "LockLost",
    "Member",
    "Memory",
    "MissingExtra",
    "ModelError",
    "ModelUnavailable",
    "NewEvent",
    "NewRecord",
    "NotFound",
    "NotSettled",
    "Outdated",
    "Overview",
    "Place",
    "PoolExhausted",
    "Precision",
    "Question",
    "QuestionClosed",
    "Recall",
    "Receipt",
    "Record",
    "Records",
    "Reducer",
    "RequestFailed",
    "RequestRefused",
    "Reranker",
    "Role",
    "SchemaOutdated",
    "Scope",
    "ScopeKind",
    "ScopeSettings",
    "ScopedMemory",
    "Scores",
    "SemmemError",
    "Since",
    "Snapshot",
    "Source",
    "Stage",
    "State",
    "StateMismatch",
    "StoreUnavailable",
    "Summary",
    "ThreadLost",
    "Tier",
    "TimedOut",
    "Told",
    "TooFarBehind",
    "Unconfirmed",
    "Unseen",
    "Usage",
    "Validity",
    "View",
    "Waiting",
    "Workspace",
    "WriteConflict",
    "add",
    "append",
    "best",
    "latest",
    "max",
    "merge",
    "min",
    "open",
    "replace",
    "told",
    "union",
]

# Imported on first use: they load the database drivers and models, and what stands between these and the engine.
_LAZY = {
    "open": "semmem.wiring.bootstrap",
    "AgentMemory": "semmem.memory.scoped",
    "Archive": "semmem.memory.archiving",
    "Clock": "semmem.ports",
    "DeadLetter": "semmem.stores.postgres.ledger",
    "Delivery": "semmem.memory.groups",
    "Group": "semmem.memory.groups",
    "Inbox": "semmem.memory.groups",
    "Imported": "semmem.memory.transfer",
    "Lock": "semmem.memory.locks",
    "Memory": "semmem.memory.memory",
    "Place": "semmem.memory.place",
    "Records": "semmem.memory.records",
    "Reranker": "semmem.ports",
    "Scores": "semmem.ports",
    "ScopedMemory": "semmem.memory.scoped",
    "Stage": "semmem.stores.postgres.ledger",
    "State": "semmem.domain.schema",
    "Usage": "semmem.domain.extraction",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'semmem' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
