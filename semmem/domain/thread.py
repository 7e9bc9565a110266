"""Threads of graphs, as a framework's checkpoints are kept: who may write to one, and what is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from semmem.domain.checks import check_id, check_int, check_is, check_text
from semmem.errors import InvalidInput

MAX_NAMESPACE_BYTES = 1_024
MAX_DATA_BYTES = 64 * 1024 * 1024
MAX_PATH_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as the framework's serializer wrote it, and the name that it gave to its format."""

    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """A thread's graph, or one of the graphs inside it; the outermost has no namespace."""

    thread: str
    namespace: str = ""

    def __post_init__(self) -> None:
        check_id("thread_id", self.thread)
        if self.namespace != "":
            check_text("checkpoint_ns", self.namespace, MAX_NAMESPACE_BYTES)


@dataclass(frozen=True, slots=True)
class Turn:
    """A write to a thread: the run that wrote last, and how often anybody has written."""

    owner: UUID
    turn: int

    def __post_init__(self) -> None:
        check_int("turn", self.turn, 1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Claim:
    """By which a run may write to what it has read: nobody but itself has written to it since.

    `run` is an id of the reading run, and `seen` the last turn that it found; None where it found nothing.
    """

    run: UUID
    seen: Turn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCheckpoint:
    """What a step leaves behind; `values` are those that it changed, each under a version of `versions`."""

    key: ThreadKey
    id: str
    parent: str | None
    run: str | None
    body: Encoded
    metadata: Encoded
    versions: Mapping[str, str]
    values: Mapping[str, tuple[str, Encoded]]

    def __post_init__(self) -> None:
        check_id("checkpoint.id", self.id)
        if self.parent is not None:
            check_id("checkpoint_id", self.parent)
        if self.run is not None:
            check_id("run_id", self.run)
        for channel, version in self.versions.items():
            check_id("channel", channel)
            check_id(f"channel_versions[{channel}]", version)
        check_data("checkpoint", self.body)
        check_data("metadata", self.metadata)
        for channel, (version, value) in self.values.items():
            check_id("channel", channel)
            check_id(f"new_versions[{channel}]", version)
            check_data(f"channel_values[{channel}]", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWrite:
    """One write of a task; one whose `ordinal` is below 0 takes the place of an earlier one."""

    ordinal: int
    channel: str
    value: Encoded

    def __post_init__(self) -> None:
        check_id("channel", self.channel)
        check_data(f"writes[{self.channel}]", self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWrites:
    """What a task of the step behind a checkpoint wrote."""

    key: ThreadKey
    checkpoint: str
    task: str
    path: str
    writes: Sequence[TaskWrite]

    def __post_init__(self) -> None:
        check_id("checkpoint_id", self.checkpoint)
        check_id("task_id", self.task)
        if self.path != "":
            check_text("task_path", self.path, MAX_PATH_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A checkpoint without its values, and the last turn of its thread."""

    key: ThreadKey
    id: str
    parent: str | None
    body: Encoded
    metadata: Encoded
    turn: Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A checkpoint's values by channel, and its writes (task, channel and value) in the order in which they apply."""

    values: dict[str, Encoded] = field(default_factory=dict)
    writes: list[tuple[str, str, Encoded]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A checkpoint as one of its thread's chain; `stored` are the channels whose value stands with it."""

    key: ThreadKey
    id: str
    parent: str | None
    metadata: Encoded
    stored: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Which checkpoints are listed; without a thread those of all threads, without a namespace of all graphs in it."""

    thread: str | None = None
    namespace: str | None = None
    checkpoint: str | None = None
    before: str | None = None

    def __post_init__(self) -> None:
        if self.thread is not None:
            ThreadKey(self.thread, self.namespace or "")
        for name, value in (("checkpoint_id", self.checkpoint), ("before", self.before)):
            if value is not None:
                check_id(name, value)


def check_data(name: str, value: Encoded) -> None:
    """Bytes under a short name, as every serializer of LangGraph's answers."""
    check_id(f"{name}: the serializer's type", value.type)
    check_is(f"{name}: the serializer's answer", value.data, bytes)
    if len(value.data) > MAX_DATA_BYTES:
        limit = f"must be at most {MAX_DATA_BYTES // 2**20} MiB once serialized"
        raise InvalidInput(name, limit, "keep large data elsewhere, and its address here")
