"""The endpoints of Qdrant's REST protocol that semmem asks. Handlers take the request and its parsed body."""

from typing import Any

import qdrant_edge as edge
from starlette.requests import Request

from semmem.embedded.qdrant import wire
from semmem.embedded.qdrant.collections import Collection, Collections, index_schema


def _collection(request: Request) -> Collection:
    collections: Collections = request.app.state.collections
    return collections[request.path_params["name"]]


async def _apply(request: Request, operation: edge.UpdateOperation) -> dict[str, Any]:
    collection = _collection(request)
    collection.shard.update(operation)
    await collection.commit()
    return {"operation_id": 0, "status": "completed"}


async def list_collections(request: Request, body: Any) -> Any:
    return {"collections": [{"name": name} for name in request.app.state.collections.names()]}


async def collection_exists(request: Request, body: Any) -> Any:
    return {"exists": request.path_params["name"] in request.app.state.collections}


async def create_collection(request: Request, body: Any) -> Any:
    settings = wire.present(body, "vectors metadata", "collection")
    request.app.state.collections.create(request.path_params["name"], settings)
    return True


async def delete_collection(request: Request, body: Any) -> Any:
    return request.app.state.collections.delete(request.path_params["name"])


async def describe_collection(request: Request, body: Any) -> Any:
    collection = _collection(request)
    info, settings = collection.shard.info(), collection.settings
    schema = {
        name: {"data_type": str(each.data_type).rpartition(".")[2].lower(), "points": each.points}
        for name, each in info.payload_schema.items()
    }
    return {
        "status": "green",
        "optimizer_status": "ok",
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "segments_count": info.segments_count,
        "payload_schema": schema,
        "config": {
            "params": {"vectors": settings["vectors"]},
            "hnsw_config": {"m": 0, "ef_construct": 100, "full_scan_threshold": 10_000},
            "optimizer_config": {"default_segment_number": 1, "flush_interval_sec": 0},
            "metadata": settings.get("metadata"),
        },
    }


async def scrub_collection(request: Request, body: Any) -> Any:
    """No part of Qdrant's protocol: takes the bytes of deleted points out of the files."""
    _collection(request).scrub()
    return True


async def create_index(request: Request, body: Any) -> Any:
    index = wire.present(body, "field_name field_schema", "index")
    schema = index_schema(index["field_schema"])
    return await _apply(request, edge.UpdateOperation.create_field_index(index["field_name"], schema))


async def upsert(request: Request, body: Any) -> Any:
    points = wire.points_of(body)
    _collection(request).check(points)
    return await _apply(request, edge.UpdateOperation.upsert_points(points))


async def delete_points(request: Request, body: Any) -> Any:
    given = wire.present(body, "points filter", "body")
    if len(given) != 1:
        raise wire.MalformedRequest("Format error in JSON body: expected either `points` or `filter`")
    if "points" in given:
        return await _apply(request, edge.UpdateOperation.delete_points(wire.listed(given["points"], "points")))
    return await _apply(request, edge.UpdateOperation.delete_points_by_filter(wire.filter_of(given["filter"])))


async def set_payload(request: Request, body: Any) -> Any:
    given = wire.present(body, "payload filter", "body")
    within, payload = wire.filter_of(given.get("filter")), wire.present(given.get("payload"), "stamp whole", "payload")
    return await _apply(request, edge.UpdateOperation.set_payload_by_filter(within, payload))


async def query(request: Request, body: Any) -> Any:
    found = _collection(request).shard.query(wire.query_request(body))
    return {"points": [wire.record_json(each) for each in found]}


async def scroll(request: Request, body: Any) -> Any:
    given = wire.present(body, "offset limit filter with_payload with_vector", "scroll")
    page = edge.ScrollRequest(
        offset=given.get("offset"),
        limit=given.get("limit", 10),
        filter=wire.filter_in(given),
        with_payload=given.get("with_payload", True),
        with_vector=given.get("with_vector", False),
    )
    return wire.page_json(*_collection(request).shard.scroll(page))


async def count(request: Request, body: Any) -> Any:
    given = wire.present(body, "filter exact", "count")
    wanted = edge.CountRequest(given.get("exact", True), wire.filter_in(given))
    return {"count": _collection(request).shard.count(wanted)}


async def retrieve(request: Request, body: Any) -> Any:
    given = wire.present(body, "ids with_payload with_vector", "retrieve")
    ids = wire.listed(given["ids"], "ids")
    found = _collection(request).shard.retrieve(ids, given.get("with_payload", True), given.get("with_vector", False))
    return [wire.record_json(each) for each in found]


ENDPOINTS = (
    ("GET", "/collections", list_collections),
    ("GET", "/collections/{name}", describe_collection),
    ("PUT", "/collections/{name}", create_collection),
    ("DELETE", "/collections/{name}", delete_collection),
    ("GET", "/collections/{name}/exists", collection_exists),
    ("POST", "/collections/{name}/scrub", scrub_collection),
    ("PUT", "/collections/{name}/index", create_index),
    ("PUT", "/collections/{name}/points", upsert),
    ("POST", "/collections/{name}/points", retrieve),
    ("POST", "/collections/{name}/points/delete", delete_points),
    ("POST", "/collections/{name}/points/payload", set_payload),
    ("POST", "/collections/{name}/points/query", query),
    ("POST", "/collections/{name}/points/scroll", scroll),
    ("POST", "/collections/{name}/points/count", count),
)
