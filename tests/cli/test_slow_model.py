"""Commands beside a model that takes its time."""

import threading
from typing import Any

from semmem.testing import ModelServer, Reply
from tests.cli.command import Command
from tests.unit.extractors.builders import answer, said_fact


def test_a_command_that_reads_starts_no_model_call_and_finds_what_waits_for_one(alice: Command) -> None:
    hang = threading.Event()
    with ModelServer(lambda body: Reply(after=hang)) as server:
        told = {"SEMMEM_LLM_BASE_URL": server.base_url, "SEMMEM_LLM_MODEL": "m", "SEMMEM_EXTRACT_AFTER": "0"}
        try:
            assert alice("remember", "I live in Berlin.", "--no-wait", env=told | {"SEMMEM_WORKER": "0"}).code == 0
            asked = len(server.requests)
            found = alice("recall", "Where does she live?", "--json", env=told).json
            assert [hit["text"] for hit in found["hits"]] == ["I live in Berlin."]
            assert alice("facts", "--json", env=told).json == []
            assert len(server.requests) == asked
        finally:
            hang.set()


def test_a_command_that_writes_waits_for_a_model_that_takes_most_of_its_time(alice: Command) -> None:
    def slow(body: dict[str, Any]) -> str:
        threading.Event().wait(6)
        return answer(said_fact(text="alice lives in Berlin.", quote="I live in Berlin", when=None))

    with ModelServer(slow) as server:
        told = {"SEMMEM_LLM_BASE_URL": server.base_url, "SEMMEM_LLM_MODEL": "m", "SEMMEM_EXTRACT_AFTER": "0"}
        remembered = alice("remember", "I live in Berlin.", env=told | {"SEMMEM_LLM_TIMEOUT": "8s"})
        assert (remembered.code, "does not answer" in remembered.err) == (0, False)
        assert [fact["text"] for fact in alice("facts", "--json").json] == ["alice lives in Berlin."]
