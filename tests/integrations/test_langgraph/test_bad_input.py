"""What is refused says the field, the limit and the fix, and changes nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from langgraph.store.base import (
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    SearchOp,
)

from semmem import InvalidInput
from semmem.integrations.langgraph import SemmemStore
from tests.integrations.test_langgraph.conftest import StoreMaker

NOTES = ("notes",)
NESTED: dict[str, Any] = {}
NESTED["self"] = NESTED


@pytest.fixture
def no_servers() -> Iterator[SemmemStore]:
    """Whatever it did ask of its server would fail otherwise than by a check."""
    with SemmemStore(tenant="acme", user="alice", postgres_url="postgresql://nobody@127.0.0.1:9/none") as store:
        yield store


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"user": None}, "scope: must be one user or one workspace"),
        ({"user": "alice", "workspace": "launch"}, "scope: must be one user or one workspace"),
        ({"user": ""}, "user: must not be empty"),
        ({"tenant": "\x00"}, "tenant: must not contain NUL"),
        ({"user": "x" * 257}, "user: must be at most 256 bytes"),
        ({"fields": "text"}, "fields: must be a list of paths"),
        ({"fields": [""]}, "fields: must not be empty"),
        ({"fields": [1]}, "fields: must be a string"),
    ],
    ids=str,
)
def test_stores_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        SemmemStore(**({"tenant": "acme", "user": "alice"} | given))


REFUSED: list[tuple[Any, str]] = [
    (PutOp(NOTES, "", {"text": "a"}), "key: must not be empty"),
    (PutOp(NOTES, "x" * 257, {"text": "a"}), "key: must be at most 256 bytes"),
    (PutOp(NOTES, "\x00", {"text": "a"}), "key: must not contain NUL"),
    (PutOp(NOTES, 7, {"text": "a"}), "key: must be a string"),  # type: ignore[arg-type]
    (PutOp(NOTES, "", None), "key: must not be empty"),
    (GetOp(NOTES, "\ud800"), "key: must not contain NUL or lone surrogates"),
    (PutOp(NOTES, "key", ["text"]), "value: must be a mapping"),  # type: ignore[arg-type]
    (PutOp(NOTES, "key", {"text": {1, 2}}), "value: must be plain JSON"),
    (PutOp(NOTES, "key", {"text": float("nan")}), "value: must be plain JSON"),
    (PutOp(NOTES, "key", {"text": "\ud800"}), "value: must be plain JSON"),
    (PutOp(NOTES, "key", {"text": "\x00"}), "value: must not contain NUL"),
    (PutOp(NOTES, "key", {1: "a"}), "value: must have strings for keys"),  # type: ignore[dict-item]
    (PutOp(NOTES, "key", NESTED), "value: must be at most 32 levels deep"),
    (PutOp(NOTES, "key", {"text": "a" * 70_000}, index=False), "value: must be at most 65536 bytes"),
    (PutOp(NOTES, "key", {"text": "a"}, index="text"), "index: must be"),  # type: ignore[arg-type]
    (PutOp(NOTES, "key", {"text": "a"}, index=True), "index: must be"),  # type: ignore[arg-type]
    (PutOp(NOTES, "key", {"text": "a"}, index=[1]), "index: must be"),  # type: ignore[list-item]
    (PutOp("notes", "key", {"text": "a"}), "namespace: must be a tuple of strings; pass \\('notes',\\)"),  # type: ignore[arg-type]
    (PutOp(("x" * 257,), "key", {"text": "a"}), "path\\[0\\]: must be at most 256 bytes"),
    (PutOp(("a",) * 33, "key", {"text": "a"}), "path: must have at most 32 segments"),
    (SearchOp(NOTES, limit=-1), "limit: must be a whole number"),
    (SearchOp(NOTES, offset=-1), "offset: must be a whole number"),
    (SearchOp(NOTES, limit=2.5), "limit: must be a whole number"),  # type: ignore[arg-type]
    (SearchOp(NOTES, query=7), "query: must be a string"),  # type: ignore[arg-type]
    (SearchOp(NOTES, query=" "), "query: must not be empty"),
    (SearchOp(NOTES, query="a" * 33_000), "query: must be at most 32768 bytes"),
    (SearchOp(NOTES, filter=["a"]), "filter: must be a mapping"),  # type: ignore[arg-type]
    (SearchOp(NOTES, filter={"a": {"$near": 1}}), "filter: has an unknown operator '\\$near'; use one of \\$eq"),
    (SearchOp(NOTES, filter={"a": {"$gt": "x"}}), "filter: compares with \\$gt what is no number"),
    (SearchOp(NOTES, filter={"a": [{"b": {"$lt": None}}]}), "filter: compares with \\$lt what is no number"),
    (ListNamespacesOp(max_depth=0), "max_depth: must be a whole number"),
    (ListNamespacesOp(limit=-1), "limit: must be a whole number"),
    (ListNamespacesOp((MatchCondition("infix", NOTES),)), "match_type: must be one of prefix, suffix"),  # type: ignore[arg-type]
    ("put", "ops: hold a str"),
]


@pytest.mark.parametrize(("op", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_operations_that_cannot_be(no_servers: SemmemStore, op: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        no_servers.batch([op])


@pytest.mark.parametrize("namespace", [("a.b",), ("",), ("a", "\x00"), (1,)], ids=repr)
def test_namespaces_are_langgraphs_in_a_batch_too(no_servers: SemmemStore, namespace: Any) -> None:
    ops: list[Op] = [
        PutOp(namespace, "key", {}),
        GetOp(namespace, "key"),
        SearchOp(namespace),
        ListNamespacesOp((MatchCondition("prefix", namespace),)),
    ]
    for op in ops:
        with pytest.raises(InvalidNamespaceError):
            no_servers.batch([op])


@pytest.mark.parametrize("query", [None, "Who is there?"])
def test_a_prefix_of_too_many_namespaces(make: StoreMaker, monkeypatch: pytest.MonkeyPatch, query: str | None) -> None:
    monkeypatch.setattr("semmem.integrations.langgraph.search.MAX_PLACES", 3)
    store = make()
    store.batch([PutOp(("user", str(number)), "key", {"text": "hello"}) for number in range(4)])

    with pytest.raises(InvalidInput, match=r"namespace_prefix: must have at most 3 namespaces .* a longer one"):
        store.search(("user",), query=query)
    assert len(store.search(("user", "1"), query=query)) == 1
    assert len(store.list_namespaces()) == 4
