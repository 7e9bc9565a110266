from typing import Any

import pytest

from tests.cli.command import Command


@pytest.fixture
def fact(alice: Command) -> dict[str, Any]:
    alice("remember", "I live in Gothenburg.", "--session", "s1")
    [learnt] = alice("facts", "--json").json
    assert learnt["id"] in alice("facts").out
    found: dict[str, Any] = learnt
    return found


def test_a_fact_is_put_right_and_its_timeline_says_by_whom(alice: Command, fact: dict[str, Any]) -> None:
    right = alice("correct", fact["id"], "--text", "alice lives in Malmö.", "--by", "nurse", "--json").json
    assert (right["version"], right["text"], right["made"]["by"]) == (2, "alice lives in Malmö.", "nurse")
    shown = " ".join(alice("timeline", right["id"]).out.split())
    assert "corrected by nurse" in shown
    assert "then corrected by nurse" in shown
    assert right["id"] in shown
    [hit] = [hit for hit in alice("recall", "Where does alice live?", "--json").json["hits"] if hit["kind"] == "fact"]
    assert hit["text"] == "alice lives in Malmö."
    answer = alice("correct", fact["id"], "--text", "alice lives in Lund.", "--by", "bob", "--version", "1")
    assert answer.code == 4
    assert "version 2 holds by nurse" in answer.err


def test_dates_are_put_right_together(alice: Command, fact: dict[str, Any]) -> None:
    dated = alice("correct", fact["id"], "--holds-from", "2026-01-05", "--by", "nurse", "--json").json
    assert dated["validity"] == {"start": "2026-01-05T00:00:00Z", "end": None, "precision": "day"}
    undated = alice("correct", dated["id"], "--undated", "--by", "nurse", "--json").json
    assert undated["validity"] == {"start": None, "end": None, "precision": None}
    moment = alice("correct", undated["id"], "--holds-from", "2026-01-05T09:30:00Z", "--by", "nurse", "--json").json
    assert moment["validity"] == {"start": "2026-01-05T09:30:00Z", "end": None, "precision": "instant"}
    neither = alice("correct", moment["id"], "--undated", "--holds-from", "2026-01-05", "--by", "nurse")
    assert (neither.code, "leave out --undated" in " ".join(neither.err.split())) == (2, True)
    wrong = ("--holds-from", "2026-02-05", "--holds-to", "2026-01-05")
    answer = alice("correct", moment["id"], *wrong, "--by", "nurse")
    assert answer.code == 2
    assert "must not be before its start; swap or drop one of the two" in answer.err


def test_it_is_taken_back_and_restored(alice: Command, fact: dict[str, Any]) -> None:
    assert "nothing holds in its place" in alice("reject", fact["id"], "--by", "nurse").err
    assert "rejected by nurse" in alice("facts", "--superseded").out
    assert alice("facts", "--json").json == []
    assert "restored by nurse" in alice("restore-fact", fact["id"], "--by", "nurse").out


def test_it_is_pinned_and_unpinned(alice: Command, fact: dict[str, Any]) -> None:
    assert "pinned by nurse" in alice("pin-fact", fact["id"], "--by", "nurse").out
    assert alice("pin-fact", fact["id"], "--by", "nurse", "--undo", "--json").json["pinned"] is None


def test_nothing_is_corrected_without_a_word_or_of_a_stranger(alice: Command, fact: dict[str, Any]) -> None:
    answer = alice("correct", fact["id"], "--by", "nurse")
    assert answer.code == 2
    assert "text: must be there, or validity" in answer.err
    assert alice("reject", "0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55", "--by", "nurse").code == 3
