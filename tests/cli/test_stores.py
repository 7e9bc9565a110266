"""A store that nobody has any more: named by every command that a receipt is seen with, and taken out on request."""

from collections.abc import Iterator

import pytest

from semmem.cli import settling
from tests.cli.command import Answer, Command

GONE = "redis:gone"


@pytest.fixture
def told(semmem: Command, alice: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """In an installation in which some process once had another Redis."""
    monkeypatch.setattr(settling, "FOLLOW_SECONDS", 3.0)
    alice("remember", "I live in Gothenburg.", "--session", "s1", env={"SEMMEM_REDIS_PREFIX": "gone"})
    yield alice
    semmem("stores", "--retire", GONE)


def _words(said: str) -> str:
    return " ".join(said.split())


def _stores(semmem: Command) -> dict[str, int]:
    return {each["store"]: each["receipts"] for each in semmem("stores", "--json").json}


def test_the_store_that_a_receipt_waits_for_is_named(semmem: Command, told: Command) -> None:
    forgotten = told("forget", "--everything", "--yes", "--json")
    assert forgotten.json["stores"]["redis"] is None
    assert "redis has not followed yet" in forgotten.err
    for listed in (told("receipts"), told("receipts", forgotten.json["id"])):
        assert "no running worker has redis with the prefix gone" in _words(listed.err)
    assert "; redis has not followed" in _words(told("receipts").out)
    [row] = [check for check in semmem("doctor", "--json").json if check["part"] == "receipts"]
    assert (row["state"], row["what"]) == (
        "degraded",
        "1 receipt waits for redis with the prefix gone, which no running worker has",
    )
    assert f"semmem stores --retire {GONE}" in row["fix"]


def test_a_store_that_is_gone_is_taken_out_of_the_receipts_that_wait_for_it(semmem: Command, told: Command) -> None:
    receipt = told("forget", "--everything", "--yes", "--json").json["id"]
    assert _stores(semmem) == {"qdrant": 0, GONE: 1, "redis:semmem": 0}
    assert "1 receipt waited for it" in semmem("stores", "--retire", GONE).out
    assert _stores(semmem) == {"qdrant": 0, "redis:semmem": 0}
    listed = told("receipts", receipt, "--json")
    assert all(listed.json["stores"].values())
    assert listed.err == ""


def test_a_store_that_is_not_gone_stays(semmem: Command, told: Command) -> None:
    def refused(store: str) -> Answer:
        return semmem("stores", "--retire", store)

    assert (refused("qdrant").code, refused("redis:semmem").code) == (2, 2)
    assert "this process still has qdrant" in _words(refused("qdrant").err)
    assert refused("redis:never").code == 3
    assert set(_stores(semmem)) == {"qdrant", GONE, "redis:semmem"}
