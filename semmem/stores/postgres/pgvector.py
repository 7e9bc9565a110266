"""The vector index and the lexical index inside Postgres."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View
from semmem.errors import IndexMismatch
from semmem.ports import Candidate, Clock, Found, ItemKind, Point
from semmem.stores.postgres.points import put_points, versions
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row
from semmem.stores.postgres.sql import statements

_SQL = statements("pgvector.sql")

# Above this many items in a view an exact scan costs more than it finds; below, HNSW's default filter loses neighbours.
EXACT_LIMIT = 20_000


def index_name(model: str) -> str:
    """The name of the index of one embedding model."""
    return re.sub(r"[^a-z0-9.-]+", "-", model.lower())


async def standing_dimensions(postgres: Postgres, model: str) -> int | None:
    """Of the vectors of this model that the database holds, if it holds any."""
    async with postgres.statement() as tx:
        standing = await tx.fetchrow(_SQL["standing_index"])
    return standing["dimensions"] if standing and standing["model"] == model else None


async def check_standing(postgres: Postgres, model: str, dimensions: int | None) -> None:
    """Raises IndexMismatch where the database was filled with another model, or with vectors of another size."""
    async with postgres.statement() as tx:
        standing = await tx.fetchrow(_SQL["standing_index"])
    if standing and standing["dimensions"] is not None:
        _check_same(standing, model, dimensions or standing["dimensions"])


def _check_same(standing: Row, model: str, dimensions: int | None) -> None:
    if (standing["model"], standing["dimensions"]) != (model, dimensions):
        raise IndexMismatch(
            f"this database was filled with the embedding model {standing['model']} of {standing['dimensions']} "
            f"dimensions, not {model} of {dimensions}; set the first again, or `semmem export` each memory and import "
            "it into a new database, which embeds it with the other one"
        )


HNSW_DIMENSIONS = 2_000  # of a vector that pgvector can index
BUILDING = 24 * 3_600  # seconds that an index may take over what was written while Qdrant was searched


class PgVectorIndex:
    """ports.VectorIndex over the vectors table; `hnsw` builds the index that views above `exact_limit` need.

    Where `dimensions` are not known yet, because the embedder never answered, they are those of the first vector.
    """

    name = "pgvector"

    def __init__(
        self, postgres: Postgres, *, model: str, dimensions: int | None, hnsw: bool, exact_limit: int = EXACT_LIMIT
    ) -> None:
        self._postgres = postgres
        self._model, self._dimensions = model, dimensions
        self._hnsw, self._exact_limit = hnsw, exact_limit
        self.index_name = index_name(model)

    async def ensure(self) -> None:
        standing = await self._register()
        if self._dimensions is None and standing["dimensions"] is not None:
            self._dimensions = standing["dimensions"]
            standing = await self._register()  # now that it is known whether they can be indexed
        _check_same(standing, self._model, self._dimensions)

    async def _register(self) -> Row:
        async with self._postgres.statement() as tx:
            given = {"name": self.index_name, "model": self._model, "dimensions": self._dimensions}
            standing = await tx.fetchrow(_SQL["ensure_index"], **given, hnsw=False)
            if self._builds_hnsw and not await tx.fetchval(_SQL["hnsw_stands"], name=self.index_name):
                standing = await tx.fetchrow_within(BUILDING, _SQL["ensure_index"], **given, hnsw=True)
        assert standing is not None
        return standing

    @property
    def _builds_hnsw(self) -> bool:
        """Larger vectors than pgvector indexes are compared one by one."""
        return self._hnsw and self._dimensions is not None and self._dimensions <= HNSW_DIMENSIONS

    async def adopt(self, vectors: NDArray[np.float32]) -> None:
        """Before vectors are written: the first make the dimensions known. Raises IndexMismatch for any others."""
        if self._dimensions is None:
            self._dimensions = vectors.shape[1]
            await self.ensure()
        for vector in vectors[:1]:
            self._check(vector)

    async def upsert(self, points: Sequence[Point]) -> None:
        for point in points:
            if point.vector is not None:
                await self.adopt(point.vector[None])
        for scope, of_scope in groupby(sorted(points, key=lambda point: point.scope), key=lambda point: point.scope):
            async with self._postgres.transaction(scope) as tx:
                await put_points(tx, self.index_name, list(of_scope))

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["delete_vectors"], index=self.index_name, items=ids)

    async def scan(self, scope: Scope) -> AsyncIterator[tuple[UUID, int]]:
        async with self._postgres.transaction(scope) as tx:
            found = await versions(tx, self.index_name)
        for id, version in found.items():
            yield id, version

    async def aclose(self) -> None:
        """Nothing to close: the pool belongs to Postgres."""

    async def search(
        self,
        view: View,
        vector: NDArray[np.float32],
        limit: int,
        filter: Filter,
        kind: ItemKind | None = None,
        among: Sequence[UUID] | None = None,
    ) -> list[Candidate]:
        return (await self.search_many(view, [vector], limit, filter, kind, among))[0]

    async def search_many(
        self,
        view: View,
        vectors: Sequence[NDArray[np.float32]] | NDArray[np.float32],
        limit: int,
        filter: Filter,
        kind: ItemKind | None = None,
        among: Sequence[UUID] | None = None,
    ) -> list[list[Candidate]]:
        """The nearest points of each vector, found in one transaction."""
        if self._dimensions is None:
            await self.ensure()  # another process may have made the first vector
        if self._dimensions is None:
            return [[] for _ in vectors]
        for vector in vectors:
            self._check(vector)
        narrowed = _narrowed(filter, kind) | {"among": among}
        few = among is not None and len(among) <= self._exact_limit
        async with self._postgres.transaction(view) as tx:
            if self._builds_hnsw and not few and await tx.fetchval(_SQL["size"]) > self._exact_limit:
                await tx.execute(_SQL["scan_on"])
                statement = _SQL["nearest_hnsw"].formatted(dimensions=self._dimensions, index=self.index_name)
            else:
                statement, narrowed["index"] = _SQL["nearest_exact"], self.index_name
            found = [await tx.fetch(statement, vector=vector, limit=limit, **narrowed) for vector in vectors]
        return [sorted(map(_candidate, rows), key=lambda candidate: -candidate.score) for rows in found]

    def _check(self, vector: NDArray[np.float32]) -> None:
        if vector.shape != (self._dimensions,):
            raise IndexMismatch(
                f"index {self.index_name} holds vectors of {self._dimensions} dimensions, not of shape {vector.shape}; "
                "use the embedding model it was made with"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an event may wait to be indexed and to be extracted, by `clock`, before an answer has to say so."""

    clock: Clock
    index: timedelta
    facts: timedelta


