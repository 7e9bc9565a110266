"""What LangGraph's own InMemoryStore does, SemmemStore does."""

from collections.abc import Iterable
from typing import Any

import pytest
from langgraph.store.base import (
    BaseStore,
    GetOp,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    MatchCondition,
    PutOp,
    SearchOp,
)

DOCS = ("docs",)

FILTERED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["red", "blue", "bare"]),
    ({"color": "red"}, ["red"]),
    ({"color": {"$eq": "red"}}, ["red"]),
    ({"color": {"$ne": "red"}}, ["blue", "bare"]),
    ({"price": 5}, ["blue"]),
    ({"price": 5.0}, ["blue"]),
    ({"color": "red", "price": {"$gt": -10}}, ["red"]),
    ({"color": None}, ["bare"]),
    ({"made": {"year": 1999}}, ["red"]),
    ({"made": {"year": 1999, "by": "Bo"}}, ["red"]),
    ({"made": {"year": 2000}}, []),
    ({"tags": ["a", "b"]}, ["red"]),
    ({"tags": ["b", "a"]}, []),
    ({"tags": ["a"]}, []),
    ({"sold": True}, ["blue"]),
    ({"missing": "x"}, []),
    ({"quote'; --": "x"}, []),
]
PRICED: list[tuple[dict[str, Any], list[str]]] = [
    ({"price": {"$gt": 2.5}}, ["b", "c"]),
    ({"price": {"$gte": 5}}, ["b", "c"]),
    ({"price": {"$lt": 5}}, ["a"]),
    ({"price": {"$lte": "5"}}, ["a", "b"]),
    ({"price": {"$gt": 2.5, "$lt": 10}}, ["b"]),
]


def keys(items: Iterable[Item]) -> list[str]:
    return [item.key for item in items]


def test_what_was_put_is_got(store: BaseStore) -> None:
    value = {"text": "I love pizza", "nested": {"list": [1, 2.5, None, True, "é\n'\"\\"]}, "empty": {}}
    store.put(("users", "1"), "likes", value)

    item = store.get(("users", "1"), "likes")

    assert isinstance(item, Item)
    assert (item.namespace, item.key, item.value) == (("users", "1"), "likes", value)
    assert item.created_at.utcoffset() is not None
    assert item.updated_at >= item.created_at


def test_nothing_is_got_where_nothing_was_put(store: BaseStore) -> None:
    store.put(("users", "1"), "likes", {"text": "pizza"})

    assert store.get(("users", "1"), "like") is None
    assert store.get(("users",), "likes") is None
    assert store.get(("users", "1", "1"), "likes") is None
    assert store.search(("nobody",)) == []


def test_a_put_replaces_the_whole_value_and_keeps_its_place(store: BaseStore) -> None:
    for key in ("a", "b"):
        store.put(DOCS, key, {"text": f"first {key}", "old": True})
    store.put(DOCS, "a", {"text": "second a"})

    assert [(item.key, item.value) for item in store.search(DOCS)] == [
        ("a", {"text": "second a"}),
        ("b", {"text": "first b", "old": True}),
    ]


def test_a_deleted_key_is_gone_and_comes_back_last(store: BaseStore) -> None:
    for key in ("a", "b"):
        store.put(DOCS, key, {"text": key})
    store.delete(DOCS, "a")
    store.delete(DOCS, "never put")

    assert store.get(DOCS, "a") is None
    store.put(DOCS, "a", {"text": "again"})
    assert keys(store.search(DOCS)) == ["b", "a"]


def test_a_search_reads_at_and_below_its_prefix_label_by_label(store: BaseStore) -> None:
    for namespace in [("user", "1"), ("user", "1", "notes"), ("user", "10"), ("user",), ("users", "1"), ("1", "user")]:
        store.put(namespace, "/".join(namespace), {"text": "hello"})

    assert set(keys(store.search(("user", "1")))) == {"user/1", "user/1/notes"}
    assert set(keys(store.search(("user",)))) == {"user", "user/1", "user/1/notes", "user/10"}
    assert len(store.search(())) == 6


def test_pages_of_a_search(store: BaseStore) -> None:
    for number in range(12):
        store.put(DOCS, str(number), {"even": "no" if number % 2 else "yes"})

    assert keys(store.search(DOCS)) == [str(number) for number in range(10)]
    assert keys(store.search(DOCS, limit=3, offset=10)) == ["10", "11"]
    assert keys(store.search(DOCS, filter={"even": "yes"}, limit=2, offset=3)) == ["6", "8"]
    assert store.search(DOCS, offset=12) == []
    assert store.search(DOCS, limit=0) == []
    assert all(item.score is None for item in store.search(DOCS))


@pytest.mark.parametrize(("filter", "expected"), FILTERED, ids=lambda value: str(value)[:40])
def test_filters(store: BaseStore, filter: dict[str, Any], expected: list[str]) -> None:
    made = {"year": 1999, "by": "Bo"}
    store.put(DOCS, "red", {"color": "red", "price": -2, "made": made, "tags": ["a", "b"], "sold": False})
    store.put(DOCS, "blue", {"color": "blue", "price": 5, "sold": True})
    store.put(DOCS, "bare", {})

    assert keys(store.search(DOCS, filter=filter)) == expected


