"""Searching in natural language: semmem's recall over the records of namespaces."""

import logging
from typing import Any

import pytest
from langgraph.store.base import PutOp

from semmem import InvalidInput
from semmem.integrations.langgraph import SemmemStore
from tests.integrations.test_langgraph.conftest import StoreMaker
from tests.integrations.test_langgraph.memories import contents, settle

LIKES = ("alice", "likes")
FACTS = {
    "food": "She loves spicy Thai noodles and hates coriander.",
    "work": "She is a civil engineer who designs railway bridges.",
    "pet": "Her dog Bruno is afraid of thunderstorms.",
    "music": "On Sundays she plays the cello in an orchestra.",
}


def remember(store: SemmemStore) -> None:
    store.batch([PutOp(LIKES, key, {"text": text, "kind": "fact"}) for key, text in FACTS.items()])


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("What should I cook for her?", "food"),
        ("What does she do for a living?", "work"),
        ("Which animal does she have?", "pet"),
        ("Does she play an instrument?", "music"),
    ],
)
def test_the_item_that_answers_comes_first(alices: SemmemStore, query: str, key: str) -> None:
    remember(alices)

    found = alices.search(LIKES, query=query, limit=3)

    assert found[0].key == key
    assert (found[0].namespace, found[0].value) == (LIKES, {"text": FACTS[key], "kind": "fact"})
    scores = [item.score or 0 for item in found]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] <= scores[0] <= 1


def test_what_was_just_put_is_found_at_once(alices: SemmemStore) -> None:
    alices.put(LIKES, "trip", {"text": "She flies to Lisbon on Friday."})

    assert [item.key for item in alices.search(LIKES, query="Where does she fly?")] == ["trip"]


def test_each_item_comes_once_however_many_facts_rest_on_it(alices: SemmemStore) -> None:
    text = "I live in Berlin. I work at Siemens. My sister is called Rita. I am allergic to peanuts."
    alices.put(LIKES, "all", {"text": text})
    alices.put(LIKES, "other", {"text": "The parcel is at the bakery."})
    settle(alices)

    found = alices.search(LIKES, query="Where does she live and work, and who is her sister?")

    assert found[0].key == "all"
    assert len({item.key for item in found}) == len(found)


def test_two_items_that_say_the_same_are_both_found(alices: SemmemStore) -> None:
    alices.put(LIKES, "one", {"text": "I am allergic to peanuts."})
    alices.put(LIKES, "two", {"text": "I am allergic to peanuts."})
    settle(alices)

    assert {item.key for item in alices.search(LIKES, query="Any allergies?")} == {"one", "two"}


def test_a_replaced_text_is_not_found_any_more(alices: SemmemStore) -> None:
    alices.put(LIKES, "home", {"text": "I live in Munich."})
    settle(alices)
    alices.put(LIKES, "home", {"text": "I live in Berlin."})

    (found,) = alices.search(LIKES, query="Does she live in Munich?")

    assert found.value == {"text": "I live in Berlin."}


def test_a_deleted_item_is_not_found_any_more(alices: SemmemStore) -> None:
    remember(alices)
    settle(alices)
    alices.delete(LIKES, "pet")

    assert "pet" not in [item.key for item in alices.search(LIKES, query="Which animal does she have?")]


def test_a_query_is_narrowed_by_a_filter_and_read_by_pages(alices: SemmemStore) -> None:
    alices.batch([PutOp(LIKES, f"cat {n}", {"text": f"Cat number {n} likes milk.", "n": n}) for n in range(30)])
    query = "Which cats like milk?"

    first = alices.search(LIKES, query=query, limit=4, filter={"n": {"$gte": 20}})
    second = alices.search(LIKES, query=query, limit=20, offset=4, filter={"n": {"$gte": 20}})

    assert (len(first), len(second)) == (4, 6)
    assert {item.key for item in [*first, *second]} == {f"cat {n}" for n in range(20, 30)}