class LexicalIndex:
    """BM25 over postings that never leave their scope.

    The same query tells what the answer lacks: that no worker lives is told of events that wait longer than `patience`.
    """

    def __init__(self, postgres: Postgres, index_name: str, patience: Patience | None = None) -> None:
        self._postgres = postgres
        self._index_name, self._patience = index_name, patience

    async def search(
        self, view: View, terms: Sequence[str], limit: int, filter: Filter, among: Sequence[UUID] | None = None
    ) -> Found:
        """Candidates by BM25, whose score is unbounded."""
        known = self._patience
        asked = {
            "index": self._index_name,
            "terms": sorted(set(terms)),
            "limit": limit,
            "filtered": filter != Filter(),
            "asked_at": known.clock() if known else None,
            "index_within": known.index if known else None,
            "facts_within": known.facts if known else None,
            **_narrowed(filter, None),
        }
        async with self._postgres.statement(view) as tx:
            if among is None:
                rows = await tx.fetch(_SQL["lexical"], **asked)
            else:
                rows = await tx.fetch(_SQL["lexical_among"], among=among, **asked)
        return Found(
            tuple(_candidate(row) for row in rows if row["item_id"] is not None),
            {row["term"]: row["score"] for row in rows if row["term"] is not None},
            {row["missing"]: timedelta(seconds=row["score"]) for row in rows if row["missing"] and not row["item_id"]},
            frozenset(row["item_id"] for row in rows if row["missing"] and row["item_id"]),
        )


def _narrowed(filter: Filter, kind: ItemKind | None) -> dict[str, Any]:
    """What semmem.matching asks of an item besides that it is of the view and the index."""
    return {
        "item_kind": kind,
        "agent": filter.agent,
        "session": filter.session,
        "category": filter.category,
        "since": filter.since,
        "until": filter.until,
        "min_importance": filter.min_importance,
        "superseded": filter.as_of is not None,
    }


def _candidate(row: Row) -> Candidate:
    return Candidate(row["item_id"], row["score"])
