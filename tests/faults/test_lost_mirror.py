"""Qdrant lost, emptied, exchanged or put back: pgvector answers and says so, until all is there again (P3, P5)."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from semmem import ScopedMemory, StoreUnavailable
from semmem.ports import Mark
from semmem.stores.postgres.mirror import Filling, MirrorStore
from semmem.stores.qdrant.collection import MARK
from semmem.stores.qdrant.index import QdrantIndex
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.faults.oracle import drift

ASKED = "Which food must she avoid?"


def _collection(application: Application) -> str:
    mirror = application.stores.mirror
    assert isinstance(mirror, QdrantIndex)
    return mirror.collection


async def _whole(application: Application) -> bool:
    mirror = application.stores.mirror
    assert mirror is not None
    try:
        mark = await mirror.mark()
    except StoreUnavailable:
        return False
    return mark is not None and mark.whole


async def _is_right_again(application: Application, places: list[ScopedMemory]) -> None:
    await wait_until(lambda: _whole(application))
    for place in places:
        assert await drift(application, place) == set()
        recall = await place.recall(ASKED)
        assert recall.degraded == frozenset()
        assert "peanuts" in recall[0].text


async def _points(client: AsyncQdrantClient, collection: str) -> list[models.PointStruct]:
    found, _ = await client.scroll(collection, limit=1_000, with_payload=True, with_vectors=True)
    return [_kept(point) for point in found]


def _kept(point: models.Record) -> models.PointStruct:
    assert isinstance(point.vector, list)
    return models.PointStruct(id=point.id, vector=point.vector, payload=point.payload)


async def _made_anew(client: AsyncQdrantClient, collection: str) -> bool:
    """False where the worker was faster, and had it made again itself."""
    await client.delete_collection(collection)
    try:
        return await client.create_collection(
            collection, models.VectorParams(size=384, distance=models.Distance.COSINE)
        )
    except UnexpectedResponse as error:
        if error.status_code != 409:
            raise
        return False


async def _put_back(client: AsyncQdrantClient, collection: str, points: list[models.PointStruct]) -> None:
    await client.delete(collection, models.FilterSelector(filter=models.Filter()), wait=True)
    await client.upsert(collection, points, wait=True)


async def test_a_new_memory_is_whole_at_once(application: Application, alice: ScopedMemory) -> None:
    assert (await alice.recall(ASKED)).degraded == frozenset()


@pytest.mark.parametrize("how", ["lost", "emptied", "made anew by others"])
async def test_what_was_thrown_away_is_filled_again(
    client: AsyncQdrantClient, opener: Opener, application: Application, places: list[ScopedMemory], how: str
) -> None:
    collection = _collection(application)
    async with opener(worker=False) as reader:
        if how == "lost":
            await client.delete_collection(collection)
        elif how == "emptied":
            await client.delete(collection, models.FilterSelector(filter=models.Filter()), wait=True)
        else:
            await wait_until(lambda: _made_anew(client, collection))
        hers = reader.memory.scope(tenant="acme", user="alice")
        recall = await hers.recall(ASKED)
        assert "peanuts" in recall[0].text
        assert recall.degraded == {"qdrant"} or await _whole(application)
        await _is_right_again(application, places)
        assert (await hers.recall(ASKED)).degraded == frozenset()


async def test_an_answer_from_before_it_was_filled_again_is_none(
    client: AsyncQdrantClient, application: Application, places: list[ScopedMemory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is emptied before a search asks for points, and whole again before the search asks for the mark."""
    mirror, alice = application.stores.mirror, places[0]
    assert isinstance(mirror, QdrantIndex)
    assert (await alice.recall(ASKED)).degraded == frozenset()  # the stamp of before is known
    nearest = mirror._nearest
    counts: list[int] = []

    async def emptied(*asked: Any) -> list[models.ScoredPoint]:
        if not counts:
            before = await mirror.mark()
            await client.delete(mirror.collection, models.FilterSelector(filter=models.Filter()), wait=True)
            found = await nearest(*asked)

            async def filled() -> bool:
                return await _whole(application) and await mirror.mark() != before

            await wait_until(filled)
        else:
            found = await nearest(*asked)
        counts.append(len(found))
        return found

    monkeypatch.setattr(mirror, "_nearest", emptied)
    monkeypatch.setattr(mirror, "_search_seconds", 30.0)
    recall = await alice.recall(ASKED, timeout=60)
    assert counts[0] == 0
    assert counts[1] > 0
    assert recall.degraded == frozenset()
    assert "peanuts" in recall[0].text


