"""The collections of the embedded Qdrant: one engine shard each, with its settings in `collection.json` beside it."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from semmem.embedded.qdrant.wire import MalformedRequest, present

VALID_NAME = re.compile(r'[^<>:"/\\|?*\x00-\x1f]{1,255}')
# Exact search takes about 3 ms over 50,000 vectors of 384 dimensions, while building an HNSW index would freeze the
# process for minutes (the engine keeps Python's lock): so no collection here is ever large enough for one.
NO_HNSW = edge.EdgeOptimizersConfig(indexing_threshold=1_000_000_000)
# Rewrites each segment that holds any deleted point, where the engine by itself waits for a fifth of a thousand.
VACUUM = edge.EdgeOptimizersConfig(indexing_threshold=1_000_000_000, deleted_threshold=0.0, vacuum_min_vector_number=1)
QUIET_SECONDS = 1.0


class NoSuchCollection(LookupError):
    def __init__(self, name: str) -> None:
        super().__init__(f"Not found: Collection `{name}` doesn't exist!")


class CollectionExists(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f"Wrong input: Collection `{name}` already exists!")


class Collection:
    def __init__(self, folder: Path, shard: edge.EdgeShard, settings: Mapping[str, Any]) -> None:
        self._folder, self.shard, self.settings = folder, shard, settings
        self._size: int = settings["vectors"]["size"]
        self._dirty = False
        self._written_at: float | None = None

    async def commit(self) -> None:
        """Return when everything written so far is on disk; requests that arrive together share one flush."""
        self._dirty = True
        self._written_at = asyncio.get_running_loop().time()
        await asyncio.sleep(0)
        if self._dirty:
            self.shard.flush()
            self._dirty = False

    def check(self, points: list[edge.Point]) -> None:
        """Refuse wrong vectors before the engine sees them: it would keep the points before the wrong one."""
        for point in points:
            vector: Any = point.vector
            if len(vector) != self._size:
                expected, got = self._size, len(vector)
                raise MalformedRequest(f"Wrong input: Vector dimension error: expected dim: {expected}, got {got}")
            if isinstance(vector[0], list):
                raise MalformedRequest("Wrong input: expected one dense vector")

    def tidy(self, now: float) -> None:
        """Drop deleted points from the segments once nothing was written for a moment (0.1 s for 20,000 points)."""
        if self._written_at is not None and now - self._written_at > QUIET_SECONDS:
            self._written_at = None
            self.shard.optimize()

    def scrub(self) -> None:
        """Take the bytes of deleted points out of the files; nothing is answered meanwhile, 0.1 s a 1,000 points."""
        self._reload(VACUUM)
        self.shard.optimize()
        self._reload(NO_HNSW)

    def _reload(self, optimizers: edge.EdgeOptimizersConfig) -> None:
        self.shard.flush()
        self.shard.close()
        self.shard = _load(self._folder, self.settings, optimizers)


class Collections:
    """All collections below one folder. The engine blocks while it works, so this is for the server's own process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Collection] = {}

    def open(self) -> None:
        """Load every collection; remove what a crash left of one being created or deleted."""
        for path in self._folder.iterdir():
            if not path.is_dir():
                continue
            settings = path / "collection.json"
            if settings.exists():
                given = json.loads(settings.read_text())
                self._open[path.name] = Collection(path, _load(path, given), given)
            else:
                shutil.rmtree(path)

    def close(self) -> None:
        for collection in self._open.values():
            collection.shard.flush()
            collection.shard.close()

    def names(self) -> list[str]:
        return sorted(self._open)

    def __contains__(self, name: str) -> bool:
        return name in self._open

    def __getitem__(self, name: str) -> Collection:
        if name not in self._open:
            raise NoSuchCollection(name)
        return self._open[name]

    def create(self, name: str, settings: Mapping[str, Any]) -> None:
        if name in self._open:
            raise CollectionExists(name)
        if not VALID_NAME.fullmatch(name) or name in (".", ".."):
            raise MalformedRequest(f"Wrong input: `{name}` cannot name a collection")
        # No log of writes: each is flushed before it is acknowledged, and a log would keep what was deleted.
        config = _engine_config(settings, wal_enabled=False)
        path = self._folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        shard = edge.EdgeShard.create(str(path / "shard"), config)
        shard.flush()
        # Last, by rename: a collection exists when its settings do.
        draft = path / "collection.new"
        with draft.open("w") as file:  # on the disk before its name is
            json.dump(settings, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path / "collection.json")
        self._open[name] = Collection(path, shard, settings)

    def delete(self, name: str) -> bool:
        collection = self._open.pop(name, None)
        if collection is None:
            return False
        (self._folder / name / "collection.json").unlink()
        collection.shard.close()
        shutil.rmtree(self._folder / name)
        return True

    def tidy(self, now: float) -> None:
        for collection in self._open.values():
            collection.tidy(now)


def _load(folder: Path, settings: Mapping[str, Any], optimizers: edge.EdgeOptimizersConfig = NO_HNSW) -> edge.EdgeShard:
    return edge.EdgeShard.load(str(folder / "shard"), _engine_config(settings, optimizers))


def _engine_config(
    settings: Mapping[str, Any],
    optimizers: edge.EdgeOptimizersConfig = NO_HNSW,
    *,
    wal_enabled: bool | None = None,  # None: as the shard was created
) -> edge.EdgeConfig:
    params = present(settings["vectors"], "size distance", "vectors")
    if params["size"] < 1:
        raise MalformedRequest("vectors.size: must be at least 1")
    vectors = {"": edge.EdgeVectorParams(params["size"], _member(edge.Distance, params["distance"]))}
    return edge.EdgeConfig(vectors=vectors, optimizers=optimizers, wal_enabled=wal_enabled)


def _member(enum: Any, name: str) -> Any:
    member = getattr(enum, name.capitalize(), None)
    if member is None:
        raise MalformedRequest(f"unknown {enum.__name__} `{name}`")
    return member


def index_schema(body: Any) -> Any:
    """Returns the engine's schema for a payload index, of a type's name or of an object, which may be for a tenant."""
    if isinstance(body, str):
        return _member(edge.PayloadSchemaType, body)
    params = present(body, "type is_tenant", "field_schema")
    if (kind := params.pop("type")) != "keyword":
        raise MalformedRequest(f"field_schema: `{kind}` is not supported with parameters")
    return edge.KeywordIndexParams(**params)
