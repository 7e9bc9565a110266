"""semmem as a StorageBackend of CrewAI's own `Memory`, for `Memory(storage="semmem://acme/user/alice")`.

CrewAI's analysis, its embedder and its scores stay in charge then: a backend is given vectors, never a question.
"""

import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
from crewai.memory.storage import factory
from crewai.memory.storage.backend import EmbeddingDimensionMismatchError, StorageBackend
from crewai.memory.types import MemoryRecord, ScopeInfo

from semmem import Branch, Closed, ConfigurationError, InvalidInput, Memory, Scope
from semmem.domain.checks import check_each, check_is
from semmem.integrations.crewai.paths import SCHEME, path_of, scope_of, segments
from semmem.integrations.crewai.records import Criteria
from semmem.integrations.crewai.tree import Tree
from semmem.wiring.bridge import Bridge

log = logging.getLogger(__name__)

MAX_IDS = 100_000  # in one call

T = TypeVar("T")
Work = Callable[[Tree], Coroutine[Any, Any, T]]

_scheme = SCHEME.split("/")[0]
_settings: dict[str, Any] = {}
_known: dict[str, dict[str, Any]] = {}


def register(**settings: Any) -> None:
    """Lets CrewAI open URLs such as semmem://acme/user/alice; a factory that was set before answers for all others.

    `settings` are those of semmem.open(); without any, SEMMEM_* in the environment decides. A malformed URL raises
    ConfigurationError where it is opened.
    """
    _settings.clear()
    _settings.update(settings)
    earlier = factory._factory
    if not isinstance(earlier, _Factory):
        factory.set_memory_storage_factory(_Factory(earlier))


def know(url: str, settings: dict[str, Any]) -> None:
    """A checkpoint of a memory that was opened with settings of its own finds them again in the same process."""
    _known[url] = settings


class _Factory:
    def __init__(self, earlier: factory.MemoryStorageFactory | None) -> None:
        self._earlier = earlier

    def __call__(self, spec: str) -> StorageBackend | None:
        if not spec.startswith(_scheme):
            return self._earlier(spec) if self._earlier else None
        try:
            scope = scope_of(spec)
        except InvalidInput as error:
            raise ConfigurationError(str(error)) from None  # pydantic would make its own of a ValueError
        return SemmemStorage(scope, **_known.get(spec, _settings))


