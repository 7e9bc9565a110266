"""What each endpoint of Qdrant's REST protocol does to a collection. Handlers take the request and its parsed body."""

from collections.abc import Callable, Mapping
from typing import Any

import qdrant_edge as edge
from starlette.requests import Request

from semmem.embedded.qdrant import wire
from semmem.embedded.qdrant.collections import Collection, Collections, index_schema


class NoSuchPoint(LookupError):
    def __init__(self, point: str) -> None:
        super().__init__(f"Not found: Point with id {point} does not exists!")


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
    allowed = (
        "vectors sparse_vectors hnsw_config optimizers_config wal_config quantization_config strict_mode_config "
        "on_disk_payload shard_number replication_factor write_consistency_factor metadata payload"
    )
    request.app.state.collections.create(request.path_params["name"], wire.present(body, allowed, "collection"))
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
            "params": {name: settings[name] for name in ("vectors", "sparse_vectors") if name in settings},
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


async def delete_index(request: Request, body: Any) -> Any:
    return await _apply(request, edge.UpdateOperation.delete_field_index(request.path_params["field"]))


async def upsert(request: Request, body: Any) -> Any:
    given = wire.present(body, "points batch update_filter update_mode", "upsert")
    points = wire.points_of(given)
    _collection(request).check(points)
    modes = {
        "upsert": edge.UpdateMode.Upsert,
        "insert_only": edge.UpdateMode.InsertOnly,
        "update_only": edge.UpdateMode.UpdateOnly,
    }
    condition, mode = wire.filter_of(given.get("update_filter")), modes[given.get("update_mode", "upsert")]
    return await _apply(request, edge.UpdateOperation.upsert_points(points, condition, mode))


async def delete_points(request: Request, body: Any) -> Any:
    operation = edge.UpdateOperation
    return await _apply(request, _selected(body, "", operation.delete_points, operation.delete_points_by_filter))


async def set_payload(request: Request, body: Any) -> Any:
    operation = edge.UpdateOperation
    by_id, by_filter = operation.set_payload, operation.set_payload_by_filter
    if request.method == "PUT":
        by_id, by_filter = operation.overwrite_payload, operation.overwrite_payload_by_filter
    return await _apply(request, _selected(body, "payload key", by_id, by_filter))


async def delete_payload(request: Request, body: Any) -> Any:
    operation = edge.UpdateOperation
    return await _apply(request, _selected(body, "keys", operation.delete_payload, operation.delete_payload_by_filter))


def _selected(body: Any, arguments: str, by_id: Callable[..., Any], by_filter: Callable[..., Any]) -> Any:
    given = wire.present(body, f"points filter {arguments}", "body")
    points, condition = given.pop("points", None), given.pop("filter", None)
    if (points is None) == (condition is None):
        raise wire.MalformedRequest("Format error in JSON body: expected either `points` or `filter`")
    if points is not None:
        return by_id(wire.listed(points, "points"), **given)
    return by_filter(wire.filter_of(condition), **given)


async def query(request: Request, body: Any) -> Any:
    return {"points": _run_query(_collection(request), body)}


async def query_batch(request: Request, body: Any) -> Any:
    collection = _collection(request)
    searches = wire.listed(wire.present(body, "searches", "batch")["searches"], "searches")
    return [{"points": _run_query(collection, each)} for each in searches]


def _run_query(collection: Collection, body: Mapping[str, Any]) -> list[Any]:
    return [wire.record_json(each) for each in collection.shard.query(wire.query_request(body))]


async def scroll(request: Request, body: Any) -> Any:
    given = wire.present(body, "offset limit filter with_payload with_vector order_by", "scroll")
    page = edge.ScrollRequest(
        offset=given.get("offset"),
        limit=given.get("limit", 10),
        filter=wire.filter_of(given.get("filter")),
        with_payload=wire.payload_selector(given.get("with_payload", True)),
        with_vector=given.get("with_vector", False),
        order_by=wire.order_by(given.get("order_by")),
    )
    return wire.page_json(*_collection(request).shard.scroll(page))


async def count(request: Request, body: Any) -> Any:
    given = wire.present(body, "filter exact", "count")
    wanted = edge.CountRequest(given.get("exact", True), wire.filter_of(given.get("filter")))
    return {"count": _collection(request).shard.count(wanted)}


async def retrieve(request: Request, body: Any) -> Any:
    given = wire.present(body, "ids with_payload with_vector", "retrieve")
    selector = wire.payload_selector(given.get("with_payload", True))
    ids = wire.listed(given["ids"], "ids")
    found = _collection(request).shard.retrieve(ids, selector, given.get("with_vector", False))
    return [wire.record_json(each) for each in found]


async def retrieve_one(request: Request, body: Any) -> Any:
    point = request.path_params["id"]
    found = _collection(request).shard.retrieve([int(point) if point.isdecimal() else point], True, True)
    if not found:
        raise NoSuchPoint(point)
    return wire.record_json(found[0])


ENDPOINTS = (
    ("GET", "/collections", list_collections),
    ("GET", "/collections/{name}", describe_collection),
    ("PUT", "/collections/{name}", create_collection),
    ("DELETE", "/collections/{name}", delete_collection),
    ("GET", "/collections/{name}/exists", collection_exists),
    ("POST", "/collections/{name}/scrub", scrub_collection),
    ("PUT", "/collections/{name}/index", create_index),
    ("DELETE", "/collections/{name}/index/{field}", delete_index),
    ("PUT", "/collections/{name}/points", upsert),
    ("POST", "/collections/{name}/points", retrieve),
    ("POST", "/collections/{name}/points/delete", delete_points),
    ("POST", "/collections/{name}/points/payload", set_payload),
    ("PUT", "/collections/{name}/points/payload", set_payload),
    ("POST", "/collections/{name}/points/payload/delete", delete_payload),
    ("POST", "/collections/{name}/points/query", query),
    ("POST", "/collections/{name}/points/query/batch", query_batch),
    ("POST", "/collections/{name}/points/scroll", scroll),
    ("POST", "/collections/{name}/points/count", count),
    ("GET", "/collections/{name}/points/{id}", retrieve_one),
)
