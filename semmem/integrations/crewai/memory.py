"""semmem as CrewAI's memory: semmem extracts, scopes and retrieves; CrewAI's LLM analysis, embedder and store rest."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from itertools import product
from typing import Any, Literal, get_args

from crewai.memory.memory_scope import MemoryScope, MemorySlice
from crewai.memory.types import MemoryMatch, MemoryRecord
from crewai.memory.unified_memory import Memory

from semmem import Branch, InvalidInput, Scope, SemmemError
from semmem.domain.checks import check_each, check_id, check_is, check_one_of
from semmem.integrations.crewai.paths import joined, segments, url_of
from semmem.integrations.crewai.recalling import Question, recalled
from semmem.integrations.crewai.records import new_memory, paragraphs, stored
from semmem.integrations.crewai.storage import SemmemStorage, know
from semmem.integrations.crewai.telling import Querying, Saving
from semmem.integrations.crewai.tree import Tree, home
from semmem.wiring.settings import Settings, load_settings

log = logging.getLogger(__name__)

MAX_CONTENTS = 10_000  # of one call

Depth = Literal["shallow", "deep"]

# Arguments of semmem.open() that are no settings.
_PARTS = ("clock", "reranker")

# CrewAI's fields that may be given; a name of both, such as `embedder`, is semmem's setting.
_INHERITED = set(Memory.model_fields) - set(Settings.model_fields)


class SemmemMemory(Memory):
    """The memory of one user or one workspace, for `Crew(memory=...)`, `Agent(memory=...)` and flows.

    A scope path names a place with a memory of its own, found by its exact segments: /user/1 and /user/10 have nothing
    in common. `root_scope` is the place that all paths lie below. What is private can be recalled by its source alone.
    All other arguments are settings of `semmem.open()`; memories with the same settings share one set of connections.

    Usable from any thread, also beside a running event loop. Raises InvalidInput (a ValueError), StoreUnavailable where
    Postgres is down, and Closed after `close`. CrewAI swallows errors inside a crew's run: so they are logged as well.
    """

    tenant: str
    user: str | None = None
    workspace: str | None = None

    def __init__(
        self,
        *,
        tenant: str,
        user: str | None = None,
        workspace: str | None = None,
        root_scope: str | None = None,
        **settings: Any,
    ) -> None:
        scope = Scope.one_of(tenant, user=user, workspace=workspace)
        Branch(scope, segments(root_scope))
        if settings.get("embedder") is None:  # as a dump of a memory says that none was named
            settings.pop("embedder", None)
        inherited = {name: settings.pop(name) for name in _INHERITED & set(settings)}
        load_settings(**{name: value for name, value in settings.items() if name not in _PARTS})
        fields = {"tenant": tenant, "user": user, "workspace": workspace, "root_scope": root_scope}
        url = url_of(scope)
        super().__init__(**inherited | fields | {"storage": url})
        know(url, settings)
        self._storage: SemmemStorage = SemmemStorage(scope, **settings)

    def model_post_init(self, context: Any, /) -> None:
        """Opens nothing: CrewAI would open LanceDB here."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> "SemmemMemory":
        """Returns itself, for what a copy would remember is the same memory."""
        return self

    def remember(
        self,
        content: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,
        agent_role: str | None = None,
        root_scope: str | None = None,
    ) -> MemoryRecord:
        """Returns once it is committed; semmem finds it from then on, and draws facts from it later.

        At `scope` below the root; at the root itself, if left out. Without an importance it is 0.5.
        """
        with Saving(self, content, metadata, agent_role):
            self._check_writable()
            [record] = self._new(
                [content], scope, root_scope, agent_role, categories, metadata, importance, source, private
            )
            self.drain_writes()
            self._storage.run(lambda tree: tree.put([record], agent=agent_role))
        return record

    def remember_many(
        self,
        contents: list[str],
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,
        agent_role: str | None = None,
        root_scope: str | None = None,
    ) -> list[MemoryRecord]:
        """Checks its input, then saves in the background and returns [] as CrewAI's memory does.

        A save that fails there is logged and told by a MemorySaveFailedEvent. `recall` and `drain_writes` wait for it.
        """
        if not contents:
            return []
        try:
            self._check_writable()
            check_each("contents", contents, str, most=MAX_CONTENTS)
            records = self._new(
                contents, scope, root_scope, agent_role, categories, metadata, importance, source, private
            )
        except SemmemError as error:
            log.error("memories were not kept: %s", error)
            raise
        self._submit_save(self._save_later, records, metadata, agent_role)
        return []

    def recall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = 10,
        depth: Depth = "deep",
        source: str | None = None,
        include_private: bool = False,
    ) -> list[MemoryMatch]:
        """Returns the best matches at the scope and below it. No LLM is called: "deep" answers with what was remembered
        and with the facts drawn from it, "shallow" with what was remembered alone.

        A fact has an id of its own; its metadata names the records it rests on.
        """
        with Querying(self, query, limit) as asked:
            self._storage.check_open()
            check_one_of("depth", depth, get_args(Depth))
            question = Question(
                text=query,
                path=joined(self.root_scope, scope),
                limit=limit,
                categories=categories,
                facts=depth == "deep",
                source=source,
                include_private=include_private,
            )
            self.drain_writes()
            asked.results = [*self._storage.run(lambda tree: recalled(tree, question))]
        return asked.results

    def extract_memories(self, content: str) -> list[str]:
        """Returns the text whole, for semmem extracts by itself; in parts where it is longer than an event may be."""
        self._storage.check_open()
        check_is("content", content, str)
        return [] if self.read_only else paragraphs(content)

    def update(
        self,
        record_id: str,
        content: str | None = None,
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
    ) -> MemoryRecord:
        """Puts another value in the record's place; facts that rested on the earlier words are drawn anew.

        `scope` is a whole path, at or below the root. Raises InvalidInput also for an unknown id, and for a fact's.
        """
        self._check_writable()
        check_id("record_id", record_id)
        if scope is not None:
            self._check_rooted("scope", scope)
        changes = {
            "content": content,
            "scope": scope,
            "categories": categories,
            "metadata": metadata,
            "importance": importance,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        return self._storage.run(lambda tree: self._updated(tree, record_id, given))

    async def _updated(self, tree: Tree, record_id: str, given: dict[str, Any]) -> MemoryRecord:
        earlier = await tree.find(record_id, self.root_scope)
        if earlier is None:
            sources = await tree.resting_on(record_id, self.root_scope)
            if sources is None:
                fix = "take an id from list_records() or recall()"
                raise InvalidInput("record_id", f"no record {record_id} is kept here", fix)
            fix = f"update or forget {', '.join(sources) or 'its events'}"
            raise InvalidInput("record_id", f"{record_id} is a fact drawn from records", fix)
        names = ("content", "scope", "categories", "metadata", "importance", "source", "private")
        checked = new_memory(**{name: getattr(earlier, name) for name in names} | given)
        kept = {"id": earlier.id, "created_at": earlier.created_at, "embedding": earlier.embedding}
        record = checked.model_copy(update=kept)
        await tree.replace(record, said_at=None if "content" in given else earlier.created_at.replace(tzinfo=UTC))
        return record

    def forget(
        self,
        scope: str | None = None,
        categories: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
        record_ids: list[str] | None = None,
    ) -> int:
        """Forgets what fits at the scope and below it, with what is still being saved; how many records went.

        At the root, if `scope` is left out. A fact's id takes along the records it rests on.
        """
        self._storage.check_open()
        self.drain_writes()
        path = joined(self.root_scope, scope)
        return self._storage.delete(path, categories, record_ids, older_than, metadata_filter)

    def reset_all(self) -> None:
        """Forgets all that is kept at and below the root, of this user or workspace alone."""
        self.reset()

    def close(self) -> None:
        """Waits for pending saves, then refuses every later call. May be repeated."""
        self.drain_writes()
        self._storage.close()
        self._save_pool.shutdown(wait=True)

    async def aremember(self, *args: Any, **named: Any) -> MemoryRecord:
        """Does what `remember` does, while the running loop goes on."""
        return await asyncio.to_thread(self.remember, *args, **named)

    async def aremember_many(self, *args: Any, **named: Any) -> list[MemoryRecord]:
        """Does what `remember_many` does, while the running loop goes on."""
        return await asyncio.to_thread(self.remember_many, *args, **named)

    async def arecall(self, *args: Any, **named: Any) -> list[MemoryMatch]:
        """Does what `recall` does, while the running loop goes on."""
        return await asyncio.to_thread(self.recall, *args, **named)

    def _check_writable(self) -> None:
        self._storage.check_open()
        if self.read_only:
            raise InvalidInput("read_only", "this memory may only be read", "open SemmemMemory(..., read_only=False)")

    def _check_rooted(self, field: str, path: str) -> None:
        root = segments(self.root_scope)
        if segments(path)[: len(root)] != root:
            limit = f"{joined(path)} lies outside of this memory's root {joined(self.root_scope)}"
            raise InvalidInput(field, limit, f"pass a path such as {joined(self.root_scope, 'project')}")

    def _new(
        self, contents: list[str], scope: str | None, root_scope: str | None, agent_role: str | None, *said: Any
    ) -> list[MemoryRecord]:
        """Makes records of these contents, checked as semmem asks. CrewAI names an agent's own root."""
        if agent_role is not None:
            check_is("agent_role", agent_role, str)
        if root_scope is not None:
            self._check_rooted("root_scope", root_scope)
        path = joined(self.root_scope if root_scope is None else root_scope, scope)
        records = [new_memory(content, path, *said) for content in contents]
        for record in records:
            home(self._storage.root, record)
            stored(record, self._storage.root.root)
        return records

    def _save_later(self, records: list[MemoryRecord], metadata: dict[str, Any] | None, agent_role: str | None) -> None:
        """Saves in the background: CrewAI's contract is that a failed save fails no task; it is logged and told."""
        with suppress(SemmemError), Saving(self, f"{len(records)} memories", metadata, agent_role):
            self._storage.run(lambda tree: tree.put(records, agent=agent_role))


def rebind(restored: Any, memory: SemmemMemory) -> None:
    """Gives a crew, agent or flow that came back from a checkpoint its semmem memory again.

    CrewAI restores a plain `Memory` on semmem's storage, with an LLM and an embedder of its own; that one is closed.
    """
    holders = (restored, getattr(restored, "manager_agent", None), *getattr(restored, "agents", ()))
    for holder, name in product(holders, ("memory", "_memory")):
        present = getattr(holder, name, None)
        if isinstance(present, MemoryScope | MemorySlice):
            present.bind(memory)
        elif isinstance(present, Memory) and present is not memory and present.storage == memory.storage:
            setattr(holder, name, memory)
            present.close()