async def test_an_earlier_state_put_back_is_known_by_its_stamp(
    client: AsyncQdrantClient, application: Application, places: list[ScopedMemory]
) -> None:
    collection, alice = _collection(application), places[0]
    snapshot = await _points(client, collection)
    forgotten = await alice.remember("My door code is 4711.", session="s2")
    await alice.settled()
    stamped = [point.payload for point in snapshot if point.id == MARK]
    await wait_until(lambda: _stamped_anew(client, collection, stamped))
    old = await _points(client, collection)
    await alice.forget(event=forgotten.id)
    ack = await alice.remember("I play the cello.", session="s3")
    await alice.settled()
    stamped = [point.payload for point in old if point.id == MARK]
    await wait_until(lambda: _stamped_anew(client, collection, stamped))

    for earlier in (old, snapshot):
        await _put_back(client, collection, earlier)
        await wait_until(lambda: _holds(client, collection, ack.id))
        await _is_right_again(application, places)
        assert not await client.retrieve(collection, [str(forgotten.id)])


async def _stamped_anew(client: AsyncQdrantClient, collection: str, before: list[Any]) -> bool:
    return [point.payload for point in await client.retrieve(collection, [MARK])] != before


async def _holds(client: AsyncQdrantClient, collection: str, id: object) -> bool:
    try:
        return bool(await client.retrieve(collection, [str(id)]))
    except Exception:  # it is being made anew
        return False


async def test_two_databases_with_one_prefix_share_nothing(
    application: Application, elsewhere: Application, places: list[ScopedMemory]
) -> None:
    theirs = elsewhere.memory.scope(tenant="acme", user="alice")
    await theirs.remember("I am allergic to walnuts.")
    await theirs.settled()
    assert elsewhere.settings.qdrant_prefix == application.settings.qdrant_prefix
    assert _collection(elsewhere) != _collection(application)
    recall = await theirs.recall(ASKED)
    assert recall.degraded == frozenset()
    assert "walnuts" in recall[0].text
    assert "peanuts" not in str(recall)
    assert await drift(elsewhere, theirs) == set()
    await _is_right_again(application, places)


async def test_one_that_is_lost_again_while_it_is_filled_is_filled_from_the_start(
    client: AsyncQdrantClient, opener: Opener, urls: dict[str, Any]
) -> None:
    async with opener() as filled:
        alice = filled.memory.scope(tenant="acme", user="alice")
        await alice.remember("I am allergic to peanuts.")
        await alice.settled()
    async with opener(worker=False) as idle:
        keeper, mirror = idle.stores.keeper, idle.stores.mirror
        assert keeper is not None
        assert mirror is not None
        await client.delete_collection(_collection(idle))
        await keeper.check()
        first = await mirror.mark()
        await keeper.keep()  # all is queued, and nothing was carried
        hers = idle.memory.scope(tenant="acme", user="alice")
        assert (await hers.recall(ASKED)).degraded == {"qdrant"}
        await client.delete_collection(_collection(idle))
        await keeper.keep()
        again = await mirror.mark()
        assert first is not None
        assert again is not None
        assert (first.whole, again.whole) == (False, False)
        assert first.stamp != again.stamp
        assert "peanuts" in (await hers.recall(ASKED))[0].text
    async with opener() as filled:
        await _is_right_again(filled, [filled.memory.scope(tenant="acme", user="alice")])


def test_a_filling_knows_its_mark() -> None:
    stamp, next, other = uuid4(), uuid4(), uuid4()
    whole = Filling(prefix="semmem", stamp=stamp, next=next, whole=True, through=None, changes=None)
    begun = Filling(prefix="semmem", stamp=stamp, next=None, whole=False, through=None, changes=None)
    assert whole.made(Mark(stamp, whole=True))
    assert whole.made(Mark(next, whole=True))  # written, and not noted yet
    assert begun.made(Mark(stamp, whole=False))
    assert begun.made(Mark(stamp, whole=True))  # the same
    for wrong in (None, Mark(other, whole=True), Mark(stamp, whole=False)):
        assert not whole.made(wrong)
    for wrong in (None, Mark(other, whole=False)):
        assert not begun.made(wrong)


@pytest.mark.parametrize("step", ["announce", "carried"])
async def test_what_is_emptied_while_it_is_marked_is_not_called_whole(
    client: AsyncQdrantClient,
    opener: Opener,
    application: Application,
    places: list[ScopedMemory],
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the look at the mark and the new one: after a sweep that found changes, and at the end of a filling."""
    collection, emptied = _collection(application), asyncio.Event()
    original = getattr(MirrorStore, step)

    async def emptied_behind(store: MirrorStore, *given: Any) -> Any:
        answer = await original(store, *given)
        if not emptied.is_set() and answer is not False:
            emptied.set()
            await client.delete(collection, models.FilterSelector(filter=models.Filter()), wait=True)
        return answer

    if step == "carried":  # which is asked at the end of a filling, that of a mirror that was lost
        await client.delete_collection(collection)
    monkeypatch.setattr(MirrorStore, step, emptied_behind)
    await places[0].remember("I play the cello.")
    async with asyncio.timeout(60):
        await emptied.wait()
    async with opener(worker=False) as reader:
        recall = await reader.memory.scope(tenant="acme", user="alice").recall(ASKED)
        assert "peanuts" in recall[0].text
    await _is_right_again(application, places)