@pytest.mark.parametrize(("filter", "expected"), PRICED, ids=str)
def test_filters_by_order(store: BaseStore, filter: dict[str, Any], expected: list[str]) -> None:
    for key, price in [("a", 1), ("b", 5.0), ("c", "10")]:
        store.put(DOCS, key, {"price": price})

    assert keys(store.search(DOCS, filter=filter)) == expected


def test_namespaces_are_listed_sorted_by_page_and_to_a_depth(store: BaseStore) -> None:
    for namespace in [("a", "b", "c"), ("a", "b", "d", "e"), ("a", "b", "d", "i"), ("a", "b", "f"), ("a", "c", "f")]:
        store.put(namespace, "key", {"text": "hello"})

    assert store.list_namespaces(prefix=("a", "b"), max_depth=3) == [("a", "b", "c"), ("a", "b", "d"), ("a", "b", "f")]
    assert store.list_namespaces(limit=2, offset=1) == [("a", "b", "d", "e"), ("a", "b", "d", "i")]
    assert store.list_namespaces(max_depth=1) == [("a",)]
    assert store.list_namespaces(suffix=("f",)) == [("a", "b", "f"), ("a", "c", "f")]
    assert store.list_namespaces(prefix=("a", "*", "f")) == [("a", "b", "f"), ("a", "c", "f")]
    assert store.list_namespaces(prefix=("a", "b"), suffix=("d", "*")) == [("a", "b", "d", "e"), ("a", "b", "d", "i")]
    assert store.list_namespaces(prefix=("a", "b", "c", "d")) == []
    assert store.list_namespaces(prefix=("b",)) == []
    assert store.list_namespaces(offset=5) == []


def test_the_reads_of_a_batch_see_what_was_before_it_and_the_last_write_of_a_key_counts(store: BaseStore) -> None:
    store.put(DOCS, "a", {"text": "before"})

    results = store.batch(
        [
            PutOp(DOCS, "a", {"text": "lost"}),
            GetOp(DOCS, "a"),
            PutOp(DOCS, "b", {"text": "new"}),
            SearchOp(DOCS),
            PutOp(DOCS, "a", {"text": "after"}),
            ListNamespacesOp((MatchCondition("prefix", ("other",)),)),
            PutOp(("other",), "c", {"text": "elsewhere"}),
            PutOp(DOCS, "d", {"text": "put and deleted"}),
            PutOp(DOCS, "d", None),
        ]
    )

    put, got, _, found, *_ = results
    assert (put, results[4], results[6:]) == (None, None, [None, None, None])
    assert isinstance(got, Item)
    assert got.value == {"text": "before"}
    assert isinstance(found, list)
    assert [item.key for item in found if isinstance(item, Item)] == ["a"]
    assert results[5] == []
    assert [(item.key, item.value["text"]) for item in store.search(DOCS)] == [("a", "after"), ("b", "new")]
    assert store.list_namespaces(prefix=("other",)) == [("other",)]


def test_an_empty_batch_has_no_results(store: BaseStore) -> None:
    assert store.batch([]) == []


async def test_the_asynchronous_names_do_the_same(store: BaseStore) -> None:
    await store.aput(DOCS, "a", {"text": "pizza"})
    await store.aput(DOCS, "b", {"text": "pasta"})
    await store.adelete(DOCS, "b")

    item = await store.aget(DOCS, "a")

    assert item is not None
    assert item.value == {"text": "pizza"}
    assert keys(await store.asearch(DOCS)) == ["a"]
    assert await store.alist_namespaces() == [DOCS]
    assert store.get(DOCS, "a") == item


@pytest.mark.parametrize("namespace", [(), ("a.b",), ("a", ""), ("a", "\x00"), ("langgraph", "a"), (1,)], ids=repr)
def test_namespaces_that_langgraph_refuses(store: BaseStore, namespace: Any) -> None:
    with pytest.raises(InvalidNamespaceError):
        store.put(namespace, "key", {"text": "hello"})


@pytest.mark.parametrize("prefix", [("a.b",), ("a", "")], ids=repr)
def test_prefixes_that_langgraph_refuses(store: BaseStore, prefix: tuple[str, ...]) -> None:
    with pytest.raises(InvalidNamespaceError):
        store.search(prefix)
    with pytest.raises(InvalidNamespaceError):
        store.list_namespaces(prefix=prefix)


@pytest.mark.parametrize("filter", [{"a": {"$near": 1}}, {"a": {"$gt": "x"}}, {"a": {"b": {"$in": [1]}}}], ids=str)
def test_filters_that_langgraph_refuses(store: BaseStore, filter: dict[str, Any]) -> None:
    store.put(DOCS, "a", {"a": 1, "b": 2})
    store.put(DOCS, "b", {"a": {"b": 1}})

    with pytest.raises((ValueError, TypeError)):
        store.search(DOCS, filter=filter)