class SemmemStorage:
    """The records of one user or workspace; a path is a place of its own, and reads cover it and all below it.

    Every method may be called from any thread or loop. Raises InvalidInput, StoreUnavailable where Postgres is down,
    and Closed after `close`.
    """

    def __init__(self, root: Scope, **settings: Any) -> None:
        self.root = Branch(root)
        self._bridge = Bridge.shared(**settings)
        self._closed = False
        self._warned = False

    def run(self, work: Work[T]) -> T:
        return self._bridge.run(self._bound(work))

    async def arun(self, work: Work[T]) -> T:
        return await self._bridge.arun(self._bound(work))

    def _bound(self, work: Work[T]) -> Callable[[Memory], Coroutine[Any, Any, T]]:
        self.check_open()
        return lambda memory: work(Tree(memory, self.root))

    def check_open(self) -> None:
        if self._closed:
            raise Closed("this memory was closed; make a new SemmemMemory or Memory")

    def close(self) -> None:
        """Lets go of the stores; the last of all that share them closes them."""
        if not self._closed:
            self._closed = True
            self._bridge.close()

    def save(self, records: list[MemoryRecord]) -> None:
        self.run(lambda tree: _save(tree, records))

    async def asave(self, records: list[MemoryRecord]) -> None:
        await self.arun(lambda tree: _save(tree, records))

    def update(self, record: MemoryRecord) -> None:
        self.run(lambda tree: tree.replace(record))

    def search(self, query_embedding: list[float], *args: Any, **narrowed: Any) -> list[tuple[MemoryRecord, float]]:
        return self.run(lambda tree: self._search(tree, query_embedding, *args, **narrowed))

    async def asearch(
        self, query_embedding: list[float], *args: Any, **narrowed: Any
    ) -> list[tuple[MemoryRecord, float]]:
        return await self.arun(lambda tree: self._search(tree, query_embedding, *args, **narrowed))

    async def _search(
        self,
        tree: Tree,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        """The score is the cosine, from 0 to 1, over all records: exact. Those without a vector cannot be found."""
        memories = [kept.memory for kept in await tree.kept(scope_prefix)]
        criteria = Criteria(categories=categories or None, metadata_filter=metadata_filter)
        able = [memory for memory in memories if memory.embedding and criteria.fit(memory)]
        blind = sum(not memory.embedding for memory in memories)
        if blind and not self._warned:
            self._warned = True
            log.warning("%d records have no vector of CrewAI's: open them with SemmemMemory, or rebind the crew", blind)
        scores = _cosines(query_embedding, able)
        ranked = sorted(zip(able, scores, strict=True), key=lambda pair: -pair[1])
        return [(memory, score) for memory, score in ranked if score >= min_score][:limit]

    def delete(self, scope_prefix: str | None = None, *args: Any, **narrowed: Any) -> int:
        return self.run(lambda tree: _delete(tree, scope_prefix, *args, **narrowed))

    async def adelete(self, scope_prefix: str | None = None, *args: Any, **narrowed: Any) -> int:
        return await self.arun(lambda tree: _delete(tree, scope_prefix, *args, **narrowed))

    def reset(self, scope_prefix: str | None = None) -> None:
        self.run(lambda tree: tree.delete(scope_prefix))

    def get_record(self, record_id: str) -> MemoryRecord | None:
        return self.run(lambda tree: tree.find(record_id))

    def list_records(self, scope_prefix: str | None = None, limit: int = 200, offset: int = 0) -> list[MemoryRecord]:
        """Lists the newest first."""
        check_is("limit", limit, int)
        check_is("offset", offset, int)
        if limit <= 0 or offset < 0:
            return []
        kept = self.run(lambda tree: tree.kept(scope_prefix))
        return [each.memory for each in kept[offset : offset + limit]]

    def get_scope_info(self, scope: str) -> ScopeInfo:
        kept = self.run(lambda tree: tree.kept(scope))
        memories = [each.memory for each in kept]
        return ScopeInfo(
            path=path_of(segments(scope)),
            record_count=len(memories),
            categories=sorted({category for memory in memories for category in memory.categories}),
            oldest_record=min((memory.created_at for memory in memories), default=None),
            newest_record=max((memory.created_at for memory in memories), default=None),
            child_scopes=children(scope, [memory.scope for memory in memories]),
        )

    def list_scopes(self, parent: str = "/") -> list[str]:
        places = self.run(lambda tree: tree.places(parent))
        return children(parent, [path_of(place.path) for place in places])

    def list_categories(self, scope_prefix: str | None = None) -> dict[str, int]:
        kept = self.run(lambda tree: tree.kept(scope_prefix))
        return dict(Counter(category for each in kept for category in each.record.value["categories"]))

    def count(self, scope_prefix: str | None = None) -> int:
        return len(self.run(lambda tree: tree.kept(scope_prefix)))


async def _save(tree: Tree, records: list[MemoryRecord]) -> None:
    """Each is told at the time it was made, so that an imported history keeps its order."""
    for record in records:
        await tree.put([record], said_at=record.created_at.replace(tzinfo=record.created_at.tzinfo or UTC))


async def _delete(
    tree: Tree,
    scope_prefix: str | None = None,
    categories: list[str] | None = None,
    record_ids: list[str] | None = None,
    older_than: datetime | None = None,
    metadata_filter: dict[str, Any] | None = None,
) -> int:
    criteria = Criteria(categories=categories, older_than=older_than, metadata_filter=metadata_filter)
    if record_ids is not None:
        check_each("record_ids", record_ids, str, most=MAX_IDS)
    return await tree.delete(scope_prefix, criteria, record_ids)


def _cosines(query: list[float], memories: list[MemoryRecord]) -> list[float]:
    """Raises CrewAI's EmbeddingDimensionMismatchError where a record was made with another embedder."""
    for memory in memories:
        if len(memory.embedding or ()) != len(query):
            raise EmbeddingDimensionMismatchError(len(memory.embedding or ()), len(query))
    if not memories:
        return []
    asked, kept = np.asarray(query), np.asarray([memory.embedding for memory in memories])
    norms = np.linalg.norm(kept, axis=1) * np.linalg.norm(asked)
    cosines = kept @ asked / np.where(norms > 0, norms, 1)
    return [float(cosine) for cosine in np.clip(cosines, 0, 1)]


def children(parent: str | None, paths: Iterable[str]) -> list[str]:
    """Returns the paths one segment below `parent` that these lie at or below."""
    above = segments(parent)
    depth = len(above)
    below = {segments(path)[: depth + 1] for path in paths if segments(path)[:depth] == above}
    return sorted(path_of(names) for names in below if len(names) > depth)
