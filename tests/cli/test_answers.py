from typing import Any
from uuid import uuid4

import pytest

from semmem.domain.event import NewEvent
from tests.cli.command import Command

LIVES, SVEN = "I live in Gothenburg", "my dog Sven is allergic to chicken."
SAID = f"{LIVES}, and {SVEN}"


@pytest.fixture(scope="module")
def maya(semmem: Command) -> Command:
    """A scope in which one thing was said."""
    scoped = semmem.within("--tenant", f"tenant-{uuid4().hex[:8]}", "--user", "maya")
    said = (
        "remember",
        SAID,
        "--session",
        "s1",
        "--agent",
        "support",
        "--key",
        "k1",
        "--metadata",
        '{"channel": "chat"}',
    )
    assert scoped(*said, "--json").json["status"] == "accepted"
    return scoped


def test_remembering_the_same_key_again_is_a_duplicate(maya: Command) -> None:
    same = (
        "remember",
        SAID,
        "--session",
        "s1",
        "--agent",
        "support",
        "--key",
        "k1",
        "--metadata",
        '{"channel": "chat"}',
    )
    first = maya("history", "--json").json[0]
    assert maya(*same, "--json").json == {"id": first["id"], "status": "duplicate"}


def test_the_same_key_with_another_body_is_refused(maya: Command) -> None:
    answer = maya("remember", "I live in Oslo.", "--key", "k1", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "key" in answer.err


def test_content_can_come_from_stdin(alice: Command) -> None:
    assert alice("remember", "-", "--no-wait", stdin="I live in Oslo.").code == 0
    assert [event["content"] for event in alice("history", "--json").json] == ["I live in Oslo."]


def test_a_process_prints_json_and_nothing_else(maya: Command) -> None:
    assert maya.process("recall", "What is Sven allergic to?", "--json").json["hits"]


def test_recall_says_what_it_found_how_well_and_why(maya: Command) -> None:
    found = maya("recall", "What is Sven allergic to?", "--json").json
    best = found["hits"][0]
    assert "chicken" in best["text"]
    assert 0 < best["score"] <= 1
    assert best["why"]
    assert found["degraded"] == []


def test_recall_is_narrowed_by_its_options(maya: Command) -> None:
    assert maya("recall", "chicken", "--session", "s2", "--json").json["hits"] == []
    assert maya("recall", "chicken", "--until", "2020-01-01T00:00:00Z", "--json").json["hits"] == []
    assert len(maya("recall", "chicken", "--limit", "1", "--json").json["hits"]) == 1
    assert maya("recall", "chicken", "--where", '{"role": "tool"}', "--json").json["hits"] == []
    assert maya("recall", "chicken", "--where", '{"role": "user"}', "--json").json["hits"]
    assert (
        maya("context", "chicken", "--where", '{"role": "tool"}', "--tiers", "retrieved", "--json").json["items"] == []
    )


def test_recall_without_qdrant_says_so_on_stderr(maya: Command) -> None:
    answer = maya("recall", "chicken", env={"SEMMEM_QDRANT_URL": "http://127.0.0.1:1"})
    assert answer.code == 0
    assert "chicken" in answer.out
    assert "degraded: answered without qdrant" in answer.err


def test_context_stays_within_its_budget(maya: Command) -> None:
    made = maya("context", "What does her dog eat?", "--budget", "300", "--json").json
    assert 0 < made["tokens"] <= made["budget"] == 300
    assert "chicken" in made["text"]


@pytest.mark.parametrize("format", ["text", "xml", "messages"])
def test_context_on_stdout_is_what_a_model_is_given(maya: Command, format: str) -> None:
    answer = maya("context", "What does her dog eat?", "--format", format)
    assert "<semmem-memory>" in answer.out
    assert SAID in answer.out  # unbroken, though longer than the terminal is wide with its provenance
    assert "tokens" in answer.err


def test_facts_lead_to_the_words_they_rest_on(maya: Command) -> None:
    [event] = maya("history", "--json").json
    sources = [source for fact in maya("facts", "--json").json for source in fact["sources"]]
    assert {source["event_id"] for source in sources} == {event["id"]}
    assert {source["quote"] for source in sources} == {LIVES, SVEN}
    shown = maya("facts").out.replace("\n", "")
    assert LIVES in shown
    assert SVEN in shown


def test_timeline_is_all_versions_of_a_fact(maya: Command) -> None:
    for fact in maya("facts", "--json").json:
        assert maya("timeline", fact["id"], "--json").json == [fact]


def test_history_gives_back_all_that_was_said_of_an_event(maya: Command) -> None:
    [event] = maya("history", "--agent", "support", "--json").json
    given = {"content": SAID, "session": "s1", "agent": "support", "key": "k1", "metadata": {"channel": "chat"}}
    assert given.items() <= event.items()
    assert maya("history", "--agent", "sales", "--json").json == []


def test_summaries_cover_the_session_and_the_scope(maya: Command) -> None:
    assert {summary["session"] for summary in maya("summaries", "--json").json} == {"s1", None}


def test_nothing_of_it_reaches_another_scope(semmem: Command, maya: Command) -> None:
    tenant = maya.scope[1]
    for stranger in (("--tenant", tenant, "--user", "maya2"), ("--tenant", f"{tenant}x", "--user", "maya")):
        assert semmem.within(*stranger)("recall", "What is Sven allergic to?", "--json").json["hits"] == []


@pytest.mark.parametrize("command", ["recall chicken", "context chicken", "facts", "history", "summaries"])
def test_an_empty_scope_answers_with_nothing(alice: Command, command: str) -> None:
    answer = alice(*command.split(), "--json")
    empty: tuple[Any, ...] = ([], {"hits": [], "degraded": []})
    assert answer.json in empty or answer.json["items"] == []


def test_stored_text_cannot_drive_the_terminal(alice: Command) -> None:
    alice("remember", "My name is \x1b[31mred\x1b[0m\x07.", "--no-wait")
    assert "\x1b" not in alice("history").out
    assert (
        alice("history", "--json").json[0]["content"] == NewEvent(content="My name is \x1b[31mred\x1b[0m\x07.").content
    )