def test_a_search_spans_the_namespaces_below_its_prefix(alices: SemmemStore) -> None:
    alices.put(("alice",), "root", {"text": "Her favourite colour is teal."})
    alices.put(("alice", "work", "2026"), "deep", {"text": "Her favourite project is the harbour tunnel."})
    alices.put(("bob",), "other", {"text": "His favourite colour is ochre."})

    found = alices.search(("alice",), query="What is the favourite colour, and which project?")

    assert {(item.namespace, item.key) for item in found} == {
        (("alice",), "root"),
        (("alice", "work", "2026"), "deep"),
    }


def value(**texts: Any) -> dict[str, Any]:
    return {
        "title": "Harbour",
        "body": {"notes": [{"text": "The tunnel floods in spring."}, {"text": "Call Ines."}]},
    } | texts


@pytest.mark.parametrize(
    ("index", "query", "found"),
    [
        (None, "When does the tunnel flood?", True),
        (["body.notes[*].text"], "When does the tunnel flood?", True),
        (["body.notes[0].text"], "When does the tunnel flood?", True),
        (["title"], "Harbour", True),
        (["$"], "When does the tunnel flood?", True),
        (["missing"], "Harbour", False),
        ([], "Harbour", False),
        (False, "Harbour", False),
    ],
    ids=str,
)
def test_an_item_is_found_by_the_text_that_its_index_names(
    alices: SemmemStore, index: Any, query: str, found: bool
) -> None:
    alices.put(("docs",), "a", value(), index=index)

    assert bool(alices.search(("docs",), query=query)) == found
    assert alices.get(("docs",), "a") is not None
    assert len(alices.search(("docs",))) == 1


def test_an_index_hides_what_it_does_not_name(make: StoreMaker) -> None:
    store = make(fields=["title"])
    store.put(("docs",), "a", value())

    asked = store.search(("docs",), query="tunnel")

    assert "tunnel" not in str(contents(store))
    assert [item.key for item in asked] == ["a"]  # the title alone is in the index, and the nearest there is


def test_an_unindexed_value_holds_no_event(alices: SemmemStore) -> None:
    alices.put(("docs",), "a", value(), index=False)
    alices.put(("docs",), "b", {"count": 3, "on": True, "text": "  "})

    assert contents(alices) == []


def test_too_much_text_is_refused_with_the_way_out(alices: SemmemStore) -> None:
    long = {"text": "word " * 8_000, "title": "Harbour"}

    with pytest.raises(InvalidInput, match="index: must choose at most 32768 bytes"):
        alices.put(("docs",), "a", long)

    assert alices.get(("docs",), "a") is None
    alices.put(("docs",), "a", long, index=["title"])
    assert [item.key for item in alices.search(("docs",), query="Harbour")] == ["a"]


def test_a_search_without_a_worker_finds_what_is_indexed_and_says_so(
    urls: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("semmem.integrations.langgraph.search.INDEX_WAIT", 0.1)
    with (
        SemmemStore(tenant="acme", user="alice", worker=False, **urls) as store,
        caplog.at_level(logging.WARNING, "semmem.integrations.langgraph"),
    ):
        store.put(LIKES, "trip", {"text": "She flies to Lisbon on Friday."})

        assert store.search(LIKES, query="Where does she fly?") == []
    assert "did not wait longer for the index" in caplog.text
    assert "Lisbon" not in caplog.text


def test_a_value_of_several_fields_is_found_by_their_names(alices: SemmemStore) -> None:
    alices.put(LIKES, "home", {"home_city": "Berlin", "employer": "Siemens"})
    alices.put(LIKES, "taste", {"favourite_food": "ramen", "favourite_drink": "oolong"})
    alices.put(LIKES, "dog", {"pet": {"name": "Bruno", "species": "beagle"}})

    for query, key in [("Who is her employer?", "home"), ("favourite food", "taste"), ("Which pet?", "dog")]:
        assert alices.search(LIKES, query=query)[0].key == key
