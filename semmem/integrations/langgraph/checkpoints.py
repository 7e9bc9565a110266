"""LangGraph's configs, checkpoints and writes, checked, and as the memory keeps them; and the way back."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from semmem import InvalidInput
from semmem.domain.checks import check_each, check_id, check_is
from semmem.domain.thread import (
    Contents,
    Encoded,
    Found,
    Link,
    NewCheckpoint,
    NewWrites,
    Searched,
    TaskWrite,
    ThreadKey,
)
from semmem.integrations.langgraph.claims import claimed_by, config_of

MAX_WRITES = 100_000


def configurable_of(config: object) -> Mapping[str, Any]:
    check_is("config", config, Mapping)
    found = config.get("configurable") if isinstance(config, Mapping) else None
    if not isinstance(found, Mapping):
        raise InvalidInput("config", "must hold `configurable`", "pass {'configurable': {'thread_id': ...}}")
    return found


def key_of(configurable: Mapping[str, Any]) -> ThreadKey:
    """The thread and the namespace of a config."""
    if "thread_id" not in configurable:
        raise InvalidInput("thread_id", "must be named", "pass {'configurable': {'thread_id': ...}}")
    namespace = configurable.get("checkpoint_ns")
    return ThreadKey(configurable["thread_id"], "" if namespace is None else namespace)


def checkpoint_in(configurable: Mapping[str, Any]) -> str | None:
    """The id of the checkpoint that a config names, if it names one."""
    id = configurable.get("checkpoint_id")
    return None if id is None or id == "" else check_id("checkpoint_id", id)


def searched(config: RunnableConfig | None, before: RunnableConfig | None) -> Searched:
    """What a list is narrowed to; without a config all of it."""
    border = None if before is None else checkpoint_in(configurable_of(before))
    if config is None:
        return Searched(before=border)
    configurable = configurable_of(config)
    key = key_of(configurable)
    namespace = None if configurable.get("checkpoint_ns") is None else key.namespace
    return Searched(thread=key.thread, namespace=namespace, checkpoint=checkpoint_in(configurable), before=border)


def encoded_checkpoint(
    serde: SerializerProtocol,
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    new_versions: ChannelVersions,
) -> NewCheckpoint:
    """A checkpoint as it is kept: its body apart from its values, which many checkpoints share."""
    configurable = configurable_of(config)
    for name, value in (("checkpoint", checkpoint), ("metadata", metadata), ("new_versions", new_versions)):
        check_is(name, value, Mapping)
    for name in ("id", "channel_versions", "channel_values"):
        if name not in checkpoint:
            raise InvalidInput("checkpoint", f"must hold `{name}`", "pass a checkpoint as LangGraph makes it")
    check_is("channel_versions", checkpoint["channel_versions"], Mapping)
    check_is("channel_values", checkpoint["channel_values"], Mapping)
    values = checkpoint["channel_values"]
    said = get_checkpoint_metadata(config, metadata)
    run = said.get("run_id")
    return NewCheckpoint(
        key=key_of(configurable),
        id=checkpoint["id"],
        parent=checkpoint_in(configurable),
        run=None if run is None else str(run),
        body=encoded(
            serde, "checkpoint", {name: value for name, value in checkpoint.items() if name != "channel_values"}
        ),
        metadata=encoded(serde, "metadata", said),
        versions={channel: str(version) for channel, version in checkpoint["channel_versions"].items()},
        values={
            channel: (str(version), encoded(serde, f"channel_values[{channel}]", values[channel]))
            for channel, version in new_versions.items()
            if channel in values
        },
    )


def encoded_writes(
    serde: SerializerProtocol, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
) -> NewWrites:
    """A task's writes; of what it has one of, such as its error, the last."""
    configurable = configurable_of(config)
    checkpoint = checkpoint_in(configurable)
    if checkpoint is None:
        raise InvalidInput("checkpoint_id", "must be named", "pass the config of the checkpoint that the task ran on")
    by_ordinal = {}
    for index, write in enumerate(check_each("writes", writes, tuple, most=MAX_WRITES)):
        if len(write) != 2:
            raise InvalidInput(f"writes[{index}]", "must be a channel and a value", "pass ('channel', value)")
        channel = check_id(f"writes[{index}]", write[0])
        ordinal = WRITES_IDX_MAP.get(channel, index)
        by_ordinal[ordinal] = TaskWrite(
            ordinal=ordinal, channel=channel, value=encoded(serde, f"writes[{index}]", write[1])
        )
    return NewWrites(
        key=key_of(configurable), checkpoint=checkpoint, task=task_id, path=task_path, writes=[*by_ordinal.values()]
    )


def tuple_of(serde: SerializerProtocol, found: Found, contents: Contents) -> CheckpointTuple:
    """A checkpoint as LangGraph has it, claimed by whoever reads it."""
    claim = claimed_by(found)
    thread, namespace = found.key.thread, found.key.namespace
    checkpoint: Checkpoint = decoded(serde, found.body)
    checkpoint["channel_values"] = {channel: decoded(serde, value) for channel, value in contents.values.items()}
    return CheckpointTuple(
        config=config_of(thread, namespace, found.id, claim),
        checkpoint=checkpoint,
        metadata=decoded(serde, found.metadata),
        parent_config=None if found.parent is None else config_of(thread, namespace, found.parent, claim),
        pending_writes=[(task, channel, decoded(serde, value)) for task, channel, value in contents.writes],
    )


def has_all(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a list's filter lets these through."""
    return all(name in metadata and metadata[name] == value for name, value in wanted.items())


def outdated(serde: SerializerProtocol, chain: Sequence[Link]) -> list[Link]:
    """What may go where the latest checkpoint of each graph stays: all but what its values are made again of.

    A delta channel is kept as the writes since its last whole value. Those of the latest checkpoint that it counts
    writes of are followed back to where their value stands, and everything on the way stays.
    """
    by_id = {(link.key, link.id): link for link in chain}
    kept: set[tuple[ThreadKey, str]] = set()
    for key in {link.key for link in chain}:
        latest = next(link for link in chain if link.key == key)
        deltas = set(decoded(serde, latest.metadata).get("counters_since_delta_snapshot") or ())
        link: Link | None = latest
        missing = deltas - latest.stored
        kept.add((key, latest.id))
        while missing and link is not None and link.parent is not None:
            link = by_id.get((key, link.parent))
            if link is not None:
                kept.add((key, link.id))
                missing -= link.stored
    return [link for link in chain if (link.key, link.id) not in kept]


def encoded(serde: SerializerProtocol, field: str, value: Any) -> Encoded:
    try:
        kind, data = serde.dumps_typed(value)
    except Exception as error:  # a serializer may be the caller's code, and raise anything
        limit = f"cannot be serialized ({type(error).__name__}: {error!s:.100})"
        raise InvalidInput(field, limit, "keep plain values, or pass a serde that takes these") from error
    return Encoded(kind, bytes(data) if isinstance(data, bytearray | memoryview) else data)


def decoded(serde: SerializerProtocol, value: Encoded) -> Any:
    return serde.loads_typed((value.type, value.data))
