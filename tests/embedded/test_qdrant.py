"""What semmem asks of a Qdrant server, through the real AsyncQdrantClient."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from semmem.embedded import open_servers
from semmem.testing import wait_until
from tests.embedded.clients import connect_qdrant
from tests.embedded.processes import servants

NAME = "facts"
IDS = [str(UUID(int=number)) for number in range(1, 7)]


def field(key: str, **condition: Any) -> models.FieldCondition:
    return models.FieldCondition(key=key, **condition)


def equals(key: str, value: str | int | bool) -> models.FieldCondition:
    return field(key, match=models.MatchValue(value=value))


@pytest_asyncio.fixture
async def facts(qdrant: AsyncQdrantClient) -> AsyncIterator[AsyncQdrantClient]:
    """Six points of two tenants; the angle to (1, 0) grows with the number."""
    await qdrant.create_collection(NAME, vectors_config=models.VectorParams(size=2, distance=models.Distance.COSINE))
    tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
    await qdrant.create_payload_index(NAME, "tenant", tenant, wait=True)
    await qdrant.create_payload_index(NAME, "number", models.PayloadSchemaType.INTEGER, wait=True)
    await qdrant.create_payload_index(NAME, "at", models.PayloadSchemaType.DATETIME, wait=True)
    await qdrant.upsert(NAME, [_point(number) for number in range(1, 7)], wait=True)
    yield qdrant


def _point(number: int) -> models.PointStruct:
    payload: dict[str, Any] = {
        "tenant": "acme" if number <= 4 else "other",
        "number": number,
        "at": f"2026-01-0{number}T00:00:00Z",
    }
    return models.PointStruct(id=IDS[number - 1], vector=[1.0, number / 10], payload=payload)


def _payload(point: models.Record) -> dict[str, Any]:
    assert point.payload is not None
    return point.payload


async def _matching(client: AsyncQdrantClient, **clauses: Any) -> list[int]:
    points, _ = await client.scroll(NAME, scroll_filter=models.Filter(**clauses), limit=100)
    return [IDS.index(str(point.id)) + 1 for point in points]


async def test_collections_are_created_described_listed_and_deleted(qdrant: AsyncQdrantClient) -> None:
    params = models.VectorParams(size=3, distance=models.Distance.DOT)
    assert not await qdrant.collection_exists("plain")
    assert await qdrant.create_collection("plain", vectors_config=params, metadata={"model": "m"})
    assert await qdrant.collection_exists("plain")
    assert [each.name for each in (await qdrant.get_collections()).collections] == ["plain"]
    info = await qdrant.get_collection("plain")
    assert info.status == models.CollectionStatus.GREEN
    assert info.config.params.vectors == params
    assert info.config.metadata == {"model": "m"}
    with pytest.raises(UnexpectedResponse, match="409"):
        await qdrant.create_collection("plain", vectors_config=params)
    assert await qdrant.delete_collection("plain")
    assert not await qdrant.collection_exists("plain")


async def test_payload_indexes_are_described(facts: AsyncQdrantClient) -> None:
    info = await facts.get_collection(NAME)
    assert info.points_count == 6
    assert {name: each.data_type for name, each in info.payload_schema.items()} == {
        "tenant": models.PayloadSchemaType.KEYWORD,
        "number": models.PayloadSchemaType.INTEGER,
        "at": models.PayloadSchemaType.DATETIME,
    }


async def test_query_answers_the_nearest_of_the_filter(facts: AsyncQdrantClient) -> None:
    answer = await facts.query_points(
        NAME,
        query=[1.0, 0.0],
        query_filter=models.Filter(must=[equals("tenant", "other")]),
        limit=5,
        with_payload=["number"],
        with_vectors=True,
    )
    assert [point.payload for point in answer.points] == [{"number": 5}, {"number": 6}]
    assert answer.points[0].score == pytest.approx(1 / (1 + 0.5**2) ** 0.5, abs=1e-5)
    assert answer.points[0].vector == pytest.approx([1 / (1 + 0.5**2) ** 0.5, 0.5 / (1 + 0.5**2) ** 0.5], abs=1e-5)


async def test_query_respects_the_limit_and_answers_without_payload(facts: AsyncQdrantClient) -> None:
    near = await facts.query_points(NAME, query=[1.0, 0.0], limit=2, with_payload=False)
    assert [str(point.id) for point in near.points] == IDS[:2]
    assert [point.payload for point in near.points] == [None, None]


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ({"must": [equals("tenant", "acme"), equals("number", 3)]}, [3]),
        ({"should": [equals("number", 1), equals("number", 6)]}, [1, 6]),
        ({"must": [field("number", match=models.MatchAny(any=[2, 4, 9]))]}, [2, 4]),
        ({"must": [field("number", range=models.Range(gt=1, lte=3))]}, [2, 3]),
        ({"must": [field("at", range=models.DatetimeRange(gte=datetime(2026, 1, 5, tzinfo=UTC)))]}, [5, 6]),
        ({"must": [models.HasIdCondition(has_id=[IDS[0], IDS[3]])]}, [1, 4]),
        ({"must": [models.Filter(should=[equals("number", 1), equals("number", 2)])]}, [1, 2]),
    ],
)
async def test_filters_select_exactly(facts: AsyncQdrantClient, clauses: dict[str, Any], expected: list[int]) -> None:
    assert await _matching(facts, **clauses) == expected
    assert (await facts.count(NAME, count_filter=models.Filter(**clauses), exact=True)).count == len(expected)


async def test_scroll_pages_through_everything_once(facts: AsyncQdrantClient) -> None:
    seen, offset = [], None
    while True:
        points, offset = await facts.scroll(NAME, limit=4, offset=offset, with_payload=False)
        seen += [str(point.id) for point in points]
        if offset is None:
            break
    assert seen == IDS


async def test_points_are_retrieved_and_deleted(facts: AsyncQdrantClient) -> None:
    found = {str(each.id): _payload(each) for each in await facts.retrieve(NAME, [IDS[0], IDS[5], str(uuid4())])}
    assert {id: payload["number"] for id, payload in found.items()} == {IDS[0]: 1, IDS[5]: 6}

    await facts.delete(NAME, [IDS[0]], wait=True)
    by_filter = models.FilterSelector(filter=models.Filter(must=[equals("tenant", "other")]))
    await facts.delete(NAME, by_filter, wait=True)
    assert await _matching(facts) == [2, 3, 4]


async def test_an_upsert_replaces_the_point(facts: AsyncQdrantClient) -> None:
    replacement = models.PointStruct(id=IDS[0], vector=[0.0, 1.0], payload={"number": 100})
    await facts.upsert(NAME, [replacement], wait=True)
    [point] = await facts.retrieve(NAME, [IDS[0]], with_vectors=True)
    assert (point.payload, point.vector) == ({"number": 100}, [0.0, 1.0])
    assert (await facts.count(NAME)).count == 6


async def test_what_is_missing_is_a_404_in_qdrants_words(qdrant: AsyncQdrantClient) -> None:
    with pytest.raises(UnexpectedResponse, match="Not found: Collection `absent` doesn") as caught:
        await qdrant.upsert("absent", [models.PointStruct(id=1, vector=[1.0])])
    assert caught.value.status_code == 404
    with pytest.raises(UnexpectedResponse, match="404"):
        await qdrant.get_collection("absent")


@pytest.mark.parametrize(
    "points",
    [
        [{"id": IDS[0], "vector": [1.0, 1.0]}, {"id": "new", "vector": [1.0, 1.0]}],
        [{"id": 7, "vector": [1.0, 1.0]}, {"id": 8, "vector": [1.0, 1.0, 1.0]}],
        [{"id": 7, "vector": [1.0, 1.0]}, {"id": 8, "vector": {"named": [1.0, 1.0]}}],
        [{"id": 7, "vector": [1.0, 1.0]}, {"id": 8, "vector": [[1.0, 1.0], [1.0, 1.0]]}],
        [{"id": 7, "vector": [1.0, 1.0]}, {"id": 8, "vector": {"indices": [1], "values": [1.0]}}],
        [{"id": 7, "vector": "text"}],
        [{"id": 7, "vector": ["a", "b"]}],
        [{"id": 7, "vector": []}],
        [{"id": 7}],
        [{"id": -7, "vector": [1.0, 1.0]}],
        {"id": 7},
    ],
)
async def test_a_wrong_upsert_is_a_400_and_changes_nothing(
    facts: AsyncQdrantClient, raw: httpx.AsyncClient, points: object
) -> None:
    assert await _status(raw, "PUT", "points?wait=true", {"points": points}) == 400
    assert (await facts.count(NAME)).count == 6
    assert _payload((await facts.retrieve(NAME, [IDS[0]]))[0])["number"] == 1


@pytest.mark.parametrize(
    "condition",
    [
        {"must": [{"key": "tenant", "mach": {"value": "acme"}}]},
        {"must": [{"key": "tenant"}]},
        {"must": [{"key": "tenant", "match": {}}]},
        {"must": [{"key": "tenant", "match": {"value": 1.5}}]},
        {"musst": []},
        {"must_not": [{"key": "tenant", "match": {"value": "acme"}}]},
        {"min_should": {"conditions": [{"key": "tenant", "match": {"value": "acme"}}], "min_count": 1}},
        {"must": [{"key": "tenant", "match": {"except": ["acme"]}}]},
        {"must": [{"key": "tenant", "is_empty": True}]},
        {"must": [{"is_null": {"key": "tenant"}}]},
        {"must": ["tenant"]},
        [],
        "tenant",
    ],
)
async def test_a_filter_that_is_not_understood_is_refused_and_never_ignored(
    facts: AsyncQdrantClient, raw: httpx.AsyncClient, condition: object
) -> None:
    for action in ("scroll", "count", "delete"):
        assert await _status(raw, "POST", f"points/{action}", {"filter": condition}) == 400
    assert await _status(raw, "POST", "points/query", {"query": [1, 0], "filter": condition}) == 400
    assert (await facts.count(NAME)).count == 6


@pytest.mark.parametrize(
    "asked",
    [
        {"using": "dense"},
        {"offset": 1},
        {"score_threshold": 0.9},
        {"prefetch": [{"query": [1, 0]}]},
        {"query": {"fusion": "rrf"}},
        {"query": None},
    ],
    ids=str,
)
async def test_a_query_that_is_not_spoken_here_is_refused(
    facts: AsyncQdrantClient, raw: httpx.AsyncClient, asked: dict[str, object]
) -> None:
    assert await _status(raw, "POST", "points/query", {"query": [1, 0], **asked}) == 400


async def _status(raw: httpx.AsyncClient, method: str, path: str, body: object) -> int:
    answer = await raw.request(method, f"{NAME}/{path}", json=body)
    assert "error" in answer.json()["status"]
    return answer.status_code


async def test_a_body_that_is_not_json_is_a_400(facts: AsyncQdrantClient, raw: httpx.AsyncClient) -> None:
    assert (await raw.post(f"{NAME}/points/count", content=b"{no json")).status_code == 400


@pytest.mark.parametrize("name", ["%2e%2e", "a%5Cb", "x" * 256])
async def test_a_collection_cannot_be_named_out_of_its_folder(raw: httpx.AsyncClient, name: str) -> None:
    answer = await raw.put(name, json={"vectors": {"size": 2, "distance": "Cosine"}})
    assert answer.status_code == 400


async def test_acknowledged_points_survive_a_kill_9_and_deleted_ones_stay_deleted(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        qdrant = connect_qdrant(servers)
        await qdrant.create_collection(
            NAME, vectors_config=models.VectorParams(size=2, distance=models.Distance.COSINE)
        )
        kept: list[str] = []
        for restart in range(1, 4):
            new = [str(uuid4()) for _ in range(20)]
            for point in new:
                await qdrant.upsert(NAME, [models.PointStruct(id=point, vector=[1.0, 0.5])], wait=True)
            await qdrant.delete(NAME, models.PointIdsList(points=[*new[:5]]), wait=True)
            await servers.kill("qdrant")
            kept += new[5:]
            await servers.start("qdrant")
            points, _ = await qdrant.scroll(NAME, limit=1000)
            assert {str(point.id) for point in points} == set(kept), f"after kill {restart}"
        await qdrant.close()
    await wait_until(lambda: not servants(folder))
