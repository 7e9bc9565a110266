import pytest

from tests.cli.command import Command


@pytest.fixture
def told(alice: Command) -> Command:
    alice("remember", "I live in Gothenburg.", "--session", "s1", "--no-wait")
    alice("remember", "My dog Sven is allergic to chicken.", "--session", "s2")
    return alice


def test_a_dry_run_counts_and_removes_nothing(told: Command) -> None:
    counted = told("forget", "--session", "s2", "--dry-run", "--json").json
    assert counted["id"] is None
    assert (counted["counts"]["events"], counted["counts"]["facts"]) == (1, 1)
    assert len(told("history", "--json").json) == 2


def test_without_a_yes_nothing_is_removed(told: Command) -> None:
    answer = told("forget", "--everything", stdin="n\n")
    assert answer.code == 1
    assert "events: 2" in answer.err
    assert len(told("history", "--json").json) == 2


def test_a_receipt_says_what_went_and_that_every_store_is_clean(told: Command) -> None:
    receipt = told("forget", "--session", "s2", "--yes", "--json").json
    assert receipt["counts"]["events"] == 1
    assert set(receipt["stores"]) == {"postgres", "redis", "qdrant"}
    assert all(receipt["stores"].values())
    assert [event["session"] for event in told("history", "--json").json] == ["s1"]
    assert "Sven" not in told("recall", "What is Sven allergic to?", "--json").out


def test_a_fact_goes_with_what_it_rests_on(told: Command) -> None:
    [fact] = [fact for fact in told("facts", "--json").json if "Sven" in fact["text"]]
    told("forget", "--fact", fact["id"], stdin="y\n")
    assert "Sven" not in told("export").out


def test_a_wrong_fact_goes_and_what_it_rests_on_stays(told: Command) -> None:
    [fact] = [fact for fact in told("facts", "--json").json if "Sven" in fact["text"]]
    receipt = told("forget", "--fact", fact["id"], "--keep-events", "--yes", "--json").json
    assert (receipt["counts"]["events"], receipt["counts"]["facts"]) == (0, 1)
    assert "Sven" in told("history").out
    assert "Sven" not in told("facts").out
    answer = told("forget", "--session", "s1", "--keep-events", "--yes")
    assert answer.code == 2
    assert "keep_events: goes with a fact alone" in answer.err


def test_bytes_are_scrubbed_at_once_on_request(told: Command, semmem: Command) -> None:
    receipt = told("forget", "--everything", "--yes", "--json").json
    assert receipt["scrub_due"]
    assert "may remain in the servers'" in " ".join(told("receipts", receipt["id"]).out.split())
    assert semmem("scrub", "--json").json["receipts"] >= 1
    assert told("receipts", receipt["id"], "--json").json["scrubbed_at"]


def test_files_of_ones_own_servers_are_left_alone(semmem: Command) -> None:
    answer = semmem("scrub", env={"SEMMEM_REDIS_URL": "redis://127.0.0.1:1"})
    assert answer.code != 0
    assert "docs/erasure.md" in answer.err
