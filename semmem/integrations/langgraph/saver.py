"""A BaseCheckpointSaver whose threads are of one user's or one workspace's memory, and are forgotten with it."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from secrets import token_hex
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from semmem import InvalidInput, Memory
from semmem.domain.checks import check_each, check_id, check_one_of
from semmem.integrations.langgraph.bridged import Bridged
from semmem.integrations.langgraph.checkpoints import (
    checkpoint_in,
    configurable_of,
    encoded_checkpoint,
    encoded_writes,
    key_of,
    outdated,
    tuple_of,
)
from semmem.integrations.langgraph.claims import CLAIM, claim_in, config_of
from semmem.integrations.langgraph.listing import Listing
from semmem.memory.threads import Threads, threads_of

T = TypeVar("T")
Work = Callable[[Threads], Awaitable[T]]

MAX_NAMED = 100_000  # threads or runs in one call
STRATEGIES = ("keep_latest", "delete")
VERSION_DIGITS = 32


class SemmemSaver(Bridged, BaseCheckpointSaver[str]):
    """Threads of graphs of one user or one workspace, for `compile(checkpointer=...)`.

    Two runs do not write to one thread side by side: the one that went on without having seen what the other wrote is
    refused by ThreadLost, in whatever process it is. `serde` is a serializer of langgraph's. All other arguments are
    settings of `semmem.open()`; savers and stores with the same settings share one memory.

    Usable from any thread and any event loop. Raises InvalidInput, ThreadLost, StoreUnavailable where Postgres is down,
    and Closed after close().
    """

    def __init__(
        self,
        *,
        tenant: str,
        user: str | None = None,
        workspace: str | None = None,
        serde: SerializerProtocol | None = None,
        **settings: Any,
    ) -> None:
        if serde is not None and not (hasattr(serde, "dumps_typed") and hasattr(serde, "loads_typed")):
            raise InvalidInput("serde", "must have dumps_typed and loads_typed", "pass one of langgraph's serializers")
        super().__init__(serde=serde)
        self._id = uuid4()
        self._bridge_to(tenant, user, workspace, settings)

    @property
    def _own(self) -> UUID:
        """Claims what runs begin, which have read nothing; a forked child's runs are others."""
        return uuid5(self._id, str(os.getpid()))

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint that the config names, or the latest of its thread; None where there is none."""
        configurable = configurable_of(config)
        key, checkpoint = key_of(configurable), checkpoint_in(configurable)
        found = self._run(lambda threads: threads.get(key, checkpoint))
        return tuple_of(self.serde, *found) if found else None

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Like `get_tuple`, while the running loop goes on."""
        configurable = configurable_of(config)
        key, checkpoint = key_of(configurable), checkpoint_in(configurable)
        found = await self._arun(lambda threads: threads.get(key, checkpoint))
        return tuple_of(self.serde, *found) if found else None

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Checkpoints of a thread, or without a config of all threads, newest first, whose metadata hold `filter`."""
        listing = Listing(self.serde, config, filter, before, limit)
        while listing.goes_on:
            listing.take(self._run(listing.page))
            yield from listing.tuples(self._run(listing.contents))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Like `list`, while the running loop goes on."""
        listing = Listing(self.serde, config, filter, before, limit)
        while listing.goes_on:
            listing.take(await self._arun(listing.page))
            for each in listing.tuples(await self._arun(listing.contents)):
                yield each

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Stores a checkpoint; the answer is its config. Raises ThreadLost."""
        work, stored = self._putting(config, checkpoint, metadata, new_versions)
        self._run(work)
        return stored

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Like `put`, while the running loop goes on."""
        work, stored = self._putting(config, checkpoint, metadata, new_versions)
        await self._arun(work)
        return stored

    def _putting(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> tuple[Work[None], RunnableConfig]:
        new = encoded_checkpoint(self.serde, config, checkpoint, metadata, new_versions)
        configurable = configurable_of(config)
        claim = claim_in(configurable, new.key, self._own)
        # LangGraph numbers the steps of a thread from -1, and so whatever comes before 0 begins one.
        step = metadata.get("step")
        first = claim.seen is None and new.parent is None and isinstance(step, int) and step < 0
        stored = config_of(new.key.thread, new.key.namespace, new.id, configurable.get(CLAIM))
        return lambda threads: threads.put(new, claim, first=first), stored

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Stores what a task wrote on a checkpoint, for a run that goes on there. Raises ThreadLost."""
        self._run(self._putting_writes(config, writes, task_id, task_path))

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Like `put_writes`, while the running loop goes on."""
        await self._arun(self._putting_writes(config, writes, task_id, task_path))

    def _putting_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
    ) -> Work[None]:
        new = encoded_writes(self.serde, config, writes, task_id, task_path)
        claim = claim_in(configurable_of(config), new.key, self._own)
        return lambda threads: threads.put_writes(new, claim)

    def delete_thread(self, thread_id: str) -> None:
        """Deletes a thread with all its graphs; a run of it that goes on is refused."""
        self._run(_deleting([thread_id]))

    async def adelete_thread(self, thread_id: str) -> None:
        """Like `delete_thread`, while the running loop goes on."""
        await self._arun(_deleting([thread_id]))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Deletes the checkpoints that these runs made, in all threads."""
        self._run(_deleting_runs(run_ids))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Like `delete_for_runs`, while the running loop goes on."""
        await self._arun(_deleting_runs(run_ids))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copies a thread whole. Raises InvalidInput where the target holds anything."""
        self._run(_copying(source_thread_id, target_thread_id))

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Like `copy_thread`, while the running loop goes on."""
        await self._arun(_copying(source_thread_id, target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Leaves the latest checkpoint of each graph, with what its values are made of; by "delete", nothing."""
        self._run(self._pruning(thread_ids, strategy))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Like `prune`, while the running loop goes on."""
        await self._arun(self._pruning(thread_ids, strategy))

    def _pruning(self, thread_ids: Sequence[str], strategy: str) -> Work[None]:
        check_one_of("strategy", strategy, STRATEGIES)
        named = _named("thread_ids", thread_ids)
        if strategy == "delete":
            return _deleting(named)

        async def prune(threads: Threads) -> None:
            for thread in named:
                await threads.drop(outdated(self.serde, await threads.chain(thread)))

        return prune

    def get_next_version(self, current: str | None, channel: None) -> str:
        """Rises in the order of text; two branches of a thread that count alike have other versions all the same."""
        number = 0 if current is None else int(str(current).partition(".")[0])
        return f"{number + 1:0{VERSION_DIGITS}d}.{token_hex(8)}"

    def _run(self, work: Work[T]) -> T:
        return self._opened.run(self._on_threads(work))

    async def _arun(self, work: Work[T]) -> T:
        return await self._opened.arun(self._on_threads(work))

    def _on_threads(self, work: Work[T]) -> Callable[[Memory], Coroutine[Any, Any, T]]:
        async def done(memory: Memory) -> T:
            return await work(threads_of(memory.at(self._root)))

        return done


def _named(field: str, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(check_id(field, value) for value in check_each(field, values, str, most=MAX_NAMED))


def _deleting(thread_ids: Sequence[str]) -> Work[None]:
    named = _named("thread_id", thread_ids)
    return lambda threads: threads.delete(named)


def _deleting_runs(run_ids: Sequence[str]) -> Work[None]:
    named = _named("run_ids", run_ids)
    return lambda threads: threads.delete_runs(named)


def _copying(source: str, target: str) -> Work[None]:
    check_id("source_thread_id", source)
    check_id("target_thread_id", target)
    return lambda threads: threads.copy(source, target)
