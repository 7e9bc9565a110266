"""Paths, texts and metadata on their way into semmem: no stores."""

from datetime import UTC, datetime

import pytest

from semmem.domain.scope import Branch, Scope
from semmem.integrations.crewai.paths import joined, owner_of, place_of, segments
from semmem.integrations.crewai.records import new_memory, paragraphs, stored
from semmem.integrations.crewai.storage import children

ALICE = Scope.user("acme", "alice")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (None, ()),
        ("", ()),
        ("/", ()),
        ("a", ("a",)),
        ("/a//b/", ("a", "b")),
        ("/a/../b/.", ("a", "..", "b", ".")),
        ("/A/a", ("A", "a")),
    ],
)
def test_a_path_is_a_row_of_names(path: str | None, names: tuple[str, ...]) -> None:
    assert segments(path) == names


def test_paths_are_put_below_each_other() -> None:
    assert joined("/crew/a/", "b", None, "/") == "/crew/a/b"
    assert joined(None, None) == "/"


def test_a_private_place_is_another_one() -> None:
    places = [
        place_of(Branch(ALICE), "/a"),
        place_of(Branch(ALICE), "/a", private=True),
        place_of(Branch(ALICE), "/a", private=True, source="nobody"),
        place_of(Branch(ALICE), "/a", private=True, source="x"),
    ]

    assert len({place.scope for place in places}) == 4
    assert owner_of(None) != owner_of("nobody")


def test_children_are_told_by_whole_names() -> None:
    paths = ["/user/1", "/user/10/x", "/users/2", "/user", "/"]

    assert children("/user", paths) == ["/user/1", "/user/10"]
    assert children(None, paths) == ["/user", "/users"]


def test_a_long_text_is_cut_at_paragraphs_then_lines_then_words_then_anywhere() -> None:
    assert paragraphs("one\n\ntwo three", 9) == ["one", "two three"]
    assert paragraphs("one\ntwo three", 9) == ["one", "two three"]
    assert paragraphs("one two three", 9) == ["one two", "three"]
    assert paragraphs("ääääää", 5) == ["ää", "ää", "ää"]
    assert paragraphs(" one ", 9) == ["one"]


def test_metadata_that_retrieval_knows_becomes_the_events() -> None:
    said = {"session": "s1", "speaker": "Ann", "occurred_at": "2026-03-01T12:00:00+00:00", "other": 1}

    event = stored(new_memory("text", "/", metadata=said), ALICE).event

    assert event is not None
    assert (event.session, event.speaker, event.occurred_at) == ("s1", "Ann", datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert event.metadata == said


@pytest.mark.parametrize("at", ["soon", 7, "2026-03-01T12:00:00", None])
def test_metadata_that_only_looks_alike_stays_the_callers(at: object) -> None:
    event = stored(new_memory("text", "/", metadata={"session": 3, "speaker": " ", "occurred_at": at}), ALICE).event

    assert event is not None
    assert (event.session, event.speaker, event.occurred_at) == (None, "alice", None)


def test_a_role_of_any_length_names_the_agent() -> None:
    event = stored(new_memory("text", "/"), ALICE, agent="Senior\n  writer " + "x" * 300).event

    assert event is not None
    assert event.role == "assistant"
    assert (event.agent or "").startswith("Senior writer xxx")
    assert len((event.agent or "").encode()) == 256
