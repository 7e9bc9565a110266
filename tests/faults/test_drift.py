"""Whatever differs between Qdrant and Postgres is counted by its kind and mended, and nothing else is touched (P3)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from qdrant_client import AsyncQdrantClient, models

from semmem import ConfigurationError, Drift, IndexMismatch, Memory, ScopedMemory
from semmem.cli.checks import Check
from semmem.cli.doctor import examined
from semmem.stores.qdrant.collection import MARK
from semmem.stores.qdrant.index import QdrantIndex
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.contract.vector_index import point

DIMENSIONS = 384
Vector = NDArray[np.float64]


class Damage:
    """What goes wrong in Qdrant, done to the event of one place."""

    def __init__(self, client: AsyncQdrantClient, collection: str, id: UUID) -> None:
        self.client, self.collection, self.id = client, collection, str(id)

    async def lose(self) -> None:
        await self.client.delete(self.collection, models.PointIdsList(points=[self.id]), wait=True)

    async def say(self, **payload: Any) -> None:
        await self.change(lambda held: held | payload)

    async def drop(self, field: str) -> None:
        await self.change(lambda held: {name: value for name, value in held.items() if name != field})

    async def turn(self, how: Callable[[Vector], Vector]) -> None:
        await self.change(lambda held: held, how)

    async def change(
        self, payload: Callable[[dict[str, Any]], dict[str, Any]], vector: Callable[[Vector], Vector] = np.copy
    ) -> None:
        [held] = await self.client.retrieve(self.collection, [self.id], with_vectors=True, with_payload=True)
        await self.put(self.id, payload(held.payload or {}), vector(np.array(held.vector)).tolist())

    async def put(self, id: str | int, payload: dict[str, Any], vector: list[float] | None = None) -> None:
        vector = vector or [1.0] + [0.0] * (DIMENSIONS - 1)
        made = models.PointStruct(id=id, vector=vector, payload=payload)
        await self.client.upsert(self.collection, [made], wait=True)


def _collection(application: Application) -> str:
    mirror = application.stores.mirror
    assert isinstance(mirror, QdrantIndex)
    return mirror.collection


@pytest_asyncio.fixture
async def damage(client: AsyncQdrantClient, application: Application, places: list[ScopedMemory]) -> Damage:
    [event] = [event async for event in places[0].events()]
    return Damage(client, _collection(application), event.id)


async def _everything(damage: Damage) -> list[models.Record]:
    found, _ = await damage.client.scroll(damage.collection, limit=1_000, with_payload=True, with_vectors=True)
    return sorted((each for each in found if each.id != MARK), key=lambda each: str(each.id))


def _nudged(vector: Vector) -> Vector:
    nudged: Vector = vector + np.eye(len(vector))[0] * 1e-3
    return nudged


DAMAGES: dict[str, tuple[str, Callable[[Damage], Awaitable[object]]]] = {
    "the point is gone": ("missing", lambda it: it.lose()),
    "another version": ("outdated", lambda it: it.say(version=7)),
    "no version": ("outdated", lambda it: it.drop("version")),
    "another importance": ("wrong_filters", lambda it: it.say(importance=0.9)),
    "another session": ("wrong_filters", lambda it: it.say(session="s2")),
    "no session": ("wrong_filters", lambda it: it.say(session=None)),
    "a field is lost": ("wrong_filters", lambda it: it.drop("agent")),
    "another agent": ("wrong_filters", lambda it: it.say(agent="sales")),
    "another category": ("wrong_filters", lambda it: it.say(category="food")),
    "another time": ("wrong_filters", lambda it: it.say(at="2001-01-01T00:00:00+00:00")),
    "no longer current": ("wrong_filters", lambda it: it.say(current=0)),
    "another kind": ("wrong_filters", lambda it: it.say(kind="fact")),
    "a field that no row has": ("wrong_filters", lambda it: it.say(text="I am allergic to peanuts")),
    "another vector": ("wrong_vector", lambda it: it.turn(lambda vector: np.roll(vector, 1))),
    "the opposite vector": ("wrong_vector", lambda it: it.turn(lambda vector: -vector)),
    "nearly the vector": ("wrong_vector", lambda it: it.turn(_nudged)),
    "another tenant": ("foreign_scope", lambda it: it.say(tenant="globex")),
    "a tenant that there is not": ("foreign_scope", lambda it: it.say(tenant="nobody")),
    "another user": ("foreign_scope", lambda it: it.say(scope_id="bob")),
    "another kind of scope": ("foreign_scope", lambda it: it.say(scope_kind="workspace")),
    "no tenant": ("foreign_scope", lambda it: it.drop("tenant")),
    "no payload of ours": ("foreign_scope", lambda it: it.change(lambda held: {"x": 1})),
}


async def test_each_damage_is_counted_by_its_kind_and_mended(
    damage: Damage, places: list[ScopedMemory], memory: Memory
) -> None:
    before = await _everything(damage)
    for what, (kind, do) in DAMAGES.items():
        await do(damage)
        damaged = await _everything(damage)
        assert damaged != before, what
        counted = await places[0].reindex(dry_run=True)
        assert counted.kinds == {kind: 1}, what
        assert (await memory.reindex(dry_run=True)).kinds == {kind: 1}, what
        assert await _everything(damage) == damaged, what

        assert await places[0].reindex() == counted
        await places[0].settled()

        assert await _everything(damage) == before, what
    assert (await memory.reindex()).kinds == {}


def _address(tenant: Any, kind: Any, id: Any) -> dict[str, Any]:
    return {"tenant": tenant, "scope_kind": kind, "scope_id": id}


# Payloads of points that no row owns, and whether they are found from alice's memory, acme's, or only from everything.
STRANGERS: dict[str, tuple[dict[str, Any], str]] = {
    "in her scope": (_address("acme", "user", "alice") | {"version": 1, "current": 1}, "alice"),
    "in a branch of hers that is gone": (_address("acme", "branch", "f" * 64), "acme"),
    "of a user that there never was": (_address("acme", "user", "nobody"), "acme"),
    "of a kind of scope that there is not": (_address("acme", "team", "alice"), "acme"),
    "of a tenant that there is not": (_address("initech", "user", "alice"), "all"),
    "that says nothing": ({}, "all"),
    "with numbers for names": (_address(1, 2, 3), "all"),
    "with a list for a tenant": (_address(["globex"], "user", "alice"), "all"),
    "with an empty name": (_address("acme", "user", ""), "acme"),
    "with a name too long": (_address("acme", "user", "a" * 300), "acme"),
    "with a NUL in its name": (_address("acme", "user", "ali\x00ce"), "acme"),
}


async def test_a_point_that_no_row_owns_is_taken_out(
    damage: Damage, places: list[ScopedMemory], memory: Memory
) -> None:
    before = await _everything(damage)
    looks: dict[str, Callable[[bool], Awaitable[Drift]]] = {
        "alice": lambda dry_run: places[0].reindex(dry_run=dry_run),
        "acme": lambda dry_run: memory.reindex(tenant="acme", dry_run=dry_run),
        "all": lambda dry_run: memory.reindex(dry_run=dry_run),
    }
    names = list(looks)
    for what, (payload, found_from) in STRANGERS.items():
        first = names.index(found_from)
        for id in (str(uuid4()), 77):
            await damage.put(id, payload)
            for name in names[:first]:
                assert (await looks[name](False)).drift == 0, what
            for name in names[first:]:
                assert (await looks[name](True)).kinds == {"stranger": 1}, what
            assert len(await _everything(damage)) == len(before) + 1
            assert (await looks[found_from](False)).kinds == {"stranger": 1}, what
            assert await _everything(damage) == before


async def test_a_user_is_compared_with_her_branches_a_tenant_whole_and_everything_on_request(
    client: AsyncQdrantClient, application: Application, places: list[ScopedMemory], memory: Memory
) -> None:
    collection = _collection(application)
    alice, apollo, private, team, other = places

    async def lose_all() -> None:
        for place in places:
            [event] = [event async for event in place.events()]
            await client.delete(collection, models.PointIdsList(points=[str(event.id)]), wait=True)

    async def missing(drift: Awaitable[Drift]) -> int:
        found = await drift
        for place in places:
            await place.settled()
        return found.missing

    await lose_all()
    assert await missing(apollo.reindex()) == 1
    assert await missing(private.reindex()) == 1
    assert await missing(alice.reindex()) == 1
    assert await missing(team.reindex()) == 1
    assert await missing(other.reindex()) == 1
    await lose_all()
    assert await missing(alice.reindex()) == 3
    assert await missing(memory.reindex(tenant="acme")) == 1
    assert await missing(memory.reindex()) == 1
    await lose_all()
    assert await missing(memory.reindex(tenant="nobody")) == 0
    assert await missing(memory.reindex()) == 5


async def test_a_point_filed_under_another_scope_is_found_from_there_and_goes_home(
    damage: Damage, places: list[ScopedMemory], memory: Memory
) -> None:
    before = await _everything(damage)
    alice, team, other = places[0], places[3], places[4]
    finders: list[tuple[dict[str, str], Callable[[], Awaitable[Drift]]]] = [
        (_address("acme", "workspace", "launch"), team.reindex),
        (_address("globex", "user", "alice"), other.reindex),
        (_address("globex", "user", "alice"), lambda: memory.reindex(tenant="globex")),
    ]
    for address, finder in finders:
        await damage.say(**address)
        assert (await finder()).kinds == {"foreign_scope": 1}
        await alice.settled()
        assert await _everything(damage) == before


async def test_many_are_counted_each_by_its_kind(
    damage: Damage, application: Application, places: list[ScopedMemory], memory: Memory
) -> None:
    """More of each than a page holds, in one scope."""
    alice, stores = places[0].scope, application.stores
    assert stores.mirror is not None
    vectors = np.random.default_rng(7).standard_normal((1_000, DIMENSIONS)).astype(np.float32)
    points = [point(alice, vector=vector / np.linalg.norm(vector)) for vector in vectors]
    await stores.pgvector.upsert(points)
    wrong = [replace(each, importance=0.1) for each in points[:500]]
    wrong += [replace(each, vector=other.vector) for each, other in zip(points[500:550], points[600:], strict=False)]
    strangers = [point(alice, vector=points[0].vector) for _ in range(1_100)]
    await stores.mirror.upsert([*wrong, *points[550:900], *strangers])
    progress: list[tuple[int, int]] = []
    found = await places[0].reindex(progress=lambda done, of: progress.append((done, of)))
    assert found.kinds == {"missing": 100, "wrong_filters": 500, "wrong_vector": 50, "stranger": 1_100}
    assert progress == sorted(progress)
    assert progress[-1] == (found.compared, found.compared)
    await places[0].settled()
    assert (await memory.reindex()).drift == 0


async def test_what_is_on_its_way_is_no_drift(
    damage: Damage, application: Application, places: list[ScopedMemory]
) -> None:
    alice, stores = places[0], application.stores
    new = point(alice.scope, vector=np.eye(DIMENSIONS, dtype=np.float32)[0])
    async with stores.postgres.exclusively("mirror", alice.scope):  # its carrier waits
        await alice.forget(event=UUID(damage.id))
        await stores.pgvector.upsert([new])
        await application.work.add(alice.scope, [new.id])
        reindexing = asyncio.create_task(alice.reindex(dry_run=True))
        await asyncio.wait({reindexing}, timeout=0.5)
    assert (await reindexing).drift == 0
    await alice.settled()
    assert (await alice.reindex(dry_run=True)).drift == 0


async def test_while_others_write_and_forget_nothing_is_taken_for_drift(
    places: list[ScopedMemory], memory: Memory
) -> None:
    alice = places[0]

    async def busy() -> None:
        for number in range(12):
            ack = await alice.remember(f"I noted {number} bicycles.")
            if number % 3 == 0:
                await alice.forget(event=ack.id)

    writing = asyncio.create_task(busy())
    found = [await memory.reindex()]
    while not writing.done():
        found.append(await memory.reindex())
    await writing
    await alice.settled()
    found.append(await memory.reindex())
    assert [each.kinds for each in found] == [{}] * len(found)


async def test_while_it_is_filled_nothing_is_compared(client: AsyncQdrantClient, opener: Opener) -> None:
    async with opener() as filled:
        alice = filled.memory.scope(tenant="acme", user="alice")
        await alice.remember("I am allergic to peanuts.")
        await alice.settled()
    async with opener(worker=False) as idle:
        await client.delete_collection(_collection(idle))
        assert await idle.memory.reindex() == Drift(filling=True)
        assert await idle.memory.scope(tenant="acme", user="alice").reindex(dry_run=True) == Drift(filling=True)


async def test_doctor_counts_the_points(damage: Damage, application: Application, places: list[ScopedMemory]) -> None:
    async def row() -> Check:
        [found] = [check async for check in examined(application.settings) if check.part == "qdrant"]
        return found

    assert (await row()).state == "ok"
    await damage.lose()
    found = await row()
    assert (found.state, found.what) == ("degraded", "holds 9 points, where Postgres has 10")
    assert "semmem reindex --all" in found.fix
    await places[0].reindex()
    await places[0].settled()
    assert (await row()).state == "ok"


async def test_doctor_names_another_prefix(
    application: Application, places: list[ScopedMemory], urls: dict[str, Any]
) -> None:
    other = application.settings.model_copy(update={"qdrant_prefix": urls["qdrant_prefix"] + "-other"})
    [found] = [check async for check in examined(other) if check.part == "qdrant"]
    assert found.state == "failed"
    assert f"set SEMMEM_QDRANT_PREFIX={urls['qdrant_prefix']}" in found.what


async def test_what_a_process_without_qdrant_writes_is_carried_there_by_one_that_has_it(opener: Opener) -> None:
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("I live in Gothenburg.")
        await alice.settled()
    async with opener(vector_index="pgvector") as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("I moved to Oslo.")
        await alice.settled()
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.settled()
        drift = await alice.reindex(dry_run=True)
        assert (drift.kinds, drift.compared >= 4) == ({}, True)
        assert not (await alice.recall("Where does she live?")).degraded


async def test_pgvector_has_nothing_to_compare(opener: Opener) -> None:
    async with opener(vector_index="pgvector") as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        for asked in (alice.reindex(), application.memory.reindex()):
            with pytest.raises(ConfigurationError, match="pgvector"):
                await asked


async def test_before_the_first_vector_nothing_differs(memory: Memory) -> None:
    assert await memory.reindex() == Drift()
    assert await memory.scope(tenant="acme", user="nobody").reindex() == Drift()


async def test_another_prefix_is_refused_as_long_as_the_collection_of_the_first_stands(
    client: AsyncQdrantClient,
    opener: Opener,
    application: Application,
    places: list[ScopedMemory],
    urls: dict[str, Any],
) -> None:
    mine, theirs = urls["qdrant_prefix"], urls["qdrant_prefix"] + "-other"
    assert (await places[0].recall("peanuts")).degraded == frozenset()
    for _ in range(3):
        with pytest.raises(IndexMismatch, match=f"prefix {mine}, not {theirs}; set SEMMEM_QDRANT_PREFIX={mine}"):
            async with opener(qdrant_prefix=theirs):
                pass
    assert (await places[0].recall("peanuts")).degraded == frozenset()
    assert await client.collection_exists(_collection(application))
    assert not await client.collection_exists(_collection(application).replace(mine, theirs))
    assert (await places[0].reindex()).drift == 0


async def test_a_new_prefix_takes_over_where_the_old_collection_is_deleted(
    client: AsyncQdrantClient, opener: Opener, urls: dict[str, Any]
) -> None:
    async with opener() as first:
        alice = first.memory.scope(tenant="acme", user="alice")
        await alice.remember("I am allergic to peanuts.")
        await alice.settled()
        old = _collection(first)
    await client.delete_collection(old)
    async with opener(qdrant_prefix=urls["qdrant_prefix"] + "-other") as second:
        hers = second.memory.scope(tenant="acme", user="alice")

        async def whole() -> bool:
            return (await hers.recall("peanuts")).degraded == frozenset()

        await wait_until(whole, timeout=60)
        assert (await second.memory.reindex()).drift == 0
        with pytest.raises(IndexMismatch, match="prefix"):
            async with opener():
                pass
